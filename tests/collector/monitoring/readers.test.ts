// Readers on files as a Debian machine has them, and as odd ones do; and once on this machine.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attributeOf } from '../../../collector/src/model/attributes.ts';
import { monitoringConfig } from '../../../collector/src/monitoring/config.ts';
import { ProcFile } from '../../../collector/src/monitoring/proc-file.ts';
import { cpuReader } from '../../../collector/src/monitoring/read-cpu.ts';
import { diskReader, fileSystemReader } from '../../../collector/src/monitoring/read-disk.ts';
import { elsewhereReaders } from '../../../collector/src/monitoring/read-elsewhere.ts';
import { memoryReader, pagingReader } from '../../../collector/src/monitoring/read-memory.ts';
import { connectionReader, interfaceReader } from '../../../collector/src/monitoring/read-network.ts';
import { containerReader, processReader } from '../../../collector/src/monitoring/read-process.ts';
import { collectionsReader } from '../../../collector/src/monitoring/read-runtime.ts';
import type { Reader } from '../../../collector/src/monitoring/reader.ts';
import { systemReaders } from '../../../collector/src/monitoring/readers.ts';
import { ReadingTable } from '../../../collector/src/monitoring/reading-table.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** What was set since the last time, as `name value value…` of its attributes. */
function taken(table: ReadingTable): Record<string, number> {
  const found: Record<string, number> = {};
  table.takeTouched((_, { spec, attributes }, value) => {
    found[[spec.name, ...attributes.map(([, each]) => String(each))].join(' ')] = value;
  });
  return found;
}

interface Files {
  file(path: string, text: string): ProcFile;
  readonly folder: string;
}

function files(): Files {
  const folder = temporaryFolder();
  return {
    folder,
    file(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
      return new ProcFile(join(folder, path));
    },
  };
}

describe('CPU time', () => {
  it('is told in seconds by mode, and as a share of the time that passed', () => {
    const { file } = files();
    const table = new ReadingTable();
    const stat = file('stat', 'cpu 100 0 50 850 0 5 5 0\ncpu0 100 0 50 850 0 5 5 0\n');
    const reader = cpuReader(table, stat);
    void reader.read(0);
    const first = taken(table);
    expect(first['system.cpu.time user']).toBe(1);
    expect(first['system.cpu.time 0 interrupt']).toBe(0.1);
    expect(Object.keys(first).filter((name) => name.startsWith('system.cpu.utilization'))).toEqual([]);
    file('stat', 'cpu 125 0 50 925 0 5 5 0\ncpu0 125 0 50 925 0 5 5 0\n');
    void reader.read(1000);
    const second = taken(table);
    expect(second['system.cpu.utilization user']).toBe(0.25);
    expect(second['system.cpu.utilization 0 idle']).toBe(0.75);
  });

  it('does not fall where the kernel takes idle time back, and goes with its processor', () => {
    const { file } = files();
    const table = new ReadingTable();
    const reader = cpuReader(table, file('stat', 'cpu 1 0 0 500\ncpu1 1 0 0 500\n'));
    void reader.read(0);
    taken(table);
    file('stat', 'cpu 1 0 0 499\n');
    void reader.read(1000);
    expect(taken(table)['system.cpu.time idle']).toBe(5);
    const gone: string[] = [];
    table.takeGone((_, { attributes }) => gone.push(String(attributeOf(attributes, 'cpu.logical_number'))));
    expect(gone).toEqual(Array<string>(14).fill('1'));
  });
});

describe('memory', () => {
  it('adds up to what there is', () => {
    const { file } = files();
    const table = new ReadingTable();
    const text =
      'MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 700 kB\nBuffers: 50 kB\nCached: 200 kB\nSwapTotal: 0 kB\nSReclaimable: 50 kB\n';
    void memoryReader(table, file('meminfo', text)).read(0);
    const found = taken(table);
    expect(found).toMatchObject({
      'system.memory.usage used': 400 * 1024,
      'system.memory.usage cached': 250 * 1024,
      'system.memory.utilization free': 0.3,
      'system.memory.limit': 1_024_000,
    });
    expect(Object.keys(found).filter((name) => name.includes('paging'))).toEqual([]);
  });

  it('is refused where a container shows none', () => {
    const { file } = files();
    expect(() => memoryReader(new ReadingTable(), file('meminfo', '')).read(0)).toThrow('MemTotal');
    expect(() => pagingReader(new ReadingTable(), file('vmstat', 'nr_free_pages 1\n')).read(0)).toThrow('pgfault');
  });
});

