// What is told of series: how many there are, whose fault it is, and what was folded. Pure.
import type { CardinalityAnswer, MetricCardinality } from './contract.ts';
import type { MetricTable } from './metric-table.ts';
import type { TrackedMetric } from './tracked-metric.ts';

const MAX_METRICS = 200;
/** Attributes of one metric that are told of. */
const MAX_ATTRIBUTES = 20;

/** Answers for the page and the API. */
export function cardinalityOf(metrics: MetricTable, isDryRun: boolean): CardinalityAnswer {
  const most = [...metrics.all()].sort((a, b) => b.distinctSeries - a.distinctSeries).slice(0, MAX_METRICS);
  return {
    maxTotalSeries: metrics.maxTotalSeries,
    totalSeries: metrics.total,
    isDryRun,
    metrics: most.map(cardinalityOfOne),
  };
}

function cardinalityOfOne(metric: TrackedMetric): MetricCardinality {
  const { service, name, size, budget, newPerMinute, distinctSeries, absorbedPoints, offender, plan } = metric;
  return {
    service,
    metric: name,
    series: size,
    maxSeries: budget.maxSeries,
    newPerMinute,
    distinctSeries,
    attributes: metric
      .attributes()
      .slice(0, MAX_ATTRIBUTES)
      .map((each) => ({ ...each, isOffender: each.key === offender && !plan.isEmpty })),
    folds: plan.folds(),
    absorbedPoints,
  };
}
