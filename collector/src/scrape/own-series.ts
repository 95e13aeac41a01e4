// What Prometheus itself says of each scrape, beside what was scraped.
// @see Prometheus, Concepts, Jobs and instances, Automatically generated labels and time series
import { canonical } from '../model/attributes.ts';
import { type DataPoint, metricOf, type Resource, scopeOf } from '../model/data-point.ts';
import type { Target } from './targets.ts';

/** One scrape. */
export interface Scraped {
  /** Unix milliseconds of its begin. */
  readonly timeMs: number;
  readonly isUp: boolean;
  readonly seconds: number;
  /** Samples that were there, that relabelling left, and series that the scrape before did not have. */
  readonly scraped: number;
  readonly kept: number;
  readonly added: number;
}

const NO_SCOPE = scopeOf({ name: '', version: '', attributes: [], schemaUrl: '' });

const SERIES: readonly [name: string, unit: string, description: string, (of: Scraped) => number][] = [
  ['up', '', '1 where the target could be scraped, else 0.', ({ isUp }) => (isUp ? 1 : 0)],
  ['scrape_duration_seconds', 's', 'Duration of the scrape.', ({ seconds }) => seconds],
  ['scrape_samples_scraped', '', 'Samples the target exposed.', ({ scraped }) => scraped],
  ['scrape_samples_post_metric_relabeling', '', 'Samples left after metric_relabel.', ({ kept }) => kept],
  ['scrape_series_added', '', 'Series that are new in this scrape.', ({ added }) => added],
];

/** One point of each. */
export function* ownSeries(resource: Resource, { labels }: Target, scraped: Scraped): Generator<DataPoint> {
  const attributes = canonical([...labels]);
  for (const [name, unit, description, read] of SERIES) {
    const metric = metricOf({
      resource,
      scope: NO_SCOPE,
      name,
      unit,
      description,
      kind: 'gauge',
      temporality: 'cumulative',
      isMonotonic: false,
      metadata: [['prometheus.type', 'gauge']],
    });
    const value = { type: 'number', value: read(scraped), isInteger: false } as const;
    yield { metric, attributes, startMs: 0, timeMs: scraped.timeMs, hasNoValue: false, value, exemplars: [] };
  }
}
