// Kept traces, newest first.
import type { ComponentChildren, RefObject } from 'preact';
import type { TraceSummary, TracesAnswer } from '../api.ts';
import { useAnswer } from './answer.ts';
import { NoSpansYet, Waiting } from './empty-state.tsx';
import type { FeedState, LiveFeed } from './feed.ts';
import { ago, count, dateTime, duration } from './format.ts';
import { useBusy, useFeed } from './hooks.ts';
import { linkTo, type TracesRoute, tracesUrl } from './route.ts';
import { TraceFilters } from './trace-filters.tsx';
import { WhyBox } from './why-box.tsx';

const LIMIT = 200;

export function TracesView({ route, feed }: { route: TracesRoute; feed: LiveFeed }): ComponentChildren {
  const state = useFeed(feed);
  const { place, isBusy } = useBusy<HTMLTableSectionElement>();
  const { answer, problem } = useAnswer<TracesAnswer>(
    tracesUrl(route, LIMIT),
    () => !isBusy() && state.phase !== 'paused',
  );
  return (
    <>
      <h1>Kept traces</h1>
      <WhyBox />
      <TraceFilters route={route} state={state} />
      {problem !== '' && (
        <p class="notice warn">
          Not refreshed: {problem}. {answer === undefined ? 'Trying again.' : 'The list below is from earlier.'}
        </p>
      )}
      {answer === undefined && problem === '' && <Waiting>Asking for traces…</Waiting>}
      {answer?.traces.length === 0 && <NoTraces route={route} state={state} />}
      {answer !== undefined && answer.traces.length > 0 && (
        <TraceTable traces={answer.traces} nowMs={feed.nowMs()} place={place} />
      )}
      {answer?.traces.length === LIMIT && (
        <p class="note">The newest {LIMIT} are shown. Narrow the filters to see older ones.</p>
      )}
    </>
  );
}

interface TraceTableProps {
  readonly traces: readonly TraceSummary[];
  readonly nowMs: number;
  /** Its rows, watched for the pointer. */
  readonly place: RefObject<HTMLTableSectionElement | null>;
}

function TraceTable({ traces, nowMs, place }: TraceTableProps): ComponentChildren {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Kept traces">
      <table>
        <caption class="hidden">
          Kept traces, newest first. The list holds still while the pointer or the focus is on it.
        </caption>
        <thead>
          <tr>
            <th scope="col">Trace</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">
              Duration
            </th>
            <th scope="col" class="number wide-only">
              Spans
            </th>
            <th scope="col" class="number">
              Errors
            </th>
            <th scope="col" class="wide-only">
              Kept by
            </th>
          </tr>
        </thead>
        <tbody ref={place}>
          {traces.map((trace) => (
            <TraceRow key={trace.traceId} trace={trace} nowMs={nowMs} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TraceRow({ trace, nowMs }: { trace: TraceSummary; nowMs: number }): ComponentChildren {
  return (
    <tr>
      <th scope="row">
        <a href={linkTo({ view: 'trace', traceId: trace.traceId })}>
          {trace.rootName === '' ? '(no name)' : trace.rootName}
        </a>
        <span class="service below">
          {trace.rootService}
          <span class="narrow-inline">, kept by {trace.reason}</span>
        </span>
      </th>
      <td>
        <time class="moment" dateTime={isoTime(trace.startMs)} title={dateTime(trace.startMs)}>
          {ago(nowMs - trace.startMs)}
        </time>
      </td>
      <td class="number">{duration(trace.durationMs)}</td>
      <td class="number wide-only">{count(trace.spanCount)}</td>
      <td class={trace.errorCount > 0 ? 'number failing' : 'number'}>{count(trace.errorCount)}</td>
      <td class="wide-only">
        <span class="mark">{trace.reason}</span>
      </td>
    </tr>
  );
}

/** Times come from the spans and may be beyond what a date can hold. */
function isoTime(unixMs: number): string {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

function NoTraces({ route, state }: { route: TracesRoute; state: FeedState }): ComponentChildren {
  const { books } = state;
  if (books?.store.enabled === false) {
    return (
      <section class="empty">
        <h2>The store is off</h2>
        <p>
          Kept traces are shown from the store’s ring. Switch it on by removing <code>store: false</code> from the
          configuration.
        </p>
      </section>
    );
  }
  if (route.service !== '' || route.operation !== '' || route.errorsOnly) {
    return (
      <section class="empty">
        <h2>No kept trace matches</h2>
        <p>
          <a href={linkTo({ view: 'traces', service: '', operation: '', errorsOnly: false })}>Show all kept traces</a>,
          or wait: a trace is decided some seconds after its root span ends.
        </p>
      </section>
    );
  }
  if (books === undefined || books.spans.accepted === 0) return <NoSpansYet />;
  return (
    <section class="empty">
      <h2>No trace kept yet</h2>
      <p>
        Spans arrive; {count(books.spans.pending)} are waiting for a decision, which falls some seconds after the root
        span of their trace ends. Which traces are kept is set by <code>sample.policies</code>.
      </p>
    </section>
  );
}
