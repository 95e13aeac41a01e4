// Which charts there are of host, process and runtime, by names of OpenTelemetry's conventions, and what is left over.
import type { ResourcesAnswer } from '../api.ts';
import { bytes, count, duration, NONE, percent, perSecond } from './format.ts';
import { linesOf, type ResourceLine, type Series, type Source } from './resource-lines.ts';

/** What a value is: a share of a whole, bytes, seconds, or a number of things; `rate` of them per second. */
export type Quantity = 'ratio' | 'bytes' | 'bytes rate' | 'seconds' | 'number' | 'number rate';

interface ChartRule {
  readonly title: string;
  readonly quantity: Quantity;
  /** Of these, the first that has any series. */
  readonly sources: readonly (readonly Source[])[];
}

export interface ResourceChart {
  readonly title: string;
  readonly quantity: Quantity;
  /** Unix seconds. */
  readonly times: readonly number[];
  readonly lines: readonly ResourceLine[];
}

const CORES = ['cpu.logical_number', 'cpu'];
const MODES = ['cpu.mode', 'state'];
const DIRECTIONS = ['disk.io.direction', 'network.io.direction', 'direction'];
const busy = { by: MODES, except: ['idle', 'iowait'], together: 'busy', meanOver: CORES, atMost: 1 };

/** @see OpenTelemetry semantic conventions: system, process, Node.js and V8 metrics */
const RULES: readonly ChartRule[] = [
  {
    title: 'Processor of the host',
    quantity: 'ratio',
    // Shares of modes are pushed at different times, so that their sum may say more than all.
    sources: [[{ metric: 'system.cpu.time', ...busy }], [{ metric: 'system.cpu.utilization', ...busy }]],
  },
  {
    title: 'Processor of the process',
    quantity: 'ratio',
    sources: [
      [{ metric: 'process.cpu.time', by: MODES }],
      [{ metric: 'process.cpu.utilization', by: MODES, label: 'used' }],
    ],
  },
  {
    title: 'Memory of the host',
    quantity: 'bytes',
    sources: [[{ metric: 'system.memory.usage', by: ['system.memory.state', 'state'], label: 'used' }]],
  },
  {
    title: 'Memory of the process',
    quantity: 'bytes',
    sources: [
      [
        { metric: 'process.memory.usage', label: 'resident' },
        { metric: 'v8js.memory.heap.used', label: 'heap used' },
      ],
    ],
  },
  {
    title: 'Disk',
    quantity: 'bytes rate',
    sources: [[{ metric: 'system.disk.io', by: DIRECTIONS }], [{ metric: 'process.disk.io', by: DIRECTIONS }]],
  },
  {
    title: 'Space on file systems',
    quantity: 'ratio',
    sources: [[{ metric: 'system.filesystem.utilization', by: ['system.filesystem.mountpoint', 'system.device'] }]],
  },
  {
    title: 'Network',
    quantity: 'bytes rate',
    sources: [[{ metric: 'system.network.io', by: DIRECTIONS }], [{ metric: 'process.network.io', by: DIRECTIONS }]],
  },
  {
    title: 'Delay of the event loop',
    quantity: 'seconds',
    sources: [
      [
        { metric: 'nodejs.eventloop.delay.max', label: 'max' },
        { metric: 'nodejs.eventloop.delay.p99', label: 'p99' },
        { metric: 'nodejs.eventloop.delay.p50', label: 'p50' },
      ],
    ],
  },
  {
    title: 'Use of the event loop',
    quantity: 'ratio',
    sources: [[{ metric: 'nodejs.eventloop.utilization', label: 'busy' }]],
  },
  {
    title: 'Time for collecting garbage',
    quantity: 'ratio',
    sources: [[{ metric: 'v8js.gc.duration', by: ['v8js.gc.type'], label: 'all' }]],
  },
];

/** Every chart that has something to show, in a fixed order. */
export function chartsOf({ series, nowMs }: ResourcesAnswer): ResourceChart[] {
  return RULES.flatMap(({ title, quantity, sources }) => {
    const source = sources.find((each) => each.some(({ metric }) => series.some((known) => known.metric === metric)));
    const { times, lines } = linesOf(wholes(series, source ?? []), source ?? [], nowMs);
    return lines.length === 0 ? [] : [{ title, quantity, times, lines }];
  });
}

/** Newest values of series that are in no chart, by name. */
export function restOf({ series }: ResourcesAnswer): Series[] {
  const charted = new Set(RULES.flatMap(({ sources }) => sources.flat().map(({ metric }) => metric)));
  return series
    .filter(({ metric, points }) => !charted.has(metric) && points.length > 0)
    .sort((a, b) => (a.metric < b.metric ? -1 : Number(a.metric > b.metric)));
}

/** Writes a value of a chart. */
export function quantityText(value: number | null, quantity: Quantity): string {
  if (value === null) return NONE;
  if (quantity === 'ratio') return percent(value);
  if (quantity === 'seconds') return duration(value * 1000);
  if (quantity === 'number') return count(value);
  if (quantity === 'number rate') return perSecond(value);
  return quantity === 'bytes' ? bytes(Math.round(value)) : `${bytes(Math.round(value))}/s`;
}

/** Writes the newest value of a series that is in no chart, by its unit. */
export function newestText({ unit, points }: Series): string {
  const value = points.at(-1)?.[1] ?? null;
  if (value === null) return NONE;
  if (unit === 'By') return bytes(value);
  if (unit === 's') return duration(value * 1000);
  if (unit === '1') return percent(value);
  return `${count(value)}${unit === '' ? '' : ` ${unit.replace(/[{}]/g, '')}`}`;
}

/** Where a metric has a series for the whole machine beside those of its cores, the whole is enough. */
function wholes(series: readonly Series[], sources: readonly Source[]): Series[] {
  const isPart = ({ attributes }: Series): boolean => CORES.some((key) => attributes[key] !== undefined);
  return sources.flatMap(({ metric }) => {
    const known = series.filter((each) => each.metric === metric);
    const whole = known.filter((each) => !isPart(each));
    return whole.length > 0 ? whole : known;
  });
}
