// What is made of the answer on cardinality before it is shown: order, search, and words.
import type { CardinalityAnswer } from '../api.ts';
import { dateTime } from './format.ts';

/** What series say that count for others. */
const OVERFLOW = 'otel.metric.overflow=true';
/** `limit.fold` where an attribute is not given another value but taken away. */
const TAKEN_AWAY = 'overflow';

export type Metric = CardinalityAnswer['metrics'][number];
export type Fold = Metric['folds'][number];

/** Names a metric among all. */
export function metricId({ service, metric }: Metric): string {
  return JSON.stringify([service, metric]);
}

/** Share of its budget that a metric has used, 0..1. */
export function usedRatio({ series, maxSeries }: Metric): number {
  return maxSeries === 0 ? 1 : Math.min(series / maxSeries, 1);
}

/** Worst first: folded ones, then by the share of the budget, then by series. */
export function worstFirst(metrics: readonly Metric[]): Metric[] {
  return [...metrics].sort(
    (a, b) =>
      Number(b.folds.length > 0) - Number(a.folds.length > 0) || usedRatio(b) - usedRatio(a) || b.series - a.series,
  );
}

/** Tells whether a metric is looked for: each word is in its service, its name or one of its attributes. */
export function isFound({ service, metric, attributes }: Metric, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  const names = [service, metric, ...attributes.map(({ key }) => key)].join('\n').toLowerCase();
  return words.every((word) => names.includes(word));
}

/** The attribute that brings most of the series of a metric; undefined where none is too much. */
export function offenderOf({ attributes }: Metric): Metric['attributes'][number] | undefined {
  return attributes.find(({ isOffender }) => isOffender);
}

/** Says what became of a metric's series, as a clause. */
export function foldText({ key, into, example }: Fold, isDryRun: boolean): string {
  const would = isDryRun ? 'would be' : 'are';
  if (into === 'overflow') return `new series ${would} counted in its overflow series, ${OVERFLOW}`;
  if (into === 'value' && example === TAKEN_AWAY) return `series ${would} counted without ${key}, as ${OVERFLOW}`;
  if (into === 'template') return `values of ${key} ${would} replaced by what they have in common, as ${example}`;
  return `values of ${key} ${would} replaced by one, ${example}`;
}

/** Since when, for a fold or nothing where nobody says. */
export function sinceText({ sinceMs }: Fold): string {
  return sinceMs > 0 ? dateTime(sinceMs).slice(0, 19) : '';
}
