// Whatever comes in: one family of a name, one series of a set of labels, and the same numbers in every format.
import { expect, it } from 'vitest';
import { ExemplarGate } from '../../../collector/src/export/exemplar-gate.ts';
import { exportInstruments } from '../../../collector/src/export/instruments.ts';
import { SeriesTable } from '../../../collector/src/export/series-table.ts';
import { classicOfExponential } from '../../../collector/src/export/classic-of-exponential.ts';
import { nativeHistogram, type NativeBuckets } from '../../../collector/src/export/native-histogram.ts';
import { type DataPoint, type PointValue, resourceOf } from '../../../collector/src/model/data-point.ts';
import { dataPoint, exponentialOf, histogramOf, type PointShape, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { readSamples, type Sample } from '../../support/exposition-text.ts';
import { pageMessages, pageText } from '../../support/metrics-page.ts';
import { METRIC_TYPES, readFamilies, type ReadFamily } from '../../support/prometheus-schema.ts';
import { seeded } from '../../support/random.ts';
import { testHost } from '../../support/test-host.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** Few names that are close to each other, so that they meet. */
const NAMES = ['a.b', 'a_b', 'a-b.total', 'a.b.count', 'a.b_sum', 'a.b_seconds', '1a', 'a.b.bucket', 'target'];
const KEYS = ['k', 'k.x', 'k_x', 'le', 'quantile', 'job', '__name__', 'K'];
const TEXTS = ['', 'v', 'w', 'a"b\\c\nd', 'é日'];

function randomPoints(seed: number): DataPoint[] {
  const random = seeded(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  return Array.from({ length: 120 }, (_, i): DataPoint => {
    const shape: PointShape = {
      name: pick(NAMES),
      unit: pick(['', 's', 'By', '1']),
      service: pick(['a', 'b']),
      instance: pick(['x', 'y']),
      resource: random() < 0.3 ? { 'host.name': pick(['h1', 'h2']) } : {},
      scopeName: pick(['', 'lib']),
      attributes: Object.fromEntries([0, 1].map(() => [pick(KEYS), pick(TEXTS)])),
      timeMs: POINTS_BEGAN_MS + i,
    };
    return dataPoint({ ...shape, ...pick<() => PointShape>(KINDS(random))() });
  });
}

const KINDS = (random: () => number): readonly (() => PointShape)[] => {
  const values = (): number[] => Array.from({ length: Math.floor(random() * 20) }, () => Math.exp(random() * 12 - 6));
  const temporality = random() < 0.5 ? 'delta' : 'cumulative';
  const summary: PointValue = { type: 'summary', count: 3, sum: 6, quantiles: [{ quantile: 0.5, value: random() }] };
  return [
    () => ({ value: Math.floor(random() * 2 ** 53), temporality }),
    () => ({ value: random() - 0.5, kind: 'gauge' }),
    () => ({ value: random() < 0.5 ? NaN : -Infinity, isMonotonic: false, kind: 'sum' }),
    () => ({ value: histogramOf(values(), [0.1, 1, 10]), temporality }),
    () => ({ value: exponentialOf(values(), Math.floor(random() * 12) - 3), temporality }),
    () => ({ value: summary, kind: 'summary' }),
  ];
};

function tableOf(points: readonly DataPoint[]): SeriesTable {
  const { host } = testHost('export', exportInstruments);
  const table = new SeriesTable({ maxSeries: 1000, staleAfterMs: 300_000 }, host, new ExemplarGate('all', host));
  table.take(points);
  return table;
}

const OWN = resourceOf([]);

/** What a page has no two of: series to Prometheus, to whom an empty label is none. */
function seriesOf({ name, labels }: Sample): string {
  const named = Object.entries(labels).filter(([, value]) => value !== '');
  return `${name} ${JSON.stringify(named.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

it('never has two families of a name or two series of a set of labels', () => {
  for (const seed of SEEDS) {
    const table = tableOf(randomPoints(seed));
    for (const format of ['text', 'openmetrics'] as const) {
      const text = pageText(table.families(OWN), format);
      const types = text.split('\n').filter((line) => line.startsWith('# TYPE '));
      const names = types.map((line) => line.split(' ')[2]);
      expect(new Set(names).size, `seed ${seed}`).toBe(names.length);
      const series = readSamples(text.replace(/ # \{.*$/gm, '')).map(seriesOf);
      expect(series.length).toBeGreaterThan(100);
      expect(new Set(series).size, `seed ${seed}`).toBe(series.length);
    }
  }
});

it('shows the same numbers as text and as protobuf', () => {
  for (const seed of SEEDS) {
    const table = tableOf(randomPoints(seed));
    const text = readSamples(pageText(table.families(OWN), 'text').replace(/(?<= [+-])Inf$/gm, 'Infinity'));
    const fromText = text.map((sample) => `${seriesOf(sample)} ${sample.value}`).sort();
    const fromProtobuf = readFamilies(pageMessages(table.families(OWN))).flatMap(samplesOf);
    expect(fromProtobuf.map((sample) => `${seriesOf(sample)} ${sample.value}`).sort()).toEqual(fromText);
  }
});

/** The samples a scraper makes of a family where it takes the classic buckets. */
function samplesOf({ name, type, metric }: ReadFamily): Sample[] {
  return metric.flatMap(({ label, counter, gauge, untyped, summary, histogram }) => {
    const labels = Object.fromEntries(label.map((each) => [each.name, each.value]));
    const sample = (suffix: string, value: number, more: Record<string, string> = {}): Sample => ({
      name: name + suffix,
      labels: { ...labels, ...more },
      value,
    });
    if (METRIC_TYPES[type] === 'SUMMARY' && summary !== undefined)
      return [
        ...summary.quantile.map(({ quantile, value }) => sample('', value, { quantile: String(quantile) })),
        sample('_sum', summary.sampleSum),
        sample('_count', summary.sampleCount),
      ];
    if (histogram === undefined) return [sample('', (counter ?? gauge ?? untyped)?.value ?? NaN)];
    const buckets = histogram.bucket.map(({ cumulativeCount, upperBound }) =>
      sample('_bucket', cumulativeCount, { le: boundText(upperBound) }),
    );
    return [...buckets, sample('_sum', histogram.sampleSum), sample('_count', histogram.sampleCount)];
  });
}

const boundText = (bound: number): string =>
  bound === Infinity ? '+Inf' : Number.isInteger(bound) ? `${bound}.0` : String(bound);

/** Bounds and counts of native buckets, as a reader unpacks them. */
function unpacked({ spans, counts }: NativeBuckets, schema: number): { upper: number; count: number }[] {
  let index = 0;
  let place = 0;
  return spans.flatMap(({ offset, length }) => {
    index += offset;
    return Array.from({ length }, () => ({ upper: 2 ** (index++ * 2 ** -schema), count: counts[place++] ?? NaN }));
  });
}

it('has quantiles in native buckets that are one bucket from the exact ones at most', () => {
  for (const seed of SEEDS) {
    const random = seeded(seed);
    const values = Array.from({ length: 500 }, () => Math.exp(random() * 20 - 10)).sort((a, b) => a - b);
    const scale = Math.floor(random() * 12) - 3;
    const native = nativeHistogram(exponentialOf(values, scale));
    if (native === undefined) throw new Error('no native histogram');
    const buckets = unpacked(native.positive, native.schema);
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
    for (const q of [0.01, 0.5, 0.9, 0.99, 1]) {
      const rank = Math.ceil(q * values.length);
      let below = 0;
      const { upper = NaN } = buckets.find(({ count }) => (below += count) >= rank) ?? {};
      const exact = values[rank - 1] ?? NaN;
      // In the bucket itself, but for the last bit of its bound.
      expect(exact / upper).toBeLessThanOrEqual(1 + 1e-12);
      expect(exact / upper).toBeGreaterThan(2 ** -(2 ** -native.schema) * (1 - 1e-12));
    }
  }
});

it('has exact counts at the bounds of what is shown in the classic shape', () => {
  for (const seed of SEEDS) {
    const random = seeded(seed);
    const values = Array.from({ length: 300 }, () => (random() < 0.3 ? -1 : 1) * Math.exp(random() * 12 - 6));
    const { bounds, counts } = classicOfExponential(exponentialOf(values, Math.floor(random() * 10), 0.01));
    expect(bounds.length).toBeGreaterThan(5);
    expect(bounds).toEqual([...new Set(bounds)].sort((a, b) => a - b));
    let cumulative = 0;
    counts.forEach((count, i) => {
      cumulative += count;
      const bound = bounds[i] ?? Infinity;
      expect(cumulative, `at ${bound}`).toBe(values.filter((value) => value <= bound).length);
    });
  }
});
