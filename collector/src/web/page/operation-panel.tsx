// The last minutes of one operation.
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { OperationSummary } from '../api.ts';
import type { FeedState } from './feed.ts';
import { counted, NONE, perSecond, seconds, word } from './format.ts';
import type { History } from './history.ts';
import { operationId } from './operation-order.ts';
import { lazyView } from './lazy-view.tsx';
import { keptTracesLink, shownName } from './operations-table.tsx';
import { linkTo } from './route.ts';
import { baselineKeyOf } from './severities.ts';
import { TimeChart } from './time-chart.tsx';

/** Fetched when it is wanted: charts come first. */
export const BaselinePanel = lazyView<{ baselineKey: string; isLive: boolean }>(
  async () => (await import('./baseline-panel.tsx')).BaselinePanel,
  ({ missing }) => missing ?? null,
);

interface PanelProps {
  readonly operation: OperationSummary;
  readonly history: History;
  readonly state: FeedState;
}

export function OperationPanel({ operation, history, state }: PanelProps): ComponentChildren {
  const id = operationId(operation);
  useEffect(() => history.follow(id), [id]);
  const past = history.points(id);
  return (
    <section class="panel" aria-label="Selected operation">
      <div class="panel-head">
        <h2>
          {shownName(operation)} <span class="quiet-text">{operation.service}</span>
        </h2>
        <p>
          {word(operation.kind)}
          {operation.kind !== '' && ', '}
          {counted(operation.calls, 'call')} and {counted(operation.errors, 'error')} since it began{' · '}
          <a href={keptTracesLink(operation)}>Kept traces</a>
          {!operation.overflow && (
            <>
              {' · '}
              <a href={keepLink(operation)}>Keep for a time</a>
            </>
          )}
        </p>
      </div>
      <div class={state.phase === 'live' ? 'charts' : 'charts old'}>
        <TimeChart
          title="Calls per second"
          summary={`Calls per second over the last minutes, now ${perSecond(operation.callsPerSecond)}`}
          times={past.times}
          lines={[
            { label: 'calls/s', values: past.rate, colour: '--chart-1' },
            { label: 'errors/s', values: past.errors, colour: '--chart-error' },
          ]}
          format={perSecondOrNone}
        />
        <TimeChart
          title="Duration"
          summary={`Duration over the last minutes, now p50 ${seconds(operation.p50)}, p95 ${seconds(operation.p95)}, p99 ${seconds(operation.p99)}`}
          times={past.times}
          lines={[
            { label: 'p50', values: past.p50, colour: '--chart-1' },
            { label: 'p95', values: past.p95, colour: '--chart-2' },
            { label: 'p99', values: past.p99, colour: '--chart-3' },
          ]}
          format={seconds}
        />
      </div>
      {!operation.overflow && (
        <BaselinePanel key={id} baselineKey={baselineKeyOf(operation)} isLive={state.phase === 'live'} />
      )}
    </section>
  );
}

/** Where traces that begin with an operation can be kept for a time; what stands for many has no name to keep by. */
function keepLink({ service, name }: OperationSummary): string {
  return linkTo({ view: 'sampling', service, operation: name, traceId: '' });
}

function perSecondOrNone(rate: number | null): string {
  return rate === null ? NONE : perSecond(rate);
}
