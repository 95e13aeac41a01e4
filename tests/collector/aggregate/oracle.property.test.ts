// Holds the windows against a definition that looks through all points for each of them.
import { describe, expect, it } from 'vitest';
import type { OutputName } from '../../../collector/src/aggregate/rule-config.ts';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { aggregateRig } from '../../support/aggregate-rig.ts';
import { exponentialOf, histogramOf, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { randomArrivals, type StreamsShape } from '../../support/metric-streams.ts';
import {
  type Arrival,
  labelsOf,
  type NaiveRule,
  naiveWindows,
  type NaiveWindow,
} from '../../support/naive-aggregate.ts';
import { seeded } from '../../support/random.ts';

const READINGS: OutputName[] = ['sum', 'count', 'last', 'min', 'max', 'mean', 'stddev', 'quantiles', 'histogram'];
const MEASURED: OutputName[] = ['histogram', 'count', 'sum', 'mean', 'rate', 'quantiles'];
const OUTPUTS: Readonly<Record<StreamsShape['pointClass'], OutputName[]>> = {
  gauge: [...READINGS, 'unique_count'],
  up_down: READINGS,
  change: ['sum', 'count'],
  counter: ['sum', 'increase', 'rate', 'count', 'unique_count'],
  histogram: MEASURED,
  exponential_histogram: MEASURED,
};

const KINDS: readonly Pick<StreamsShape, 'pointClass' | 'temporality'>[] = [
  { pointClass: 'gauge', temporality: 'cumulative' },
  { pointClass: 'up_down', temporality: 'cumulative' },
  { pointClass: 'change', temporality: 'delta' },
  ...(['counter', 'histogram', 'exponential_histogram'] as const).flatMap((pointClass) => [
    { pointClass, temporality: 'cumulative' as const },
    { pointClass, temporality: 'delta' as const },
  ]),
];

const SCOPES: readonly { by?: string[]; without?: string[] }[] = [
  {},
  { by: ['path'] },
  { without: ['pod', 'code'] },
  { by: ['pod', 'code'], without: ['service.name'] },
];

/** Sends everything through the stage. */
async function run(arrivals: readonly Arrival[], rule: Readonly<Record<string, unknown>>): Promise<DataPoint[]> {
  const rig = await aggregateRig({ late: '5s', rules: [{ name: 'rule', ...rule }] });
  for (const { point, atMs } of arrivals) {
    rig.advanceTo((atMs - POINTS_BEGAN_MS) / 1000);
    await rig.take(point);
    expect(rig.counts().balanced).toBe(true);
  }
  rig.advanceTo(1000);
  expect(rig.counts()).toMatchObject({ balanced: true, held: 0, passed: 0, series: 0 });
  return rig.out().filter(({ hasNoValue }) => !hasNoValue);
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

/** What an output is of a window by definition; undefined where the window says nothing of it. */
function expected(output: OutputName, window: NaiveWindow, pointClass: StreamsShape['pointClass'], rule: NaiveRule) {
  const isMeasured = pointClass === 'histogram' || pointClass === 'exponential_histogram';
  const values = isMeasured ? window.measured : window.readings.map(({ value }) => value);
  const mean = total(values) / values.length;
  switch (output) {
    case 'sum':
      if (isMeasured) return total(values);
      if (pointClass === 'gauge' || pointClass === 'up_down')
        return window.lastValues.length === 0 ? undefined : total(window.lastValues);
      return total(window.growth);
    case 'increase':
      return total(window.growth);
    case 'rate':
      return total(isMeasured ? values.map(() => 1) : window.growth) / (rule.windowMs / 1000);
    case 'count':
      return isMeasured ? values.length : window.points;
    case 'unique_count':
      return window.streams;
    default:
      break;
  }
  if (values.length === 0) return undefined;
  if (output === 'min') return Math.min(...values);
  if (output === 'max') return Math.max(...values);
  if (output === 'mean') return mean;
  if (output === 'stddev') return Math.sqrt(total(values.map((value) => (value - mean) ** 2)) / values.length);
  const latest = Math.max(...window.readings.map(({ timeMs }) => timeMs));
  // Of several readings of one time any may be the last.
  return output === 'last'
    ? window.readings.filter(({ timeMs }) => timeMs === latest).map(({ value }) => value)
    : values;
}

/** Holds one output of a window against what it is. */
function compare(
  found: readonly DataPoint[],
  output: OutputName,
  wanted: number | readonly number[] | undefined,
): void {
  if (wanted === undefined) return expect(found).toEqual([]);
  if (output === 'quantiles') return compareQuantiles(found, wanted as readonly number[]);
  expect(found.length).toBe(1);
  const value = found[0]?.value;
  if (value?.type === 'number')
    return typeof wanted === 'number'
      ? expect(value.value).toBeCloseTo(wanted, 9)
      : expect(wanted).toContain(value.value);
  const values = wanted as readonly number[];
  if (value?.type !== 'histogram' && value?.type !== 'exponential_histogram') throw new Error('no histogram');
  const exact =
    value.type === 'histogram'
      ? histogramOf(values, value.bounds)
      : exponentialOf(values, value.scale, value.zeroThreshold);
  // Only some increments know their extremes, and sums are rounded in another order.
  expect({ ...value, min: 0, max: 0, sum: 0 }).toEqual({ ...exact, min: 0, max: 0, sum: 0 });
  return expect(value.sum).toBeCloseTo(exact.sum ?? NaN, 6);
}

function compareQuantiles(found: readonly DataPoint[], values: readonly number[]): void {
  expect(found.length).toBe(3);
  const sorted = values.toSorted((a, b) => a - b);
  for (const { attributes, value } of found) {
    const q = Number(attributes.find(([key]) => key === 'aggregate.quantile')?.[1]);
    const exact = sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)] ?? NaN;
    // Within the bucket: a third around at the coarsest scale here, between the bounds of explicit ones.
    const slack = Math.max(Math.abs(exact) * 0.34, 3.1);
    if (value.type === 'number') expect(Math.abs(value.value - exact)).toBeLessThanOrEqual(slack);
  }
}

