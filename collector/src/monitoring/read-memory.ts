// Memory of the host, and what it pages.
import type { Attributes } from '../model/attributes.ts';
import { NamedRows } from './named-rows.ts';
import { parseKeyed } from './parse-proc.ts';
import { ProcFile } from './proc-file.ts';
import type { Reader } from './reader.ts';
import type { ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

const shared = { component: 'memory', since: 'boot' } as const;
const amount = { ...shared, unit: 'By', kind: 'up_down', follows: 'level', isRatio: false, isInteger: true } as const;
const ratio = { ...shared, unit: '1', kind: 'gauge', follows: 'level', isRatio: true, isInteger: false } as const;
const counter = { ...shared, kind: 'counter', follows: 'slope', isRatio: false, isInteger: true } as const;

const USAGE: SeriesSpec = { ...amount, name: 'system.memory.usage', description: 'Memory by state.' };
const UTILIZATION: SeriesSpec = {
  ...ratio,
  name: 'system.memory.utilization',
  description: 'Share of memory by state.',
};
const LIMIT: SeriesSpec = { ...amount, name: 'system.memory.limit', description: 'Memory there is.' };
const AVAILABLE: SeriesSpec = {
  ...amount,
  name: 'system.memory.linux.available',
  description: 'Memory that programs could have without paging.',
};
const SWAP: SeriesSpec = { ...amount, name: 'system.paging.usage', description: 'Swap space by state.' };
const SWAP_RATIO: SeriesSpec = { ...ratio, name: 'system.paging.utilization', description: 'Share of swap by state.' };
const FAULTS: SeriesSpec = {
  ...counter,
  name: 'system.paging.faults',
  unit: '{fault}',
  description: 'Page faults of all processes; major ones had to wait for a disk.',
};
const OPERATIONS: SeriesSpec = {
  ...counter,
  name: 'system.paging.operations',
  unit: '{operation}',
  description: 'Pages moved from and to swap space.',
};

export const MEMORY_METRICS = { USAGE, UTILIZATION, LIMIT } as const;

const STATES = ['used', 'free', 'cached', 'buffers'] as const;
/** As /proc/meminfo says kB. */
const KIBIBYTE = 1024;

/** /proc/meminfo. Used is what neither is free nor would be given up: as `free` counts it. */
export function memoryReader(table: ReadingTable, file = new ProcFile('/proc/meminfo')): Reader {
  const rows = new NamedRows(1);
  const row = rowsOnce(table);
  return {
    name: 'memory',
    component: 'memory',
    isDear: false,
    metrics: [USAGE, UTILIZATION, LIMIT, AVAILABLE, SWAP, SWAP_RATIO],
    read() {
      const { bytes, length } = file.read();
      parseKeyed(bytes, length, rows);
      const of = (name: string): number => (rows.find(name) ?? 0) * KIBIBYTE;
      const total = of('MemTotal');
      if (total === 0) throw new Error('MemTotal is missing');
      const free = of('MemFree');
      const cached = of('Cached') + of('SReclaimable');
      const buffers = of('Buffers');
      const used = Math.max(0, total - free - cached - buffers);
      for (const [i, bytesOf] of [used, free, cached, buffers].entries()) {
        const attributes: Attributes = [['system.memory.state', STATES[i] ?? '']];
        table.set(row(USAGE, i, attributes), bytesOf);
        table.set(row(UTILIZATION, i, attributes), bytesOf / total);
      }
      table.set(row(LIMIT, 0, []), total);
      if (rows.find('MemAvailable') !== undefined) table.set(row(AVAILABLE, 0, []), of('MemAvailable'));
      const swap = of('SwapTotal');
      if (swap === 0) return;
      for (const [i, bytesOf] of [swap - of('SwapFree'), of('SwapFree')].entries()) {
        const attributes: Attributes = [['system.paging.state', STATES[i] ?? '']];
        table.set(row(SWAP, i, attributes), bytesOf);
        table.set(row(SWAP_RATIO, i, attributes), bytesOf / swap);
      }
    },
    stop: () => file.close(),
  };
}

/** /proc/vmstat. */
export function pagingReader(table: ReadingTable, file = new ProcFile('/proc/vmstat')): Reader {
  const rows = new NamedRows(1);
  const row = rowsOnce(table);
  return {
    name: 'paging',
    component: 'memory',
    isDear: false,
    metrics: [FAULTS, OPERATIONS],
    read() {
      const { bytes, length } = file.read();
      parseKeyed(bytes, length, rows);
      const all = rows.find('pgfault');
      const major = rows.find('pgmajfault');
      if (all === undefined || major === undefined) throw new Error('pgfault is missing');
      table.set(row(FAULTS, 0, [['system.paging.fault.type', 'minor']]), all - major);
      table.set(row(FAULTS, 1, [['system.paging.fault.type', 'major']]), major);
      for (const [i, [key, direction]] of [
        ['pswpin', 'in'],
        ['pswpout', 'out'],
      ].entries()) {
        const pages = rows.find(key ?? '');
        if (pages !== undefined) table.set(row(OPERATIONS, i, [['system.paging.direction', direction ?? '']]), pages);
      }
    },
    stop: () => file.close(),
  };
}

/** Rows of series that come when they are first read. @returns the row of a metric's series by its number */
export function rowsOnce(table: ReadingTable): (spec: SeriesSpec, index: number, attributes: Attributes) => number {
  const known = new Map<SeriesSpec, number[]>();
  return (spec, index, attributes) => {
    let rows = known.get(spec);
    if (rows === undefined) known.set(spec, (rows = []));
    return (rows[index] ??= table.add({ spec, attributes }));
  };
}
