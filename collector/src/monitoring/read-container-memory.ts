// Memory of the control group of this process, where it has a limit of its own: what cannot be given up, and the limit.
import { readFileSync, statSync } from 'node:fs';
import { NamedRows } from './named-rows.ts';
import { parseCgroups, parseKeyed, parseNumber } from './parse-proc.ts';
import { ProcFile } from './proc-file.ts';
import { rowsOnce } from './read-memory.ts';
import type { Reader } from './reader.ts';
import type { ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

const level = {
  component: 'process',
  since: 'process',
  kind: 'up_down',
  follows: 'level',
  isRatio: false,
  isInteger: true,
  unit: 'By',
} as const;
const WORKING_SET: SeriesSpec = {
  ...level,
  name: 'container.memory.working_set',
  description:
    'Memory that the control group of this sidecar uses and could not give up at once, where it has a limit.',
};
const LIMIT: SeriesSpec = {
  ...level,
  name: 'container.memory.limit',
  description: 'Memory that the control group of this sidecar may use, where that is limited.',
};

/** Version 1 says this much, less a page, where there is no limit. */
const NO_LIMIT = 2 ** 62;

/** Files of one version of control groups. */
interface MemoryFiles {
  readonly used: ProcFile;
  readonly limit: ProcFile;
  readonly parts: ProcFile;
  /** What of it could be given up at once, as `parts` calls it. */
  readonly inactive: string;
}

/**
 * Reads memory against its limit. Caches are of the group too, and fill whatever there is, so those that were not used
 * lately are left out.
 *
 * @param root where control groups are mounted
 * @param membership text of /proc/self/cgroup
 */
export function containerMemoryReader(
  table: ReadingTable,
  root = '/sys/fs/cgroup',
  membership = (): string => readFileSync('/proc/self/cgroup', 'utf8'),
): Reader {
  let files: MemoryFiles | undefined;
  let isSought = false;
  const rows = new NamedRows(1);
  const row = rowsOnce(table);
  return {
    name: 'container memory',
    component: 'process',
    isDear: false,
    metrics: [WORKING_SET, LIMIT],
    read() {
      if (!isSought) files = find(root, membership());
      isSought = true;
      if (files === undefined) return;
      const limit = numberIn(files.limit);
      const used = numberIn(files.used);
      if (limit === undefined || used === undefined) return;
      const { bytes, length } = files.parts.read();
      parseKeyed(bytes, length, rows);
      table.set(row(WORKING_SET, 0, []), Math.max(0, used - (rows.find(files.inactive) ?? 0)));
      table.set(row(LIMIT, 0, []), limit);
    },
    stop() {
      for (const file of files === undefined ? [] : [files.used, files.limit, files.parts]) file.close();
      files = undefined;
      isSought = false;
    },
  };
}

/** Without a limit nothing is read, then or later. */
function find(root: string, membership: string): MemoryFiles | undefined {
  const paths = parseCgroups(membership);
  // Inside a container the path is that of the host, and what is mounted is the container's own.
  for (const path of [paths.get('') ?? '', '']) {
    const found = filesIn(`${root}${path}`, ['memory.current', 'memory.max', 'memory.stat'], 'inactive_file');
    if (found !== undefined) return found;
  }
  const names = ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'memory.stat'] as const;
  for (const path of [paths.get('memory') ?? '', '']) {
    const found = filesIn(`${root}/memory${path}`, names, 'total_inactive_file');
    if (found !== undefined) return found;
  }
  return undefined;
}

function filesIn(
  folder: string,
  names: readonly [used: string, limit: string, parts: string],
  inactive: string,
): MemoryFiles | undefined {
  const paths = names.map((name) => `${folder}/${name}`);
  if (paths.some((path) => statSync(path, { throwIfNoEntry: false }) === undefined)) return undefined;
  const [used, limit, parts] = names.map((name) => new ProcFile(`${folder}/${name}`));
  if (used === undefined || limit === undefined || parts === undefined) return undefined;
  if (numberIn(limit) !== undefined) return { used, limit, parts, inactive };
  limit.close();
  return undefined;
}

/** @returns undefined where it is a word, or no limit */
function numberIn(file: ProcFile): number | undefined {
  const { bytes, length } = file.read();
  const value = parseNumber(bytes, length);
  return value === undefined || value >= NO_LIMIT ? undefined : value;
}
