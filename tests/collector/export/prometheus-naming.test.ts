import { expect, it } from 'vitest';
import {
  labelsOf,
  type NameStyle,
  prometheusName,
  sampleName,
} from '../../../collector/src/export/prometheus-naming.ts';
import type { MetricFamily } from '../../../collector/src/model/metric-family.ts';

function check(name: string, unit: string, kind: MetricFamily['kind'], expected: string, style?: NameStyle): void {
  expect(sampleName({ name, unit, kind }, style)).toBe(expected);
}

it('adds unit and kind to a name, each once', () => {
  check('traces.span.metrics.duration', 's', 'histogram', 'traces_span_metrics_duration_seconds');
  check('traces.span.metrics.duration', 'ms', 'histogram', 'traces_span_metrics_duration_milliseconds');
  check('queue.size', 'By', 'gauge', 'queue_size_bytes');
  check('queue.bytes', 'By', 'gauge', 'queue_bytes');
  check('queue.bytes.used', 'By', 'gauge', 'queue_bytes_used');
  check('disk.io', 'By', 'counter', 'disk_io_bytes_total');
  check('requests', '{request}', 'counter', 'requests_total');
  check('requests_total', '', 'counter', 'requests_total');
  check('requests.total', '', 'counter', 'requests_total');
  check('cpu_total', 's', 'counter', 'cpu_seconds_total');
  check('total', '', 'counter', 'total_total');
  check('target', '', 'info', 'target_info');
  check('build_info', '', 'info', 'build_info');
  check('build.info', '', 'gauge', 'build_info');
});

it('calls 1 a ratio where it is a level only', () => {
  check('usage', '1', 'gauge', 'usage_ratio');
  check('usage.ratio', '1', 'gauge', 'usage_ratio');
  check('errors', '1', 'counter', 'errors_total');
  check('size', '1', 'histogram', 'size');
});

it('spells units out, rates too, and drops annotations', () => {
  check('x', 'By/s', 'gauge', 'x_bytes_per_second');
  check('x', '{packet}/s', 'gauge', 'x_per_second');
  check('x', '1/min', 'gauge', 'x_per_minute');
  check('x', 'By{used}', 'gauge', 'x_bytes');
  check('x', 'KiBy/d', 'gauge', 'x_kibibytes_per_day');
  check('x', 'Cel', 'gauge', 'x_celsius');
  check('x', '%', 'gauge', 'x_percent');
  check('x', 'foo bar', 'gauge', 'x_foo_bar');
  check('x', '{}', 'gauge', 'x');
  check('x', '/', 'gauge', 'x');
  check('x', 'constructor', 'gauge', 'x_constructor');
});

it('writes names in the characters Prometheus takes', () => {
  check('1st.metric', '', 'gauge', '_1st_metric');
  check('a..b--c', '', 'gauge', 'a_b_c');
  check('job:rate', '', 'gauge', 'job:rate');
  check('ends.', 's', 'gauge', 'ends_seconds');
  check('', '', 'gauge', '_');
  check('größe', '', 'gauge', 'gr_e');
});

it('leaves names as they are where UTF-8 is asked for, and escapes them in the scheme that is', () => {
  check('http.größe', 'By', 'counter', 'http.größe_bytes_total', 'allow-utf-8');
  check('http.size', 'By', 'counter', 'http_size_bytes_total', 'underscores');
  check('a..b', '', 'gauge', 'a__b', 'underscores');
  check('http.some_size ', '', 'gauge', 'http_dot_some__size__', 'dots');
  check('plain_name', '', 'gauge', 'plain__name', 'dots');
  check('http.größe_x', '', 'gauge', 'U__http_2e_gr_f6__df_e__x', 'values');
  check('plain_name', '', 'gauge', 'plain_name', 'values');
});

it('says a unit only where the name ends in it', () => {
  const unit = (name: string): string => prometheusName({ name, unit: 'By', kind: 'gauge' }).unit;
  expect([unit('a'), unit('a.bytes'), unit('a.bytes.used')]).toEqual(['bytes', 'bytes', '']);
});

it('keeps from attributes the labels that a format needs', () => {
  const names = (kind: MetricFamily['kind'], key: string, style?: NameStyle): string | undefined =>
    labelsOf({ [key]: 'x' }, kind, style)[0]?.[0];
  expect(names('histogram', 'le')).toBe('exported_le');
  expect(names('gauge', 'le')).toBe('le');
  expect(names('summary', 'quantile')).toBe('exported_quantile');
  expect(names('gauge', '__name__')).toBe('_name_');
  expect(names('gauge', '__name__', 'allow-utf-8')).toBe('exported___name__');
  expect(names('gauge', 'a:b')).toBe('a_b');
  expect(names('gauge', 'a.b', 'allow-utf-8')).toBe('a.b');
  expect(labelsOf({ '': 'x' }, 'gauge')).toEqual([]);
});
