// This process and its container.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import type { Attributes } from '../model/attributes.ts';
import { NamedRows } from './named-rows.ts';
import { parseCgroups, parseKeyed, parseNumber } from './parse-proc.ts';
import { ProcFile } from './proc-file.ts';
import { rowsOnce } from './read-memory.ts';
import type { Reader } from './reader.ts';
import type { ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

const shared = { component: 'process', since: 'process' } as const;
const level = { ...shared, kind: 'up_down', follows: 'level', isRatio: false, isInteger: true } as const;
const counter = { ...shared, kind: 'counter', follows: 'slope', isRatio: false, isInteger: true } as const;

const TIME: SeriesSpec = {
  ...counter,
  name: 'process.cpu.time',
  unit: 's',
  description: 'CPU time of this sidecar.',
  isRatio: true,
  isInteger: false,
};
const UTILIZATION: SeriesSpec = {
  ...shared,
  name: 'process.cpu.utilization',
  unit: '1',
  description: 'CPU time of this sidecar since the last point, as a share of all its processors.',
  kind: 'gauge',
  follows: 'level',
  isRatio: true,
  isInteger: false,
  isMean: true,
};
const MEMORY: SeriesSpec = {
  ...level,
  name: 'process.memory.usage',
  unit: 'By',
  description: 'Resident memory of this sidecar.',
};
const PEAK: SeriesSpec = {
  ...level,
  name: 'process.memory.peak',
  unit: 'By',
  description: 'Most memory of this sidecar that was resident at any time.',
};
const THREADS: SeriesSpec = {
  ...level,
  name: 'process.thread.count',
  unit: '{thread}',
  description: 'Threads of this sidecar.',
};
const DESCRIPTORS: SeriesSpec = {
  ...level,
  name: 'process.unix.file_descriptor.count',
  unit: '{file_descriptor}',
  description: 'Files and sockets this sidecar has open.',
};
const MOST_DESCRIPTORS: SeriesSpec = {
  ...level,
  name: 'process.unix.file_descriptor.limit',
  unit: '{file_descriptor}',
  description: 'Files and sockets this sidecar may have open.',
};
const UPTIME: SeriesSpec = {
  ...shared,
  name: 'process.uptime',
  unit: 's',
  description: 'Time since this sidecar started.',
  kind: 'gauge',
  follows: 'slope',
  isRatio: true,
  isInteger: false,
};
const FAULTS: SeriesSpec = {
  ...counter,
  name: 'process.paging.faults',
  unit: '{fault}',
  description: 'Page faults of this sidecar.',
};

/** What the runtime says of its process. */
export interface OwnProcess {
  resourceUsage(): Pick<NodeJS.ResourceUsage, 'userCPUTime' | 'systemCPUTime' | 'minorPageFault' | 'majorPageFault'>;
  rssBytes(): number;
  uptimeSeconds(): number;
  readonly processors: number;
}

const MICROSECONDS = 1e6;

/** By the runtime: on every system. */
export function processReader(table: ReadingTable, own: OwnProcess): Reader {
  const row = rowsOnce(table);
  const before = [NaN, NaN];
  let beforeMs = NaN;
  let beganMs = NaN;
  return {
    name: 'process',
    component: 'process',
    isDear: false,
    metrics: [TIME, UTILIZATION, UPTIME, FAULTS, MEMORY],
    read(nowMs) {
      const { userCPUTime, systemCPUTime, minorPageFault, majorPageFault } = own.resourceUsage();
      for (const [i, micros] of [userCPUTime, systemCPUTime].entries()) {
        const attributes: Attributes = [['cpu.mode', i === 0 ? 'user' : 'system']];
        const spent = micros / MICROSECONDS;
        table.set(row(TIME, i, attributes), spent);
        const passed = ((nowMs - beforeMs) / 1000) * own.processors;
        if (passed > 0) table.set(row(UTILIZATION, i, attributes), Math.min(1, (spent - (before[i] ?? 0)) / passed));
        before[i] = spent;
      }
      beforeMs = nowMs;
      // By the time of the readings, so that it is the straight line it should be.
      if (Number.isNaN(beganMs)) beganMs = nowMs - own.uptimeSeconds() * 1000;
      table.set(row(UPTIME, 0, []), (nowMs - beganMs) / 1000);
      table.set(row(FAULTS, 0, [['system.paging.fault.type', 'minor']]), minorPageFault);
      table.set(row(FAULTS, 1, [['system.paging.fault.type', 'major']]), majorPageFault);
      table.set(row(MEMORY, 0, []), own.rssBytes());
    },
  };
}

const KIBIBYTE = 1024;

/** /proc/self: what the runtime does not say. */
export function procSelfReader(table: ReadingTable, folder = '/proc/self'): Reader {
  const file = new ProcFile(`${folder}/status`);
  const rows = new NamedRows(1);
  const row = rowsOnce(table);
  /** The runtime raises it when it starts, and nobody does later. */
  let most: number | undefined;
  return {
    name: 'proc self',
    component: 'process',
    isDear: false,
    metrics: [THREADS, PEAK, DESCRIPTORS, MOST_DESCRIPTORS],
    read() {
      const { bytes, length } = file.read();
      parseKeyed(bytes, length, rows);
      const threads = rows.find('Threads');
      const peak = rows.find('VmHWM');
      if (threads !== undefined) table.set(row(THREADS, 0, []), threads);
      if (peak !== undefined) table.set(row(PEAK, 0, []), peak * KIBIBYTE);
      table.set(row(DESCRIPTORS, 0, []), descriptorCount(`${folder}/fd`));
      most ??= mostDescriptors(`${folder}/limits`);
      if (Number.isFinite(most)) table.set(row(MOST_DESCRIPTORS, 0, []), most);
    },
    stop: () => file.close(),
  };
}

/** @returns NaN where there is no limit, or it is not told */
function mostDescriptors(path: string): number {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return NaN;
  return Number(/^Max open files +(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1]);
}

/** Kernels from 6.2 on tell the count as the size of the folder, which is cheaper than listing it. */
function descriptorCount(folder: string): number {
  const { size } = statSync(folder);
  return size > 0 ? size : readdirSync(folder).length;
}

const CONTAINER_PEAK: SeriesSpec = {
  ...level,
  name: 'container.memory.peak',
  unit: 'By',
  description: 'Most memory that the control group of this sidecar used at any time.',
};
const THROTTLED: SeriesSpec = {
  ...counter,
  name: 'container.cpu.throttled.time',
  unit: 's',
  description: 'Time in which the control group of this sidecar had used up its share of CPU.',
  isRatio: true,
  isInteger: false,
};
const PERIODS: SeriesSpec = {
  ...counter,
  name: 'container.cpu.throttled.periods',
  unit: '{period}',
  description: 'Periods in which the control group of this sidecar had used up its share of CPU.',
};

/** Files of a control group, of version 2 and of version 1, relative to where it is mounted. */
interface CgroupFiles {
  readonly peak: ProcFile | undefined;
  readonly cpu: ProcFile | undefined;
}

/**
 * The control group of this process, where it has figures of its own: a limit need not be set, the root has none.
 *
 * @param root where control groups are mounted
 * @param membership text of /proc/self/cgroup
 */
export function containerReader(
  table: ReadingTable,
  root = '/sys/fs/cgroup',
  membership = (): string => readFileSync('/proc/self/cgroup', 'utf8'),
): Reader {
  let files: CgroupFiles | undefined;
  const rows = new NamedRows(1);
  const row = rowsOnce(table);
  const first = (candidates: readonly string[]): ProcFile | undefined => {
    const path = candidates.find((each) => statSync(each, { throwIfNoEntry: false }) !== undefined);
    return path === undefined ? undefined : new ProcFile(path);
  };
  const find = (): CgroupFiles => {
    const paths = parseCgroups(membership());
    // Inside a container the path is that of the host, and what is mounted is the container's own.
    const at = (controller: string, file: string, mount: string): string[] =>
      ['', paths.get(controller) ?? ''].toReversed().map((path) => `${root}${mount}${path}/${file}`);
    return {
      peak: first([...at('', 'memory.peak', ''), ...at('memory', 'memory.max_usage_in_bytes', '/memory')]),
      cpu: first([
        ...at('', 'cpu.stat', ''),
        ...at('cpu', 'cpu.stat', '/cpu'),
        ...at('cpu', 'cpu.stat', '/cpu,cpuacct'),
      ]),
    };
  };
  return {
    name: 'container',
    component: 'process',
    isDear: false,
    metrics: [CONTAINER_PEAK, THROTTLED, PERIODS],
    read() {
      files ??= find();
      const peak = files.peak === undefined ? undefined : number(files.peak);
      if (peak !== undefined) table.set(row(CONTAINER_PEAK, 0, []), peak);
      if (files.cpu === undefined) return;
      const cpu = files.cpu.read();
      parseKeyed(cpu.bytes, cpu.length, rows);
      const periods = rows.find('nr_throttled');
      const micros = rows.find('throttled_usec') ?? (rows.find('throttled_time') ?? NaN) / 1000;
      if (periods !== undefined) table.set(row(PERIODS, 0, []), periods);
      if (Number.isFinite(micros)) table.set(row(THROTTLED, 0, []), micros / MICROSECONDS);
    },
    stop() {
      files?.peak?.close();
      files?.cpu?.close();
      files = undefined;
    },
  };
}

function number(file: ProcFile): number | undefined {
  const { bytes, length } = file.read();
  return parseNumber(bytes, length);
}