describe('every window of every group is what it is by definition', () => {
  for (const [i, kind] of KINDS.entries())
    for (const [j, scope] of SCOPES.entries())
      it(`${kind.temporality} ${kind.pointClass}, ${JSON.stringify(scope)}`, async () => {
        const replicas = (i + j) % 2 === 0;
        const windowMs = (i + j) % 3 === 0 ? 60_000 : 20_000;
        const { pointClass } = kind;
        const isMeasured = pointClass === 'histogram' || pointClass === 'exponential_histogram';
        const arrivals = randomArrivals(seeded(100 + i * 10 + j), { ...kind, replicas });
        const { without = [], by } = scope;
        const rule: NaiveRule = {
          windowMs,
          lateMs: 5000,
          staleAfterMs: 300_000,
          watchedSinceMs: POINTS_BEGAN_MS,
          without,
          ...(by === undefined ? {} : { by }),
          ...(replicas ? { replica: 'replica' } : {}),
        };
        const outputs = OUTPUTS[pointClass];
        const points = await run(arrivals, {
          ...scope,
          outputs,
          window: `${windowMs}ms`,
          temporality: 'delta',
          output_name: '{output}',
          ...(replicas ? { deduplicate: 'replica' } : {}),
        });
        const unread = new Set(points);
        for (const window of naiveWindows(arrivals, rule))
          for (const output of outputs) {
            const found = points.filter(
              ({ metric, attributes, timeMs }) =>
                metric.name === output &&
                timeMs === window.endMs &&
                labelsOf(
                  attributes.filter(([key]) => key !== 'aggregate.quantile'),
                  metric.resource.attributes,
                ) === window.labels,
            );
            for (const each of found) unread.delete(each);
            const [first] = found;
            // Streams that did not grow give an empty histogram, and those of which nobody can tell none.
            const isEmpty = output === 'histogram' && first !== undefined && first.value.type !== 'number';
            if (isEmpty && window.measured.length === 0 && isMeasured) expect(first.value).toMatchObject({ count: 0 });
            else compare(found, output, expected(output, window, pointClass, rule));
          }
        expect([...unread]).toEqual([]);
      });
});

describe('the sum of increases over all windows', () => {
  it.each([1, 2, 3])('is what was counted, where no point is lost, however they come (seed %i)', async (seed) => {
    const arrivals = randomArrivals(seeded(seed), {
      pointClass: 'counter',
      temporality: 'cumulative',
      replicas: false,
      complete: true,
    });
    // Each life of each stream comes to its last value.
    const lives = new Map<string, number>();
    for (const { point } of arrivals) {
      const life = `${labelsOf(point.attributes, point.metric.resource.attributes)} ${point.startMs}`;
      if (point.value.type === 'number') lives.set(life, Math.max(lives.get(life) ?? 0, point.value.value));
    }
    const truth = total([...lives.values()]);
    const increases = await run(arrivals, { by: ['path'], window: '20s', outputs: ['increase'], temporality: 'delta' });
    expect(total(increases.map(({ value }) => (value.type === 'number' ? value.value : NaN)))).toBe(truth);
    expect(increases.every(({ value }) => value.type === 'number' && value.isInteger)).toBe(true);
    const totals = await run(arrivals, { by: ['path'], window: '20s', outputs: ['sum', 'rate'] });
    const last = new Map<string, number>();
    for (const { metric, attributes, value, startMs } of totals) {
      if (metric.name !== 'm.sum' || value.type !== 'number') continue;
      const series = labelsOf(attributes, metric.resource.attributes);
      expect(value.value).toBeGreaterThanOrEqual(last.get(series) ?? 0);
      expect(startMs).toBe(POINTS_BEGAN_MS);
      last.set(series, value.value);
    }
    expect(total([...last.values()])).toBe(truth);
    const rates = totals.filter(({ metric }) => metric.name === 'm.rate');
    expect(total(rates.map(({ value }) => (value.type === 'number' ? value.value * 20 : NaN)))).toBeCloseTo(truth, 6);
  });
});
