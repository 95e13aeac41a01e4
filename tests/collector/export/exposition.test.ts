import { describe, expect, it } from 'vitest';
import { negotiate, prometheusName, writeFamily } from '../../../collector/src/export/exposition.ts';
import type { MetricFamily } from '../../../collector/src/model/metric-family.ts';

const never = (): boolean => false;

function family(shape: Partial<MetricFamily>): MetricFamily {
  return { name: 'test.metric', unit: '', description: 'Words.', kind: 'counter', points: [], ...shape };
}

function lines(shape: Partial<MetricFamily>, format: 'text' | 'openmetrics', hold = never): string[] {
  return [...writeFamily(family(shape), format, hold)].join('').split('\n').slice(0, -1);
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
    expect(lines({ points }, 'text', () => true).at(-1)).toBe('test_metric_total 0');
    expect(lines({ points, kind: 'gauge' }, 'text', () => true).at(-1)).toBe('test_metric 7');
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
    const held = lines({ kind: 'histogram', points }, 'text', () => true).slice(2);
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
    check({ 'http.route': '/', 'größe-x': '1', '1st': 'y' }, '{http_route="/",gr__e_x="1",_1st="y"}');
    // One label of each name, or the whole page would be refused. @see Prometheus and OpenMetrics Compatibility
    check({ 'http.route': 'a', http_route: 'b', 'http-route': 'c' }, '{http_route="a;b;c"}');
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

it('adds a unit to a name once', () => {
  const check = (name: string, unit: string, expected: string): void => {
    expect(prometheusName({ name, unit })).toBe(expected);
  };
  check('traces.span.metrics.duration', 's', 'traces_span_metrics_duration_seconds');
  check('traces.span.metrics.duration', 'ms', 'traces_span_metrics_duration_milliseconds');
  check('queue.size', 'By', 'queue_size_bytes');
  check('queue.bytes', 'By', 'queue_bytes');
  check('spans', '{span}', 'spans');
  check('usage', '1', 'usage_ratio');
  check('1st.metric', '', '_1st_metric');
});

it('answers in OpenMetrics only to whoever prefers it', () => {
  const check = (accept: string | undefined, expected: 'text' | 'openmetrics'): void => {
    expect(negotiate(accept)).toBe(expected);
  };
  check(undefined, 'text');
  check('', 'text');
  check('*/*', 'text');
  check('text/html,application/xhtml+xml,*/*;q=0.8', 'text');
  check('application/json', 'text');
  check('application/openmetrics-text', 'openmetrics');
  check('Application/OpenMetrics-Text; version=1.0.0; charset=utf-8', 'openmetrics');
  check(
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  );
  check(
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.3',
    'openmetrics',
  );
  check('text/plain;q=0.9, application/openmetrics-text;q=0.8', 'text');
  check('text/plain;q=0.8, application/openmetrics-text;q=0.9', 'openmetrics');
  check('application/openmetrics-text;q=0', 'text');
  check('application/openmetrics-text;q=nonsense', 'text');
});
