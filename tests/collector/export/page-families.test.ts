import { describe, expect, it } from 'vitest';
import type { MetricFamily, MetricPoint } from '../../../collector/src/model/metric-family.ts';
import { exponentialOf, histogramOf } from '../../support/data-points.ts';
import { pageOf, pageText } from '../../support/metrics-page.ts';

function family(shape: Partial<MetricFamily>): MetricFamily {
  return { name: 'x', unit: '', description: 'Words.', kind: 'counter', points: [], ...shape };
}

function joined(kind: MetricFamily['kind'], ...points: Partial<MetricPoint>[]): MetricPoint[] {
  const whole = points.map((point): MetricPoint => ({ attributes: {}, ...point }));
  return pageOf([family({ kind, points: whole })]).flatMap(({ series }) => series.map(({ point }) => point));
}

describe('metrics of one name', () => {
  const outline = (...families: MetricFamily[]): { shown: string[]; leftOut: string[] } => {
    const leftOut: string[] = [];
    const shown = pageOf(families, 'translated', ({ name, kind }) => leftOut.push(`${name} ${kind}`));
    return { shown: shown.map(({ family: each }) => `${each.name} ${each.kind} ${each.sources.length}`), leftOut };
  };

  it('are one family where they are of one kind, described by the first', () => {
    const point: MetricPoint = { attributes: { a: '1' }, value: 1 };
    const other: MetricPoint = { attributes: { a: '2' }, value: 2 };
    const families = [family({ points: [point] }), family({ points: [other], description: 'Other words.' })];
    expect(pageText(families, 'text')).toBe(
      '# HELP x_total Words.\n# TYPE x_total counter\nx_total{a="1"} 1\nx_total{a="2"} 2\n',
    );
  });

  it('are left out where they are of another kind, and the first stays', () => {
    expect(outline(family({}), family({ kind: 'gauge' }), family({}))).toEqual({
      shown: ['x counter 2'],
      leftOut: ['x gauge'],
    });
  });

  it('are left out where their samples would have the names of others', () => {
    const check = (first: Partial<MetricFamily>, second: Partial<MetricFamily>, fits: boolean): void => {
      expect(outline(family(first), family(second)).leftOut).toHaveLength(fits ? 0 : 1);
    };
    check({ kind: 'counter' }, { kind: 'gauge', name: 'x.total' }, false);
    check({ kind: 'gauge', name: 'x.total' }, { kind: 'counter' }, false);
    check({ kind: 'histogram' }, { kind: 'gauge', name: 'x.count' }, false);
    check({ kind: 'summary' }, { kind: 'gauge', name: 'x_sum' }, false);
    check({ kind: 'gauge' }, { kind: 'gauge', name: 'x.count' }, true);
    check({ kind: 'histogram', unit: 's' }, { kind: 'histogram', unit: 'ms' }, true);
  });
});

describe('points that became one series', () => {
  it('are added where they count, and the newest stays where they do not', () => {
    expect(joined('counter', { value: 2, timeMs: 5 }, { value: 3, timeMs: 4 })).toMatchObject([
      { value: 5, timeMs: 5 },
    ]);
    expect(joined('gauge', { value: 2, timeMs: 5 }, { value: 3, timeMs: 4 })).toMatchObject([{ value: 2 }]);
    expect(joined('gauge', { value: 2 }, { value: 3 })).toMatchObject([{ value: 3 }]);
    const classic = (values: number[], bounds: number[]): Partial<MetricPoint> => {
      const { counts, sum = 0 } = histogramOf(values, bounds);
      return { histogram: { counts, sum, bounds } };
    };
    expect(joined('histogram', classic([1], [2]), classic([1, 3], [2]))[0]?.histogram).toMatchObject({
      counts: [2, 1],
      sum: 5,
    });
    expect(joined('histogram', classic([1], [2]), classic([1, 3], [4]))[0]?.histogram?.bounds).toEqual([4]);
    const exponential = exponentialOf([1, 2, 3], 2);
    expect(joined('histogram', { exponential }, { exponential })[0]?.exponential?.count).toBe(6);
  });

  it('count since the first of them began, as far as that is known', () => {
    expect(joined('counter', { startMs: 5, createdMs: 50 }, { startMs: 7, createdMs: 60 })).toMatchObject([
      { startMs: 5, createdMs: 50 },
    ]);
    expect(joined('counter', { startMs: 5 }, {})[0]?.startMs).toBeUndefined();
  });

  it('are so whatever order labels have, and where one is empty', () => {
    const points = [
      { a: '1', b: '2' },
      { b: '2', a: '1', c: '' },
      { 'a.': '1', b: '2' },
      { a: '1', b: '3' },
    ];
    expect(
      joined('counter', ...points.map((attributes) => ({ attributes, value: 1 }))).map(({ value }) => value),
    ).toEqual([2, 1, 1]);
  });
});
