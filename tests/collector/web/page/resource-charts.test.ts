import { expect, test } from 'vitest';
import {
  chartsOf,
  newestText,
  quantityText,
  restOf,
  type ResourceChart,
} from '../../../../collector/src/web/page/resource-charts.ts';
import type { Series } from '../../../../collector/src/web/page/resource-lines.ts';
import { NO_RESOURCES } from '../../../support/metric-views.ts';

type Attributes = Series['attributes'];

function gauge(metric: string, value: number, attributes: Attributes = {}, unit = ''): Series {
  return { metric, unit, kind: 'gauge', attributes, points: [[0, value]] };
}

/** Grew by this much in the last ten seconds. */
function counter(metric: string, growth: number, attributes: Attributes = {}): Series {
  return {
    metric,
    unit: '',
    kind: 'counter',
    attributes,
    points: [
      [10_000, 5],
      [0, 5 + growth],
    ],
  };
}

const charts = (...series: Series[]): ResourceChart[] => chartsOf({ ...NO_RESOURCES, nowMs: 1e12, series });

/** Newest values of every line, by chart and name. */
function newest(...series: Series[]): Record<string, Record<string, number | null | undefined>> {
  const lines = ({ lines: drawn }: ResourceChart): [string, number | null | undefined][] =>
    drawn.map(({ label, values }) => [label, values.at(-1)]);
  return Object.fromEntries(charts(...series).map((chart) => [chart.title, Object.fromEntries(lines(chart))]));
}

test('there is a chart of what is read, and none of what is not', () => {
  expect(charts()).toEqual([]);
  expect(
    newest(
      gauge('system.memory.usage', 6, { 'system.memory.state': 'used' }),
      gauge('system.memory.usage', 2, { 'system.memory.state': 'free' }),
      counter('system.network.io', 100, { 'network.io.direction': 'receive', 'network.interface.name': 'eth0' }),
      counter('system.network.io', 50, { 'network.io.direction': 'receive', 'network.interface.name': 'lo' }),
      gauge('nodejs.eventloop.delay.p99', 0.01),
      gauge('app.requests', 1),
    ),
  ).toEqual({
    'Memory of the host': { used: 6, free: 2 },
    Network: { receive: 15 },
    'Delay of the event loop': { p99: 0.01 },
  });
});

test('the processor is busy with all but idling, on average over its cores', () => {
  const core = (cpu: string, mode: string, ratio: number): Series =>
    gauge('system.cpu.utilization', ratio, { 'cpu.logical_number': cpu, 'cpu.mode': mode });
  const cores = [core('0', 'user', 0.5), core('0', 'idle', 0.5), core('1', 'user', 0.25), core('1', 'iowait', 0.5)];
  expect(newest(...cores)).toEqual({ 'Processor of the host': { busy: 0.375 } });
  // Said of the whole machine as well, that is enough.
  expect(newest(...cores, gauge('system.cpu.utilization', 0.4, { 'cpu.mode': 'user' }))).toEqual({
    'Processor of the host': { busy: 0.4 },
  });
  // Modes are read anew when they have moved, each at its own moment.
  expect(
    newest(...['user', 'system'].map((mode) => gauge('system.cpu.utilization', 0.6, { 'cpu.mode': mode }))),
  ).toEqual({ 'Processor of the host': { busy: 1 } });
});

test('the time of processors is told before their shares, which come at different times', () => {
  const time = [
    counter('system.cpu.time', 4, { 'cpu.mode': 'user' }),
    counter('system.cpu.time', 6, { 'cpu.mode': 'idle' }),
  ];
  expect(newest(...time)).toEqual({ 'Processor of the host': { busy: 0.4 } });
  expect(newest(...time, gauge('system.cpu.utilization', 0.3, { 'cpu.mode': 'user' }))).toEqual({
    'Processor of the host': { busy: 0.4 },
  });
});

test('what is in no chart is listed by name', () => {
  const series = [
    gauge('system.b', 1),
    gauge('process.memory.usage', 1),
    gauge('system.a', 1),
    { ...gauge('system.c', 1), points: [] },
  ];
  expect(restOf({ ...NO_RESOURCES, series }).map(({ metric }) => metric)).toEqual(['system.a', 'system.b']);
});

test('values are written by what they are', () => {
  const check = (...[value, quantity, expected]: [...Parameters<typeof quantityText>, string]): void =>
    expect([quantity, quantityText(value, quantity)]).toEqual([quantity, expected]);
  check(0.5, 'ratio', '50.0 %');
  check(1.5, 'ratio', '150 %');
  check(2048, 'bytes', '2.00 KiB');
  check(2048.4, 'bytes rate', '2.00 KiB/s');
  check(0.012, 'seconds', '12.0 ms');
  check(1234, 'number', '1,234');
  check(0.5, 'number rate', '0.50');
  check(null, 'bytes', '–');
});

test('a newest value is written by its unit', () => {
  const check = (unit: string, value: number, expected: string): void =>
    expect([unit, newestText(gauge('m', value, {}, unit))]).toEqual([unit, expected]);
  check('By', 1024, '1.00 KiB');
  check('s', 90, '1 min 30 s');
  check('1', 0.25, '25.0 %');
  check('{thread}', 11, '11 thread');
  check('', 3, '3');
  expect(newestText({ ...gauge('m', 1), points: [] })).toBe('–');
});
