// What of this process and its container has a limit, from files as kernels write them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { containerMemoryReader } from '../../../collector/src/monitoring/read-container-memory.ts';
import { procSelfReader } from '../../../collector/src/monitoring/read-process.ts';
import type { Reader } from '../../../collector/src/monitoring/reader.ts';
import { ReadingTable } from '../../../collector/src/monitoring/reading-table.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function read(
  tree: Readonly<Record<string, string>>,
  make: (table: ReadingTable, folder: string) => Reader,
): Record<string, number> {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const table = new ReadingTable();
  const reader = make(table, folder);
  void reader.read(0);
  reader.stop?.();
  const found: Record<string, number> = {};
  table.takeTouched((_, { spec }, value) => (found[spec.name] = value));
  return found;
}

it('memory of a container is what it could not give up, and its limit', () => {
  const check = (tree: Record<string, string>, membership: string, expected: Record<string, number>): void =>
    expect(read(tree, (table, folder) => containerMemoryReader(table, folder, () => membership))).toEqual(expected);
  const both = { 'container.memory.working_set': 70, 'container.memory.limit': 200 };
  const two = { 'memory.current': '100\n', 'memory.stat': 'anon 50\ninactive_file 30\n' };
  check({ ...two, 'memory.max': '200\n' }, '0::/elsewhere\n', both);
  check({ ...two, 'memory.max': 'max\n' }, '0::/\n', {});
  const one = {
    'memory/a/memory.usage_in_bytes': '100\n',
    'memory/a/memory.stat': 'inactive_file 1\ntotal_inactive_file 30\n',
  };
  check({ ...one, 'memory/a/memory.limit_in_bytes': '200\n' }, '4:memory:/a\n', both);
  check({ ...one, 'memory/a/memory.limit_in_bytes': '9223372036854771712\n' }, '4:memory:/a\n', {});
  check({}, '', {});
});

it('a process tells how many files it may have open, where there is a limit', () => {
  const limits = (soft: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft.padEnd(20)} 4096                 files\n`;
  const check = (tree: Record<string, string>, expected: number | undefined): void => {
    const found = read({ status: 'Threads:\t5\n', 'fd/0': '', ...tree }, procSelfReader);
    expect([found['process.thread.count'], found['process.unix.file_descriptor.limit']]).toEqual([5, expected]);
  };
  check({ limits: limits('1024') }, 1024);
  check({ limits: limits('unlimited') }, undefined);
  check({}, undefined);
});
