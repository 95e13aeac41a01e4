// One kept trace: why it was kept, what its spans stand for, and its waterfall.
import type { ComponentChildren } from 'preact';
import type { TraceAnswer } from '../api.ts';
import { useAnswer } from './answer.ts';
import { DecisionPanel } from './decision-panel.tsx';
import { Waiting } from './empty-state.tsx';
import { counted, cutText, dateTime, duration } from './format.ts';
import { linkTo } from './route.ts';
import { explainSampling } from './threshold.ts';
import { Waterfall } from './waterfall-table.tsx';

const ALL_TRACES = linkTo({ view: 'traces', service: '', operation: '', errorsOnly: false });

export function TraceView({ traceId }: { traceId: string }): ComponentChildren {
  const { answer, status, problem } = useAnswer<TraceAnswer>(`api/traces/${traceId}`, (shown) => shown === undefined);
  if (answer !== undefined) return <Trace trace={answer} />;
  return (
    <>
      <p class="crumb">
        <a href={ALL_TRACES}>Kept traces</a>
      </p>
      <h1>Trace</h1>
      <p class="id">{traceId}</p>
      {status === undefined && <Waiting>Asking for the trace…</Waiting>}
      {status === 404 && (
        <section class="empty">
          <h2>This trace is not in the ring</h2>
          <p>
            A kept trace that is not here made room for newer ones (<code>store.ring_size</code>,{' '}
            <code>store.ring_age</code>). If it was exported, your tracing backend has it.
          </p>
        </section>
      )}
      {status === 404 && <DecisionPanel traceId={traceId} folded={false} />}
      {status !== undefined && status !== 404 && <p class="notice warn">Not loaded: {problem}. Trying again.</p>}
    </>
  );
}

function Trace({ trace }: { trace: TraceAnswer }): ComponentChildren {
  const { summary, cut, spans } = trace;
  const services = new Set(spans.map((span) => span.service)).size;
  return (
    <>
      <p class="crumb">
        <a href={ALL_TRACES}>Kept traces</a>
      </p>
      <h1>
        {summary.rootName === '' ? '(no name)' : summary.rootName} <span class="quiet-text">{summary.rootService}</span>
      </h1>
      <p class="totals">
        {duration(summary.durationMs)}, {counted(summary.spanCount, 'span')} of {counted(services, 'service')},{' '}
        {counted(summary.errorCount, 'error')}, started {dateTime(summary.startMs)}
      </p>
      <p class="why">{explainSampling(summary.reason, spans)}</p>
      <p class="id">Trace id {summary.traceId}</p>
      <DecisionPanel traceId={summary.traceId} folded={true} />
      {cut !== undefined && <p class="notice">{cutText(cut)}</p>}
      <Waterfall spans={spans} />
    </>
  );
}
