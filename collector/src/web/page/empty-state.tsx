// What to do next where there is nothing to show yet.
import type { ComponentChildren } from 'preact';

export function NoSpansYet(): ComponentChildren {
  return (
    <section class="empty">
      <h2>No spans yet</h2>
      <p>
        Point your service’s <code>OTEL_EXPORTER_OTLP_ENDPOINT</code> at <code>http://127.0.0.1:4318</code> (or at the
        OTLP/HTTP address you configured) and start it:
      </p>
      <pre>OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node service.js</pre>
      <p>Its operations appear here as soon as their first spans end and are sent.</p>
    </section>
  );
}

export function NoMetricsYet(): ComponentChildren {
  return (
    <section class="empty">
      <h2>No metrics yet</h2>
      <p>
        Series appear here as soon as a service sends metrics to <code>http://127.0.0.1:4318/v1/metrics</code> (or to
        the OTLP address you configured), or as a target under <code>scrape</code> is read:
      </p>
      <pre>OTEL_METRICS_EXPORTER=otlp OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node service.js</pre>
    </section>
  );
}

export function Waiting({ children }: { children: ComponentChildren }): ComponentChildren {
  return <p class="waiting">{children}</p>;
}