it('disks have series when they did something, and none when they are views on others', () => {
  const { file } = files();
  const table = new ReadingTable();
  const lines = (reads: number): string =>
    ` 7 0 loop0 ${reads} 0 8\n 8 0 sda ${reads} 0 8 0 2 0 16 0 0 250 0\n 8 16 sdb 0 0 0 0 0 0 0 0 0 0 0\n`;
  const reader = diskReader(table, file('diskstats', lines(5)));
  void reader.read(0);
  expect(taken(table)).toEqual({
    'system.disk.io read sda': 4096,
    'system.disk.io write sda': 8192,
    'system.disk.operations read sda': 5,
    'system.disk.operations write sda': 2,
    'system.disk.io_time sda': 0.25,
  });
});

it('interfaces keep their series when another comes before them', () => {
  const { file } = files();
  const table = new ReadingTable();
  const line = (name: string, bytes: number): string => `${name}: ${bytes} 1 0 0 0 0 0 0 ${bytes} 1 0 0 0 0 0 0\n`;
  const reader = interfaceReader(table, file('dev', line('eth0', 10)));
  void reader.read(0);
  taken(table);
  file('dev', line('veth1', 7) + line('eth0', 20));
  void reader.read(1000);
  expect(taken(table)['system.network.io eth0 receive']).toBe(20);
  file('dev', line('veth1', 8));
  void reader.read(2000);
  expect(Object.keys(taken(table)).some((name) => name.includes('eth0') && !name.includes('veth'))).toBe(false);
});

it('connections are counted by state over both versions of IP, and are 0 when the last has gone', () => {
  const { file, folder } = files();
  const table = new ReadingTable();
  const line = (state: string): string => `   0: 0100007F:0FA1 00000000:0000 ${state} 0:0\n`;
  const reader = connectionReader(table, {
    tcp: [file('tcp', line('01') + line('03')), file('tcp6', line('01') + line('0C'))],
    udp: [new ProcFile(join(folder, 'missing'))],
    summary: file('sockstat', 'TCP: inuse 3 orphan 0 tw 1\n'),
  });
  void reader.read(0);
  expect(taken(table)).toEqual({
    'system.network.connection.count established tcp': 2,
    'system.network.connection.count syn_received tcp': 2,
  });
  expect(reader.sentinel?.()).toBe(4);
  file('tcp', '');
  file('tcp6', line('0A'));
  void reader.read(1000);
  expect(taken(table)['system.network.connection.count established tcp']).toBe(0);
});

describe('a container', () => {
  const check = (tree: Record<string, string>, membership: string, expected: Record<string, number>): void => {
    const { file, folder } = files();
    for (const [path, text] of Object.entries(tree)) file(path, text);
    const table = new ReadingTable();
    void containerReader(table, folder, () => membership).read(0);
    expect(taken(table)).toEqual(expected);
  };

  it('tells its peak and its throttling by version 2, at its own path or where it is the root', () => {
    const peak = { 'container.memory.peak': 77 };
    const throttled = { 'container.cpu.throttled.periods': 4, 'container.cpu.throttled.time': 1.5 };
    const stat = 'usage_usec 9\nnr_periods 10\nnr_throttled 4\nthrottled_usec 1500000\n';
    check({ 'pod/memory.peak': '77\n', 'pod/cpu.stat': stat }, '0::/pod\n', { ...peak, ...throttled });
    check({ 'memory.peak': '77\n', 'cpu.stat': stat }, '0::/elsewhere\n', { ...peak, ...throttled });
  });

  it('tells them by version 1', () => {
    check(
      {
        'memory/a/memory.max_usage_in_bytes': '5\n',
        'cpu,cpuacct/a/cpu.stat': 'nr_throttled 1\nthrottled_time 2000000000\n',
      },
      '4:memory:/a\n3:cpu,cpuacct:/a\n',
      { 'container.memory.peak': 5, 'container.cpu.throttled.periods': 1, 'container.cpu.throttled.time': 2 },
    );
  });

  it('tells nothing where there is none', () => {
    check({}, '0::/\n', {});
    check({ 'cpu.stat': 'usage_usec 9\n' }, '', {});
  });
});

