// The books: what came in is where it went, to the last span and data point.
import type { ComponentChildren } from 'preact';
import type { BooksAnswer, ExporterBooks, LogBooks } from '../api.ts';
import { Equation, Reasons } from './equation.tsx';
import { NoSpansYet, Waiting } from './empty-state.tsx';
import { Fact } from './fact.tsx';
import type { LiveFeed } from './feed.ts';
import { bytes, count, counted } from './format.ts';
import { useFeed } from './hooks.ts';
import { MemoryShares, RefusedTable } from './books-tables.tsx';
import { PointBooksPanel } from './point-books.tsx';

export function BooksView({ feed }: { feed: LiveFeed }): ComponentChildren {
  const state = useFeed(feed);
  const { books } = state;
  return (
    <>
      <h1>Books</h1>
      {books === undefined ? (
        <Waiting>Waiting for the sidecar’s first numbers…</Waiting>
      ) : (
        <div class={state.phase === 'live' ? 'books' : 'books old'}>
          <SpanBooks books={books} />
          {books.spans.accepted === 0 && <NoSpansYet />}
          <UnknownThresholds books={books} />
          <Exporters exporters={books.exporters} kept={books.spans.kept} />
          {books.logs !== undefined && <Logs logs={books.logs} />}
          <PointBooksPanel points={books.points} />
          <Asides books={books} />
          <RefusedTable refused={books.refused} />
          <MemoryShares memory={books.memory} />
          <Store store={books.store} />
        </div>
      )}
    </>
  );
}

function SpanBooks({ books }: { books: BooksAnswer }): ComponentChildren {
  const { accepted, dropped, kept, pending, balanced } = books.spans;
  return (
    <section class="panel">
      <h2>Spans</h2>
      <Equation
        total={{ name: 'accepted', value: accepted }}
        parts={[
          { name: 'dropped', value: sum(dropped) },
          { name: 'kept', value: kept },
          { name: 'pending', value: pending },
        ]}
        balanced={balanced}
      />
      <div class="columns">
        <Reasons title="Dropped spans by reason" counts={dropped} none="Nothing was dropped." />
        <Reasons
          title="Kept traces by policy"
          counts={Object.fromEntries(books.keptTraces.map(({ policy, traces }) => [policy, traces]))}
          none="No trace was kept yet."
        />
      </div>
    </section>
  );
}

function UnknownThresholds({ books }: { books: BooksAnswer }): ComponentChildren {
  const { unknownThresholds } = books;
  if (unknownThresholds.length === 0) return null;
  const services = unknownThresholds.map(({ service }) => service);
  return (
    <section class="notice warn">
      <h2>Services without a sampling threshold</h2>
      <p>
        Kept spans of these services carry no <code>ot=th</code>, so nobody can tell how many spans each stands for:{' '}
        {unknownThresholds.map(({ service, spans }) => `${service} (${counted(spans, 'span')})`).join(', ')}. If they
        send every span, say so in the configuration:
      </p>
      <pre>{`sources:\n  unsampled: [${services.map((service) => JSON.stringify(service)).join(', ')}]`}</pre>
    </section>
  );
}

interface ExportersProps {
  readonly exporters: readonly ExporterBooks[];
  readonly kept: number;
}

function Exporters({ exporters, kept }: ExportersProps): ComponentChildren {
  if (exporters.length === 0) {
    return (
      <section class="panel">
        <h2>Exporters</h2>
        <p>
          None: kept traces are shown on this page only. To send them on, set <code>OTEL_EXPORTER_OTLP_ENDPOINT</code>{' '}
          for the sidecar, or <code>export.otlp</code> in its configuration.
        </p>
      </section>
    );
  }
  return (
    <>
      {exporters.map(({ name, delivered, rejected, failed, queued, balanced }) => (
        <section key={name} class="panel">
          <h2>Exporter {name}</h2>
          <Equation
            total={{ name: 'kept', value: kept }}
            parts={[
              { name: 'delivered', value: delivered },
              { name: 'rejected', value: rejected },
              { name: 'failed', value: sum(failed) },
              { name: 'queued', value: queued },
            ]}
            balanced={balanced}
          />
          {sum(failed) > 0 && <Reasons title="Failed spans by reason" counts={failed} none="" />}
        </section>
      ))}
    </>
  );
}

/** Only where records follow their trace. */
function Logs({ logs }: { logs: LogBooks }): ComponentChildren {
  const { accepted, passed, dropped, held, balanced } = logs;
  return (
    <section class="panel">
      <h2>Log records</h2>
      <Equation
        total={{ name: 'accepted', value: accepted }}
        parts={[
          { name: 'passed', value: sum(passed) },
          { name: 'dropped', value: sum(dropped) },
          { name: 'held', value: held },
        ]}
        balanced={balanced}
      />
      <div class="columns">
        <Reasons title="Passed records by reason" counts={passed} none="None was passed on yet." />
        <Reasons title="Dropped records by reason" counts={dropped} none="None was dropped." />
      </div>
    </section>
  );
}

function Asides({ books }: { books: BooksAnswer }): ComponentChildren {
  const { rejected, duplicates, late, thresholdUnknown, thresholdInconsistent } = books.spans;
  const facts = [
    ['Rejected', rejected, 'spans of accepted bodies with a bad id or bad text; not accepted'],
    ['Duplicates', duplicates, 'spans of a body sent again; answered, not counted twice'],
    ...Object.entries(late).map(
      ([decision, spans]) => [`Late, ${decision}`, spans, 'came after the decision and followed it'] as const,
    ),
    ['Threshold unknown', thresholdUnknown, 'kept spans whose sender says no threshold'],
    ['Threshold inconsistent', thresholdInconsistent, 'spans below their own threshold, which was erased'],
  ] as const;
  return (
    <section class="panel">
      <h2>Beside the equation</h2>
      <dl class="facts">
        {facts.map(([name, value, why]) => (
          <Fact key={name} name={name} value={count(value)}>
            {why}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function Store({ store }: { store: BooksAnswer['store'] }): ComponentChildren {
  return (
    <section class="panel">
      <h2>Store</h2>
      {store.enabled ? (
        <p>
          The ring holds {counted(store.traces, 'kept trace')} in {bytes(store.bytes)}.{' '}
          {counted(store.dropped, 'kept trace')} could not be stored and are missing from this page only.
        </p>
      ) : (
        <p>
          Off: no kept trace can be shown on this page. Remove <code>store: false</code> from the configuration to see
          them.
        </p>
      )}
    </section>
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, value) => total + value, 0);
}
