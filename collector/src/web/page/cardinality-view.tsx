// Cardinality: how many series each metric has of those it may have, which attribute brings them, and what was folded.
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { CardinalityAnswer } from '../api.ts';
import { useAnswer } from './answer.ts';
import { foldText, isFound, type Metric, metricId, offenderOf, sinceText, worstFirst } from './cardinality-figures.ts';
import { CardinalityTable } from './cardinality-table.tsx';
import { NoMetricsYet, Waiting } from './empty-state.tsx';
import type { LiveFeed } from './feed.ts';
import { count, counted, percent } from './format.ts';
import { useBusy, useFeed } from './hooks.ts';
import { MetricPanel } from './metric-panel.tsx';
import { More } from './more.tsx';
import { NotRefreshed } from './not-refreshed.tsx';
import { SearchFilter } from './search-filter.tsx';

const ROWS_AT_FIRST = 50;

export function CardinalityView({ feed }: { feed: LiveFeed }): ComponentChildren {
  const { phase } = useFeed(feed);
  const { place, isBusy } = useBusy<HTMLTableSectionElement>();
  const loaded = useAnswer<CardinalityAnswer>('api/cardinality', () => !isBusy() && phase !== 'paused');
  const { answer, status, problem } = loaded;
  return (
    <>
      <h1>Cardinality</h1>
      {status === 404 ? <LimitsOff /> : <NotRefreshed loaded={loaded} />}
      {answer === undefined && problem === '' && <Waiting>Asking how many series there are…</Waiting>}
      {answer?.metrics.length === 0 && <NoMetricsYet />}
      {answer !== undefined && answer.metrics.length > 0 && <Cardinality answer={answer} place={place} />}
    </>
  );
}

function LimitsOff(): ComponentChildren {
  return (
    <section class="empty">
      <h2>Limits are off</h2>
      <p>
        Series are neither counted nor limited, because the configuration says <code>limit: false</code>. Take it out to
        see here which metrics have how many series, and to keep one attribute with too many values from costing
        everybody else.
      </p>
    </section>
  );
}

interface CardinalityProps {
  readonly answer: CardinalityAnswer;
  readonly place: ReturnType<typeof useBusy<HTMLTableSectionElement>>['place'];
}

function Cardinality({ answer, place }: CardinalityProps): ComponentChildren {
  const [text, setText] = useState('');
  const [limit, setLimit] = useState(ROWS_AT_FIRST);
  const sorted = useMemo(() => worstFirst(answer.metrics), [answer]);
  const [selectedId, setSelectedId] = useState(() => (sorted[0] === undefined ? '' : metricId(sorted[0])));
  const found = sorted.filter((metric) => isFound(metric, text));
  const selected = sorted.find((metric) => metricId(metric) === selectedId);
  return (
    <>
      <Total answer={answer} />
      <Offenders metrics={sorted} isDryRun={answer.isDryRun} />
      {selected !== undefined && <MetricPanel metric={selected} isDryRun={answer.isDryRun} />}
      <SearchFilter
        text={text}
        placeholder="service, metric or attribute"
        onChange={setText}
        found={found.length}
        of={sorted.length}
      />
      <CardinalityTable
        metrics={found.slice(0, limit)}
        selectedId={selectedId}
        onSelect={setSelectedId}
        place={place}
      />
      {found.length === 0 && <p class="waiting">No metric matches the filter.</p>}
      <More limit={limit} step={ROWS_AT_FIRST} of={found.length} noun="metric" onMore={setLimit} />
      <p class="note">
        At most 200 metrics are listed, those with most series. Distinct sets are an estimate with a standard error of
        1.6 %; series are counted exactly.
      </p>
    </>
  );
}

function Total({ answer }: { answer: CardinalityAnswer }): ComponentChildren {
  const { totalSeries, maxTotalSeries, isDryRun } = answer;
  return (
    <>
      <p class="totals">
        {counted(totalSeries, 'series', 'series')} of {count(maxTotalSeries)} that may exist at once (
        {percent(totalSeries / maxTotalSeries)})
      </p>
      {isDryRun && (
        <p class="notice">
          This is a dry run: nothing is folded. What is said below would happen if <code>limit.dry_run</code> were taken
          out.
        </p>
      )}
    </>
  );
}

interface OffendersProps {
  readonly metrics: readonly Metric[];
  readonly isDryRun: boolean;
}

/** Said first, since it is what one has come for. */
function Offenders({ metrics, isDryRun }: OffendersProps): ComponentChildren {
  const folded = metrics.filter(({ folds }) => folds.length > 0);
  if (folded.length === 0) return null;
  return (
    <section class="notice warn">
      <h2>
        {counted(folded.length, 'metric')} {folded.length === 1 ? 'has' : 'have'} more series than{' '}
        {folded.length === 1 ? 'it' : 'they'} may
      </h2>
      <ul class="offenders">
        {folded.slice(0, 5).map((metric) => (
          <li key={metricId(metric)}>
            <code>{metric.metric}</code> of {metric.service}: <Offender metric={metric} isDryRun={isDryRun} />
          </li>
        ))}
      </ul>
      {folded.length > 5 && <p>{counted(folded.length - 5, 'other')} in the table below.</p>}
      <p>Totals stay exact: what is folded is counted, in fewer series.</p>
    </section>
  );
}

function Offender({ metric, isDryRun }: { metric: Metric; isDryRun: boolean }): ComponentChildren {
  const offender = offenderOf(metric);
  const [fold] = metric.folds;
  const since = fold === undefined ? '' : sinceText(fold);
  return (
    <>
      {offender !== undefined && (
        <>
          attribute <code>{offender.key}</code> has about {counted(offender.distinctValues, 'value')}
          {offender.examples[0] !== undefined && (
            <>
              , as <code>{offender.examples[0]}</code>
            </>
          )}
          ;{' '}
        </>
      )}
      {fold !== undefined && foldText(fold, isDryRun)}
      {since !== '' && `, since ${since}`}.
    </>
  );
}
