// Operations, the home view: what runs, how often, how fast and how well, live.
import type { ComponentChildren } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { OperationSummary } from '../api.ts';
import { NoSpansYet, Waiting } from './empty-state.tsx';
import type { FeedState, LiveFeed } from './feed.ts';
import { counted, perSecond, percent } from './format.ts';
import { useBusy, useFeed } from './hooks.ts';
import { More } from './more.tsx';
import { OperationPanel } from './operation-panel.tsx';
import { type Order, holdOrder, matches, nextOrder, operationId, sortOperations } from './operation-order.ts';
import { OperationsTable } from './operations-table.tsx';
import { violatedBy } from './severities.ts';
import { SearchFilter } from './search-filter.tsx';

const ROWS_AT_FIRST = 200;

interface OperationsProps {
  readonly feed: LiveFeed;
  readonly state: FeedState;
}

export function OperationsView({ feed }: { feed: LiveFeed }): ComponentChildren {
  const state = useFeed(feed);
  const answer = state.operations;
  return (
    <>
      <h1>Operations</h1>
      {answer === undefined && <Waiting>Waiting for the sidecar’s first numbers…</Waiting>}
      {answer?.operations.length === 0 && <NoSpansYet />}
      {answer !== undefined && answer.operations.length > 0 && <Operations feed={feed} state={state} />}
    </>
  );
}

function Operations({ feed, state }: OperationsProps): ComponentChildren {
  const operations = state.operations?.operations ?? [];
  const [text, setText] = useState('');
  const [order, setOrder] = useState<Order>({ column: 'rate', direction: 'descending' });
  const [limit, setLimit] = useState(ROWS_AT_FIRST);
  const [selectedId, setSelectedId] = useState(() => busiestId(operations));
  const { place, isBusy } = useBusy<HTMLTableSectionElement>();
  const shown = useRef<readonly string[]>([]);
  const rows = useMemo(() => {
    const found = operations.filter((operation) => matches(operation, text));
    const sorted = sortOperations(found, order);
    return isBusy() ? holdOrder(sorted, shown.current) : sorted;
  }, [operations, text, order]);
  const violated = useMemo(() => violatedBy(state.violations), [state.violations]);
  shown.current = rows.map(operationId);
  const selected = operations.find((operation) => operationId(operation) === selectedId);
  return (
    <>
      <Totals operations={operations} windowSeconds={state.operations?.windowSeconds ?? 0} />
      {selected !== undefined && <OperationPanel operation={selected} history={feed.history} state={state} />}
      <SearchFilter
        text={text}
        placeholder="service, operation or kind"
        onChange={setText}
        found={rows.length}
        of={operations.length}
      />
      <OperationsTable
        rows={rows.slice(0, limit)}
        order={order}
        onSort={(column) => setOrder(nextOrder(order, column))}
        selectedId={selectedId}
        onSelect={setSelectedId}
        place={place}
        violated={violated}
        isLive={state.phase === 'live'}
      />
      {rows.length === 0 && <p class="waiting">No operation matches the filter.</p>}
      <More limit={limit} step={ROWS_AT_FIRST} of={rows.length} noun="operation" onMore={setLimit} />
      <Marks operations={operations} />
    </>
  );
}

/** The busiest operation is selected at first; later ones do not take its place. */
function busiestId(operations: readonly OperationSummary[]): string {
  const [busiest] = sortOperations(operations, { column: 'rate', direction: 'descending' });
  return busiest === undefined ? '' : operationId(busiest);
}

interface TotalsProps {
  readonly operations: readonly OperationSummary[];
  readonly windowSeconds: number;
}

function Totals({ operations, windowSeconds }: TotalsProps): ComponentChildren {
  const services = new Set(operations.map((operation) => operation.service)).size;
  const rate = operations.reduce((sum, operation) => sum + operation.callsPerSecond, 0);
  const errors = operations.reduce((sum, operation) => sum + operation.callsPerSecond * operation.errorRatio, 0);
  return (
    <p class="totals">
      {counted(operations.length, 'operation')} of {counted(services, 'service')}, {perSecond(rate)} calls/s,{' '}
      {percent(rate > 0 ? errors / rate : 0)} errors over the last {Math.round(windowSeconds)} s, counted before
      sampling
    </p>
  );
}

function Marks({ operations }: { operations: readonly OperationSummary[] }): ComponentChildren {
  return (
    <>
      {operations.some((operation) => operation.overflow) && (
        <p class="note">
          <strong>overflow</strong>: the limit of series (<code>measure.max_series</code>) was reached; later operations
          of the service are counted together in this row. Totals stay exact.
        </p>
      )}
      {operations.some((operation) => operation.estimated) && (
        <p class="note">
          <strong>estimated</strong>: the sender sampled these spans, so each counts for as many as its threshold says.
        </p>
      )}
    </>
  );
}