it('file systems that do not answer are left out, and said to have failed', async () => {
  const table = new ReadingTable();
  const mount = (device: string) => ({ device, folder: `/${device}`, type: 'ext4', isWritable: true });
  let mounts = [mount('a'), mount('b')];
  const reader = fileSystemReader(table, {
    mounts: async () => mounts,
    space: async ({ device }) => {
      if (device === 'b') throw new Error('stale handle');
      return { used: 30, free: 60, reserved: 10 };
    },
  });
  await expect(reader.read(0)).rejects.toThrow('stale handle');
  const found = taken(table);
  expect(found['system.filesystem.usage a rw /a used ext4']).toBe(30);
  expect(found['system.filesystem.utilization a rw /a ext4']).toBeCloseTo(1 / 3);
  mounts = [];
  await reader.read(1000);
  let gone = 0;
  table.takeGone(() => gone++);
  expect(gone).toBe(4);
});

it('utilization of the process is of all its processors, since the last reading', () => {
  const table = new ReadingTable();
  let micros = 1e6;
  const reader = processReader(table, {
    resourceUsage: () => ({ userCPUTime: micros, systemCPUTime: 0, minorPageFault: 1, majorPageFault: 0 }),
    rssBytes: () => 1,
    uptimeSeconds: () => 1,
    processors: 4,
  });
  void reader.read(0);
  expect(taken(table)['process.cpu.utilization user']).toBeUndefined();
  micros += 2e6;
  void reader.read(1000);
  expect(taken(table)['process.cpu.utilization user']).toBe(0.5);
});

it('garbage collections are counted by type, as they are told', () => {
  const table = new ReadingTable();
  let tell = (_kind: number, _durationMs: number): void => {};
  const reader = collectionsReader(table, (seen) => {
    tell = seen;
    return () => {};
  });
  reader.start?.();
  tell(1, 5);
  tell(1, 50);
  tell(4, 20_000);
  tell(99, 1);
  void reader.read(0);
  const histograms: Record<string, readonly number[]> = {};
  table.takeTouched((_, { attributes, histogram }) => {
    histograms[String(attributes[0]?.[1])] = histogram?.().counts ?? [];
  });
  expect(histograms).toMatchObject({ minor: [1, 1, 0, 0, 0], major: [0, 0, 0, 0, 1], incremental: [0, 0, 0, 0, 0] });
});

it('a file that comes back is read again', () => {
  const { file, folder } = files();
  const meminfo = file('meminfo', 'MemTotal: 10 kB\n');
  const table = new ReadingTable();
  const reader = memoryReader(table, new ProcFile(join(folder, 'gone')));
  expect(() => reader.read(0)).toThrow('ENOENT');
  file('gone', 'MemTotal: 10 kB\n');
  void reader.read(1000);
  expect(taken(table)['system.memory.limit']).toBe(10_240);
  meminfo.close();
  rmSync(join(folder, 'meminfo'));
});

describe('this machine', () => {
  const readAll = async (readers: readonly Reader[]): Promise<void> => {
    for (const reader of readers) reader.start?.();
    for (const reader of readers) await reader.read(0);
    for (const reader of readers) reader.stop?.();
  };

  it('has every component', async () => {
    const table = new ReadingTable();
    const readers = systemReaders(table, monitoringConfig.parse(undefined), undefined);
    await readAll(readers);
    const components = new Set<string>();
    table.takeTouched((_, { spec }, value) => {
      components.add(spec.component);
      expect(value, spec.name).toBeGreaterThanOrEqual(0);
    });
    expect([...components].sort()).toEqual(['cpu', 'disk', 'memory', 'network', 'process', 'runtime']);
    expect(table.takeRefused()).toBe(0);
  });

  it('says the same by the library as by its files', async () => {
    const table = new ReadingTable();
    await readAll(elsewhereReaders(table));
    const found = taken(table);
    await readAll([memoryReader(table), fileSystemReader(table), interfaceReader(table)]);
    const own = taken(table);
    expect(found['system.memory.limit']).toBe(own['system.memory.limit']);
    expect(found['system.network.io lo receive']).toBeLessThanOrEqual(own['system.network.io lo receive'] ?? 0);
    const ofFiles = Object.keys(found).filter((name) => name.startsWith('system.filesystem.usage'));
    expect(ofFiles.length).toBeGreaterThan(0);
    expect(found['system.cpu.time 0 user']).toBeGreaterThan(0);
  });

  it('is not read where a component is off, and connections neither', () => {
    const config = monitoringConfig.parse({ components: ['network'], connections: false });
    expect(systemReaders(new ReadingTable(), config, undefined).map(({ name }) => name)).toEqual(['interfaces']);
  });
});
