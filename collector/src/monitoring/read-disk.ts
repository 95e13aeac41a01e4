// What disks do, from /proc/diskstats, and the space on file systems.
import { readFile, statfs } from 'node:fs/promises';
import { type Attributes, canonical } from '../model/attributes.ts';
import { NamedRows } from './named-rows.ts';
import { DISK, DISK_FIELDS, type Mount, parseDisks, parseMounts } from './parse-proc.ts';
import { ProcFile } from './proc-file.ts';
import type { Reader } from './reader.ts';
import { type Described, NamedSeries, type ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

const SECTOR_BYTES = 512;
const MS = 1000;

const shared = { component: 'disk', since: 'boot' } as const;
const counter = { ...shared, kind: 'counter', follows: 'slope', isRatio: false, isInteger: true } as const;

const IO: SeriesSpec = { ...counter, name: 'system.disk.io', unit: 'By', description: 'Bytes read and written.' };
const OPERATIONS: SeriesSpec = {
  ...counter,
  name: 'system.disk.operations',
  unit: '{operation}',
  description: 'Reads and writes done.',
};
const IO_TIME: SeriesSpec = {
  ...counter,
  name: 'system.disk.io_time',
  unit: 's',
  description: 'Time in which the disk did anything.',
  isRatio: true,
  isInteger: false,
};

/** Devices that are a view on others, or on memory. */
const VIEWS = /^(loop|ram|zram|fd|sr)\d/;

export function diskReader(table: ReadingTable, file = new ProcFile('/proc/diskstats')): Reader {
  const rows = new NamedRows(DISK_FIELDS);
  const series = new NamedSeries(table, seriesOf);
  return {
    name: 'disk',
    component: 'disk',
    isDear: false,
    metrics: [IO, OPERATIONS, IO_TIME],
    read() {
      const { bytes, length } = file.read();
      parseDisks(bytes, length, rows);
      series.visit(rows, (each, offset) => {
        const column = (index: number): number => rows.values[offset + index] ?? 0;
        table.set(each[0] ?? -1, column(DISK.sectorsRead) * SECTOR_BYTES);
        table.set(each[1] ?? -1, column(DISK.sectorsWritten) * SECTOR_BYTES);
        table.set(each[2] ?? -1, column(DISK.reads));
        table.set(each[3] ?? -1, column(DISK.writes));
        table.set(each[4] ?? -1, column(DISK.ioMs) / MS);
      });
    },
    stop: () => file.close(),
  };
}

function seriesOf(device: string): Described[] {
  if (VIEWS.test(device)) return [];
  const both = (spec: SeriesSpec): Described[] =>
    ['read', 'write'].map((direction) => ({
      spec,
      attributes: canonical([
        ['disk.io.direction', direction],
        ['system.device', device],
      ]),
    }));
  return [...both(IO), ...both(OPERATIONS), { spec: IO_TIME, attributes: [['system.device', device]] }];
}

const USAGE: SeriesSpec = {
  ...shared,
  name: 'system.filesystem.usage',
  unit: 'By',
  description: 'Space on a file system by state; reserved is for its owner alone.',
  kind: 'up_down',
  follows: 'level',
  isRatio: false,
  isInteger: true,
  isDear: true,
};
const UTILIZATION: SeriesSpec = {
  ...shared,
  name: 'system.filesystem.utilization',
  unit: '1',
  description: 'Share of the space that programs may use which is used.',
  kind: 'gauge',
  follows: 'level',
  isRatio: true,
  isInteger: false,
  isDear: true,
};

/** Space of one file system, in bytes. */
export interface Space {
  readonly used: number;
  readonly free: number;
  readonly reserved: number;
}

/** Where mounts are listed, and how space is asked for: replaced in tests, and where there is no /proc. */
export interface FileSystems {
  mounts(): Promise<readonly Mount[]>;
  /** @throws where it does not answer */
  space(mount: Mount): Promise<Space>;
}

const linux: FileSystems = {
  mounts: async () => parseMounts(await readFile('/proc/self/mounts', 'utf8')),
  async space({ folder }) {
    const { bsize, blocks, bfree, bavail } = await statfs(folder);
    return { used: (blocks - bfree) * bsize, free: bavail * bsize, reserved: (bfree - bavail) * bsize };
  },
};

/** Dear: an answer may have to come over a network. One that fails is left out, and the others are read. */
export function fileSystemReader(table: ReadingTable, systems: FileSystems = linux): Reader {
  const known = new Map<string, readonly number[]>();
  return {
    name: 'file systems',
    component: 'disk',
    isDear: true,
    metrics: [USAGE, UTILIZATION],
    async read() {
      const mounts = await systems.mounts();
      forget(table, known, new Set(mounts.map(({ device }) => device)));
      const spaces = await Promise.allSettled(mounts.map((mount) => systems.space(mount)));
      for (const [i, mount] of mounts.entries()) {
        const result = spaces[i];
        if (result?.status === 'fulfilled') set(table, known, mount, result.value);
      }
      const failed = spaces.find((each) => each.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

function set(table: ReadingTable, known: Map<string, readonly number[]>, mount: Mount, space: Space): void {
  let rows = known.get(mount.device);
  if (rows === undefined) known.set(mount.device, (rows = spaceSeries(mount).map((each) => table.add(each))));
  const { used, free, reserved } = space;
  for (const [i, value] of [used, free, reserved].entries()) table.set(rows[i] ?? -1, value);
  if (used + free > 0) table.set(rows[3] ?? -1, used / (used + free));
}

function spaceSeries({ device, folder, type, isWritable }: Mount): Described[] {
  const place: Attributes = [
    ['system.device', device],
    ['system.filesystem.mode', isWritable ? 'rw' : 'ro'],
    ['system.filesystem.mountpoint', folder],
    ['system.filesystem.type', type],
  ];
  const usage = ['used', 'free', 'reserved'].map((state): Described => ({
    spec: USAGE,
    attributes: canonical([...place, ['system.filesystem.state', state]]),
  }));
  return [...usage, { spec: UTILIZATION, attributes: place }];
}

function forget(table: ReadingTable, known: Map<string, readonly number[]>, devices: ReadonlySet<string>): void {
  for (const [device, rows] of known) {
    if (devices.has(device)) continue;
    for (const row of rows) table.remove(row);
    known.delete(device);
  }
}
