import { describe, expect, it } from 'vitest';
import { ExemplarGate } from '../../../collector/src/export/exemplar-gate.ts';
import { exportInstruments } from '../../../collector/src/export/instruments.ts';
import { SeriesTable } from '../../../collector/src/export/series-table.ts';
import { type DataPoint, resourceOf } from '../../../collector/src/model/data-point.ts';
import { dataPoint, histogramOf, type PointShape, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';

const OWN = resourceOf([]);
const STALE_MS = 300_000;

interface Table {
  readonly table: SeriesTable;
  readonly surroundings: TestHost<typeof exportInstruments>;
  /** Value and start of what is exposed; `none` where a series ended. */
  take(...shapes: PointShape[]): string[];
  /** What is shown, as `name{labels} value`. */
  shown(): string[];
}

function tableOf(maxSeries = 100): Table {
  const surroundings = testHost('export', exportInstruments);
  surroundings.clock.advance(POINTS_BEGAN_MS - surroundings.clock.nowMs());
  const gate = new ExemplarGate('all', surroundings.host);
  const table = new SeriesTable({ maxSeries, staleAfterMs: STALE_MS }, surroundings.host, gate);
  return {
    table,
    surroundings,
    take: (...shapes) => table.take(shapes.map(dataPoint)).map(outline),
    shown: () =>
      [...table.families(OWN)].flatMap(({ name, points }) =>
        [...points].map(({ attributes, value, histogram }) => {
          const labels = Object.entries(attributes).map(([key, text]) => `${key}=${text}`);
          return `${name}{${labels.join()}} ${value ?? histogram?.counts.join('+')}`;
        }),
      ),
  };
}

function outline({ value, startMs, timeMs, hasNoValue }: DataPoint): string {
  const [start, time] = [startMs - POINTS_BEGAN_MS, timeMs - POINTS_BEGAN_MS];
  return hasNoValue ? `none at ${time}` : `${shownValue(value)} of ${start} at ${time}`;
}

function shownValue(value: DataPoint['value']): string | number {
  if (value.type === 'number') return value.value;
  return value.type === 'histogram' ? value.counts.join('+') : value.count;
}

const at = (ms: number): Pick<PointShape, 'timeMs'> => ({ timeMs: POINTS_BEGAN_MS + ms });
const from = (ms: number): Pick<PointShape, 'startMs'> => ({ startMs: POINTS_BEGAN_MS + ms });
const delta = { temporality: 'delta' } as const;

describe('a delta stream', () => {
  it('is added up from its first point on, after a 0', () => {
    const { take, shown } = tableOf();
    expect(take({ ...delta, ...from(0), ...at(10), value: 3 })).toEqual(['0 of 0 at 0', '3 of 0 at 10']);
    expect(take({ ...delta, ...from(10), ...at(20), value: 4 })).toEqual(['7 of 0 at 20']);
    expect(shown()).toEqual(['requests{job=shop} 7']);
  });

  it('counts what came late without going back in time', () => {
    const { take } = tableOf();
    take({ ...delta, ...from(10), ...at(20), value: 3 });
    expect(take({ ...delta, ...from(0), ...at(10), value: 4 })).toEqual(['7 of 10 at 20']);
  });

  it('adds histograms bucket by bucket, and begins anew where bounds change', () => {
    const { take } = tableOf();
    const of = (values: number[], bounds: number[], ms: number): PointShape => ({
      ...delta,
      ...from(ms),
      ...at(ms + 10),
      value: histogramOf(values, bounds),
    });
    take(of([1, 3], [2, 4], 0));
    expect(take(of([3, 9], [2, 4], 10))).toEqual(['1+2+1 of 0 at 20']);
    expect(take(of([3, 9], [2], 20))).toEqual(['0+0 of 20 at 20', '0+2 of 20 at 30']);
  });

  it('that returns after it went stale begins at 0 with a new start', () => {
    const { take, surroundings, shown } = tableOf();
    take({ ...delta, ...from(0), ...at(10), value: 3 });
    surroundings.clock.advance(STALE_MS);
    expect(shown()).toEqual([]);
    expect(take({ ...delta, ...from(400_000), ...at(400_010), value: 2 })).toEqual([
      '0 of 400000 at 400000',
      '2 of 400000 at 400010',
    ]);
    expect(shown()).toEqual(['requests{job=shop} 2']);
  });
});

describe('a cumulative stream', () => {
  it('is exposed as it is, after a 0 where it began while we watched', () => {
    const { take } = tableOf();
    expect(take({ ...from(5), ...at(10), value: 3 })).toEqual(['0 of 5 at 5', '3 of 5 at 10']);
    expect(take({ ...from(5), ...at(20), value: 4 })).toEqual(['4 of 5 at 20']);
    // Of one that began before, or does not say when, nobody knows what it was at first sight.
    expect(take({ ...from(-5), ...at(10), value: 3, name: 'old' })).toEqual(['3 of -5 at 10']);
    expect(take({ startMs: 0, ...at(10), value: 3, name: 'unknown' })).toHaveLength(1);
    expect(take({ ...from(5), ...at(10), value: 3, name: 'level', kind: 'gauge' })).toHaveLength(1);
    expect(take({ ...from(5), ...at(10), value: 3, name: 'depth', isMonotonic: false })).toHaveLength(1);
  });

  it('that was reset stands at 0 once, also where it grew beyond its old value', () => {
    const { take } = tableOf();
    take({ ...from(-5), ...at(10), value: 3 });
    expect(take({ ...from(12), ...at(20), value: 9 })).toEqual(['0 of 12 at 12', '9 of 12 at 20']);
  });

  it('does not go back in time, nor shows a moment twice', () => {
    const { take, shown, surroundings } = tableOf();
    take({ ...from(-5), ...at(20), value: 5 });
    expect(take({ ...from(-5), ...at(10), value: 4 }, { ...from(-5), ...at(20), value: 6 })).toEqual([]);
    expect(shown()).toEqual(['requests{job=shop} 5']);
    expect(surroundings.counts('points_left_out')).toEqual({ out_of_order: 2 });
  });

  it('ends at once where it says so', () => {
    const { take, shown, table } = tableOf();
    take({ ...from(-5), ...at(10) });
    expect(take({ ...at(20), hasNoValue: true })).toEqual(['none at 20']);
    expect([shown(), table.count, [...table.of('requests')]]).toEqual([[], 0, []]);
    expect(take({ ...at(30), hasNoValue: true })).toEqual([]);
  });
});

describe('a counter that ends while another source goes on under the same labels', () => {
  const of = (host: string, ms: number, value: PointShape['value'], more: PointShape = {}): PointShape => ({
    resource: { 'host.name': host },
    ...from(-5),
    ...at(ms),
    value: value ?? 1,
    ...more,
  });
  /** Values of all series, added up as the page does. */
  const sum = ({ table }: Table): number =>
    [...table.families(OWN)]
      .filter(({ name }) => name === 'requests')
      .flatMap(({ points }) => [...points].map(({ value = 0 }) => value))
      .reduce((total, value) => total + value, 0);

  it('leaves its total to the other, so that their sum does not fall', () => {
    const rig = tableOf();
    rig.take(of('a', 10, 100), of('b', 10, 5));
    expect(sum(rig)).toBe(105);
    rig.surroundings.clock.advance(STALE_MS - 1);
    rig.take(of('b', 20, 7));
    rig.surroundings.clock.advance(1);
    expect(sum(rig)).toBe(107);
    rig.take(of('c', 30, 1), of('b', 30, 0, { hasNoValue: true }));
    expect(sum(rig)).toBe(108);
    // Nobody goes on: what begins now begins anew.
    rig.take(of('c', 40, 0, { hasNoValue: true }), of('d', 40, 2));
    expect(sum(rig)).toBe(2);
  });

  it('does so where it begins anew, too', () => {
    const rig = tableOf();
    rig.take(of('a', 10, 100), of('b', 10, 5));
    rig.take(of('a', 20, 2, from(15)));
    expect(sum(rig)).toBe(107);
    // It fell without saying since when it counts.
    rig.take(of('b', 20, 1));
    expect(sum(rig)).toBe(108);
    const alone = tableOf();
    alone.take(of('a', 10, 100), of('a', 20, 2, from(15)));
    expect(sum(alone)).toBe(2);
  });

  it('leaves it to no other labels, and a level to nobody', () => {
    const rig = tableOf();
    rig.take(of('a', 10, 100), of('b', 10, 5, { attributes: { path: 'x' } }), of('b', 10, 5, { instance: 'i' }));
    rig.take(of('a', 20, 0, { hasNoValue: true }));
    expect(sum(rig)).toBe(10);
    const level = { kind: 'gauge' } as const;
    const levels = tableOf();
    levels.take(of('a', 10, 100, level), of('b', 10, 5, level), of('a', 20, 0, { ...level, hasNoValue: true }));
    expect(sum(levels)).toBe(5);
  });

  it('ends with a point without value all the same, once', () => {
    const rig = tableOf();
    rig.take(of('a', 10, 100));
    rig.surroundings.clock.advance(STALE_MS);
    rig.shown();
    expect(rig.table.expire().map(outline)).toEqual([`none at ${STALE_MS}`]);
    expect(rig.table.expire()).toEqual([]);
  });
});

it('leaves out and counts what is beyond its limit, and has room again for what comes after others ended', () => {
  const { take, surroundings, table } = tableOf(2);
  const of = (path: string, more: PointShape = {}): PointShape => ({ ...from(-5), attributes: { path }, ...more });
  expect(take(of('a'), of('b'), of('c'), of('a', at(20_000)))).toHaveLength(3);
  expect(surroundings.counts('points_left_out')).toEqual({ max_series: 1 });
  surroundings.clock.advance(STALE_MS - 1);
  take(of('a', at(30_000)));
  surroundings.clock.advance(1);
  expect(table.expire().map(outline)).toEqual([`none at ${STALE_MS}`]);
  expect([table.count, surroundings.read('series')]).toEqual([1, 1]);
  expect(take(of('c'))).toHaveLength(1);
});

it('finds the newest points of a metric by its name, whoever sent them', () => {
  const { take, table } = tableOf();
  take({ service: 'a', ...at(1) }, { service: 'b', ...at(2) }, { service: 'a', ...at(3), value: 5 }, { name: 'other' });
  expect([...table.of('requests')].map(outline)).toEqual(['5 of 0 at 3', '1 of 0 at 2']);
  expect([...table.of('nothing')]).toEqual([]);
});

it('tells of each source what it is, once, beside its name', () => {
  const { take, shown } = tableOf();
  const resource = { 'host.name': 'h1', 'service.namespace': 'eu' };
  take({ resource, instance: 'i1', ...from(-5) }, { resource, instance: 'i1', name: 'other', ...from(-5) });
  expect(shown()).toEqual([
    'target{host.name=h1,job=eu/shop,instance=i1} 1',
    'requests{job=eu/shop,instance=i1} 1',
    'other{job=eu/shop,instance=i1} 1',
  ]);
});
