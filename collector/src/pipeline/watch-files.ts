// Notices changed files by looking at them every half minute: notification by the system misses the symbolic links by
// which secrets are mounted and swapped.
import { statSync } from 'node:fs';
import type { Host } from './contract.ts';

const EVERY_MS = 30_000;

/** Files behind one block of the configuration. */
export interface WatchedFiles {
  readonly paths: readonly string[];
  /** Names the block in the log, as in `receive.http.tls`. */
  readonly setting: string;
  /** State of what was read last. */
  readonly known: string;
}

/** Looks at files. Take the state before reading them, so that a change meanwhile is noticed. */
export function stateOf(paths: readonly string[]): string {
  return paths.map(stateOfOne).join('|');
}

/**
 * Reads files again once they have changed. What cannot be used is logged once and tried again at each look, because
 * the fault may be the machine's; meanwhile what was in use stays.
 *
 * @param reload throws where it changes nothing
 * @returns what ends the watch
 */
export function watchFiles(
  { paths, setting, known }: WatchedFiles,
  { clock, log }: Pick<Host, 'clock' | 'log'>,
  reload: () => void,
): () => void {
  let last = known;
  let problem = '';
  return clock.every(EVERY_MS, () => {
    const state = stateOf(paths);
    if (state === last) return;
    try {
      reload();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== problem) log('error', `RELOAD_${setting}`, `${why}; what was in use stays`);
      problem = why;
      return;
    }
    last = state;
    problem = '';
    log('info', `RELOADED_${setting}`, `${setting} changed and is in use`);
  });
}

function stateOfOne(path: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true });
    return `${ino}.${mtimeNs}.${size}`;
  } catch {
    // Whoever reads it next is told why.
    return 'missing';
  }
}
