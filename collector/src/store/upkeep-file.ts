// When a store was backed up and looked through last, in a small file beside it: commands write it, a sidecar reads it.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_MODE } from './private-files.ts';

const UPKEEP_FILE = 'upkeep.json';

export type Upkeep = 'backup' | 'verify';

/** What was done, and how it ended. */
export interface DoneUpkeep {
  readonly timeMs: number;
  readonly isSound: boolean;
  /** One line for people. */
  readonly detail: string;
}

/** Notes what was done. A folder in which nothing can be written changes nothing about what was done. */
export function noteUpkeep(folder: string, what: Upkeep, done: DoneUpkeep): void {
  const file = join(folder, UPKEEP_FILE);
  try {
    const known = readUpkeep(folder);
    writeFileSync(`${file}.new`, JSON.stringify({ ...known, [what]: done }), { mode: FILE_MODE });
    renameSync(`${file}.new`, file);
  } catch {
    // A copy of a store that may only be read is as good as any.
  }
}

/** What was noted last; nothing where it cannot be read. */
export function readUpkeep(folder: string): Partial<Record<Upkeep, DoneUpkeep>> {
  const file = join(folder, UPKEEP_FILE);
  try {
    const json: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    const noted = typeof json === 'object' && json !== null ? Object.entries(json) : [];
    return Object.fromEntries(noted.filter(([, done]) => isDone(done)));
  } catch {
    // Somebody wrote into it: what was done is then not known.
    return {};
  }
}

function isDone(value: unknown): value is DoneUpkeep {
  if (typeof value !== 'object' || value === null) return false;
  const { timeMs, isSound, detail } = value as Partial<Record<keyof DoneUpkeep, unknown>>;
  return typeof timeMs === 'number' && typeof isSound === 'boolean' && typeof detail === 'string';
}
