import { describe, expect, it } from 'vitest';
import type { MetricFamily } from '../../../collector/src/model/metric-family.ts';
import { type PageOptions, pageText } from '../../support/metrics-page.ts';

function family(shape: Partial<MetricFamily>): MetricFamily {
  return { name: 'test.metric', unit: '', description: 'Words.', kind: 'counter', points: [], ...shape };
}

function lines(shape: Partial<MetricFamily>, format: 'text' | 'openmetrics', options: PageOptions = {}): string[] {
  return pageText([family(shape)], format, options)
    .split('\n')
    .slice(0, -1);
}

describe('a counter', () => {
  const calls = {
    name: 'calls',
    points: [
      { attributes: { 'service.name': 'a' }, value: 3 },
      { attributes: {}, value: 0.5 },
    ],
  };

  it('is _total in its head in the text format only', () => {
    expect(lines(calls, 'text')).toEqual([
      '# HELP calls_total Words.',
      '# TYPE calls_total counter',
      'calls_total{service_name="a"} 3',
      'calls_total 0.5',
    ]);
    expect(lines(calls, 'openmetrics')).toEqual([
      '# HELP calls Words.',
      '# TYPE calls counter',
      'calls_total{service_name="a"} 3',
      'calls_total 0.5',
    ]);
  });

  it('says its unit in OpenMetrics', () => {
    const size = { name: 'received.size', unit: 'By', points: [{ attributes: {}, value: 1 }] };
    expect(lines(size, 'text').slice(1)).toEqual([
      '# TYPE received_size_bytes_total counter',
      'received_size_bytes_total 1',
    ]);
    expect(lines(size, 'openmetrics')).toEqual([
      '# TYPE received_size_bytes counter',
      '# UNIT received_size_bytes bytes',
      '# HELP received_size_bytes Words.',
      'received_size_bytes_total 1',
    ]);
  });

  it('shows 0 where it is held, a gauge never', () => {
    const points = [{ attributes: {}, value: 7 }];
    expect(lines({ points }, 'text', { hold: () => true }).at(-1)).toBe('test_metric_total 0');
    expect(lines({ points, kind: 'gauge' }, 'text', { hold: () => true }).at(-1)).toBe('test_metric 7');
  });
});

describe('a histogram', () => {
  const points = [
    { attributes: { a: 'b' }, histogram: { bounds: [0.5, 1, 10], counts: [1, 0, 2, 4], sum: 12.5, count: 7 } },
  ];

  it('is cumulative, with bounds in their canonical form in both formats', () => {
    const expected = [
      'test_metric_seconds_bucket{a="b",le="0.5"} 1',
      'test_metric_seconds_bucket{a="b",le="1.0"} 1',
      'test_metric_seconds_bucket{a="b",le="10.0"} 3',
      'test_metric_seconds_bucket{a="b",le="+Inf"} 7',
      'test_metric_seconds_sum{a="b"} 12.5',
      'test_metric_seconds_count{a="b"} 7',
    ];
    const shape = { kind: 'histogram', unit: 's', points } as const;
    expect(lines(shape, 'text')).toEqual([
      '# HELP test_metric_seconds Words.',
      '# TYPE test_metric_seconds histogram',
      ...expected,
    ]);
    expect(lines(shape, 'openmetrics').slice(3)).toEqual(expected);
  });

  it('shows 0 everywhere where it is held', () => {
    const held = lines({ kind: 'histogram', points }, 'text', { hold: () => true }).slice(2);
    expect(held).toHaveLength(6);
    expect(held.every((line) => line.endsWith(' 0'))).toBe(true);
  });
});

describe('text', () => {
  it('is escaped as each format asks', () => {
    const description = 'one \\ two\nthree "four"';
    const points = [{ attributes: { key: 'one \\ two\nthree "four" grün 日本\t' }, value: 1 }];
    const label = 'test_metric_total{key="one \\\\ two\\nthree \\"four\\" grün 日本\t"} 1';
    expect(lines({ description, points }, 'text')).toEqual([
      '# HELP test_metric_total one \\\\ two\\nthree "four"',
      '# TYPE test_metric_total counter',
      label,
    ]);
    expect(lines({ description, points }, 'openmetrics')).toEqual([
      '# HELP test_metric one \\\\ two\\nthree \\"four\\"',
      '# TYPE test_metric counter',
      label,
    ]);
  });

  it('has only names that Prometheus takes', () => {
    const check = (attributes: Record<string, string>, expected: string): void => {
      expect(lines({ points: [{ attributes, value: 1 }] }, 'text').at(-1)).toBe(`test_metric_total${expected} 1`);
    };
    check({ 'http.route': '/', 'größe-x': '1', '1st': 'y' }, '{http_route="/",gr_e_x="1",_1st="y"}');
    // One label of each name, or the whole page would be refused; values in the order of keys.
    // @see Prometheus and OpenMetrics Compatibility
    check({ 'http.route': 'a', http_route: 'b', 'http-route': 'c' }, '{http_route="c;a;b"}');
  });

  it('writes numbers as Prometheus reads them', () => {
    const check = (value: number, expected: string): void => {
      const points = [{ attributes: {}, value }];
      expect(lines({ kind: 'gauge', points }, 'text').at(-1)).toBe(`test_metric ${expected}`);
    };
    check(0, '0');
    check(1e21, '1e+21');
    check(9_007_199_254_740_991, '9007199254740991');
    check(-0.001, '-0.001');
    check(Infinity, '+Inf');
    check(-Infinity, '-Inf');
    check(Number.NaN, 'NaN');
  });

  it('leaves out a family without points', () => {
    expect(lines({}, 'text')).toEqual([]);
  });
});
