// Everything that is known of one span. Its texts come from strangers and are only ever shown as text.
import type { ComponentChildren } from 'preact';
import type { AttributeJson, SpanEventJson, SpanJson } from '../api.ts';
import { Fact } from './fact.tsx';
import { duration, word } from './format.ts';
import { explainThreshold } from './threshold.ts';

export function SpanDetail({ span }: { span: SpanJson }): ComponentChildren {
  return (
    <div class="span-detail">
      {span.status === 'STATUS_CODE_ERROR' && (
        <p class="error-text">
          <strong>Error</strong>
          {span.statusMessage === '' ? ' without a message' : `: ${span.statusMessage}`}
        </p>
      )}
      <dl>
        <Fact name="Service">{span.service}</Fact>
        <Fact name="Kind">{word(span.kind)}</Fact>
        <Fact name="Status">{word(span.status)}</Fact>
        <Fact name="Starts">{duration(span.offsetMs)} after the trace</Fact>
        <Fact name="Takes">{duration(span.durationMs)}</Fact>
        {span.scope !== '' && <Fact name="Scope">{span.scope}</Fact>}
        <Fact name="Span id">{span.spanId}</Fact>
        {span.parentSpanId !== '' && <Fact name="Parent id">{span.parentSpanId}</Fact>}
        <Fact name="Tracestate">{span.traceState === '' ? 'none' : span.traceState}</Fact>
      </dl>
      <p>Sampling: {explainThreshold(span.traceState)}.</p>
      {span.detailLeftOut === true ? (
        <p class="event">Its attributes and events are left out: the trace is too large to show all of them.</p>
      ) : (
        <Attributes title="Attributes" attributes={span.attributes} />
      )}
      {span.events.length > 0 && <h3>Events</h3>}
      {span.events.map((event, i) => (
        <Event key={i} event={event} />
      ))}
    </div>
  );
}

function Event({ event }: { event: SpanEventJson }): ComponentChildren {
  const title = `${event.name === '' ? '(no name)' : event.name}, ${duration(event.offsetMs)} after the trace’s start`;
  if (event.attributes.length === 0) return <p class="event">{title}</p>;
  return <Attributes title={title} attributes={event.attributes} />;
}

interface AttributesProps {
  readonly title: string;
  readonly attributes: readonly AttributeJson[];
}

function Attributes({ title, attributes }: AttributesProps): ComponentChildren {
  if (attributes.length === 0) return <p class="event">No attributes.</p>;
  return (
    <table class="attributes">
      <caption>{title}</caption>
      <colgroup>
        <col class="keys" />
        <col />
      </colgroup>
      <thead class="hidden">
        <tr>
          <th scope="col">Key</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {attributes.map(({ key, value }, i) => (
          <tr key={i}>
            <th scope="row">{key}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
