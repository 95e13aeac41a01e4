// Reads package-lock.json and answers two questions about it: where a dependency lies, and what a package pulls in.
// It does not look at node_modules; whether a package is really there is found out by package-tree.ts.
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { measurePerformance } from '@evenkeel/sdk';
import { z } from 'zod';
import { describeProblems, RuntimeError } from '../errors.ts';

/** Largest lockfile taken. One row of README vectors is 16 KiB, so this bounds the vectors at 80 MiB. */
export const MAX_LOCKFILE_PACKAGES = 5000;

const names = z.record(z.string(), z.string()).default({});
const entrySchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  link: z.boolean().default(false),
  resolved: z.string().optional(),
  dev: z.boolean().default(false),
  optional: z.boolean().default(false),
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
});
const lockfileSchema = z.object({
  // Version 1 has no `packages`; version 2 carries both forms.
  lockfileVersion: z.literal([2, 3]),
  packages: z.record(z.string(), entrySchema),
});

/** One package of the lockfile. */
export interface LockedPackage {
  /** Folder below the project, e.g. `node_modules/express`; unique, while a name may occur at several paths. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
  readonly optional: boolean;
  /** Names of everything it declares to need, sorted; peers and optional ones may resolve to nothing. */
  readonly needs: readonly string[];
}

export interface Lockfile {
  readonly packages: ReadonlyMap<string, LockedPackage>;
  /** Workspace links: path in node_modules to the folder it stands for. */
  readonly links: ReadonlyMap<string, string>;
}

/** Reads and checks a lockfile. @throws LOCKFILE_INVALID, or the file system's error */
export const readLockfile = measurePerformance('lockfile.read', async (file: string): Promise<Lockfile> =>
  parseLockfile(await readFile(file, 'utf8')),
);

/** Reads the text of a lockfile. @throws LOCKFILE_INVALID */
export function parseLockfile(text: string): Lockfile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RuntimeError('LOCKFILE_INVALID', 'not JSON', { cause });
  }
  const parsed = lockfileSchema.safeParse(json);
  if (!parsed.success) throw new RuntimeError('LOCKFILE_INVALID', describeProblems(parsed.error));

  const packages = new Map<string, LockedPackage>();
  const links = new Map<string, string>();
  for (const [path, entry] of Object.entries(parsed.data.packages)) {
    if (path === '') continue; // The project itself.
    if (entry.link) {
      if (entry.resolved !== undefined) links.set(path, entry.resolved);
      continue;
    }
    const needs = { ...entry.peerDependencies, ...entry.optionalDependencies, ...entry.dependencies };
    packages.set(path, {
      path,
      name: entry.name ?? nameOfPath(path),
      version: entry.version ?? '0.0.0',
      dev: entry.dev,
      optional: entry.optional,
      needs: Object.keys(needs).sort(),
    });
  }
  if (packages.size > MAX_LOCKFILE_PACKAGES) {
    throw new RuntimeError('LOCKFILE_INVALID', `${packages.size} packages, at most ${MAX_LOCKFILE_PACKAGES}`);
  }
  return { packages, links };
}

/**
 * Finds a dependency as Node does: in node_modules of the folder itself, then of each folder above.
 *
 * @returns path of the package, or undefined when the lockfile holds none (an optional peer, for example)
 */
export function resolveDependency(lockfile: Lockfile, fromPath: string, name: string): string | undefined {
  for (let folder = fromPath; ; folder = posix.dirname(folder)) {
    const above = folder === '.' || folder === '' ? '' : `${folder}/`;
    const candidate = `${above}node_modules/${name}`;
    const target = lockfile.links.get(candidate) ?? candidate;
    if (lockfile.packages.has(target)) return target;
    if (above === '') return undefined;
  }
}

/**
 * Selects a package and everything it pulls in, directly or not; without a name, every package.
 *
 * @throws PACKAGE_UNKNOWN
 */
export function selectPackages(lockfile: Lockfile, name: string | undefined): LockedPackage[] {
  if (name === undefined) return [...lockfile.packages.values()];
  const roots = [...lockfile.packages.values()].filter((locked) => locked.name === name);
  if (roots.length === 0) throw new RuntimeError('PACKAGE_UNKNOWN', name);

  const selected = new Map(roots.map((root) => [root.path, root]));
  // A Map is visited in insertion order including what is added on the way, so it is its own queue.
  for (const locked of selected.values()) {
    for (const needed of locked.needs) {
      const path = resolveDependency(lockfile, locked.path, needed);
      const found = path === undefined ? undefined : lockfile.packages.get(path);
      if (found !== undefined) selected.set(found.path, found);
    }
  }
  return [...selected.values()];
}

function nameOfPath(path: string): string {
  const marker = 'node_modules/';
  const start = path.lastIndexOf(marker);
  return start === -1 ? posix.basename(path) : path.slice(start + marker.length);
}
