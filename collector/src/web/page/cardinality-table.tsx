// Metrics with their budgets.
import type { ComponentChildren, RefObject } from 'preact';
import { type Metric, metricId, offenderOf, usedRatio } from './cardinality-figures.ts';
import { Telling } from './count-table.tsx';
import { count, percent } from './format.ts';
import { Mark } from './mark.tsx';

interface CardinalityTableProps {
  readonly metrics: readonly Metric[];
  readonly selectedId: string;
  readonly onSelect: (id: string) => void;
  /** Its rows, watched for the pointer. */
  readonly place: RefObject<HTMLTableSectionElement | null>;
}

export function CardinalityTable({ metrics, selectedId, onSelect, place }: CardinalityTableProps): ComponentChildren {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Metrics by series">
      <table>
        <caption class="hidden">
          Metrics, those over their budget first. The list holds still while the pointer or the focus is on it.
        </caption>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" class="number">
              Series
            </th>
            <th scope="col" class="wide-only">
              Of its budget
            </th>
            <th scope="col" class="number wide-only">
              Distinct sets
            </th>
            <th scope="col" class="number">
              New a minute
            </th>
            <th scope="col" class="number wide-only">
              Points folded
            </th>
          </tr>
        </thead>
        <tbody ref={place}>
          {metrics.map((metric) => (
            <MetricRow
              key={metricId(metric)}
              metric={metric}
              isSelected={metricId(metric) === selectedId}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface MetricRowProps {
  readonly metric: Metric;
  readonly isSelected: boolean;
  readonly onSelect: (id: string) => void;
}

function MetricRow({ metric, isSelected, onSelect }: MetricRowProps): ComponentChildren {
  const isFolded = metric.folds.length > 0;
  const offender = offenderOf(metric);
  return (
    <tr class={isSelected ? 'selected' : ''}>
      <th scope="row">
        <button type="button" class="link" aria-pressed={isSelected} onClick={() => onSelect(metricId(metric))}>
          {metric.metric}
        </button>
        {isFolded && <Mark class="doubtful">folded</Mark>}
        <span class="service below">
          {metric.service}
          {offender !== undefined && (
            <>
              , most by <code>{offender.key}</code>
            </>
          )}
        </span>
      </th>
      <td class="number">
        {count(metric.series)}
        <span class="below narrow-only">of {count(metric.maxSeries)}</span>
      </td>
      <td class="wide-only">
        <Budget metric={metric} />
      </td>
      <td class="number wide-only">{count(metric.distinctSeries)}</td>
      <td class="number">
        <Telling value={isFolded ? metric.newPerMinute : 0} text={count(metric.newPerMinute)} />
      </td>
      <td class="number wide-only">
        <Telling value={metric.absorbedPoints} text={count(metric.absorbedPoints)} />
      </td>
    </tr>
  );
}

/** The share in words beside a bar of it. */
export function Budget({ metric }: { metric: Metric }): ComponentChildren {
  const used = usedRatio(metric);
  return (
    <span class="budget">
      <span class="budget-bar" aria-hidden="true">
        <span class={used >= 1 ? 'full' : ''} style={{ width: `${used * 100}%` }} />
      </span>
      <span>
        {percent(used)} of {count(metric.maxSeries)}
      </span>
    </span>
  );
}
