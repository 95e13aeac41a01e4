// `evenkeel store …`: copies what a sidecar has learned, checks it, and puts it back.
import { readSnapshot } from '../alert/snapshot.ts';
import { decodeSaved, restoredOperation } from '../baseline/saved.ts';
import { loadConfigApart } from '../config/load-apart.ts';
import { decodeDay } from '../report/day.ts';
import { EvenkeelError } from '../errors.ts';
import { backUp, check, type Checked, putBack, type ReadDocument } from '../store/state-copy.ts';
import { STATE_FILE } from '../store/state-file.ts';
import { noteUpkeep, type Upkeep } from '../store/upkeep-file.ts';
import { systemClock } from '../pipeline/clock.ts';
import { configArguments, EXIT, UsageError } from './arguments.ts';
import { join } from 'node:path';

export const HELP = `evenkeel store backup FILE [--config FILE] [--set path=value …] [--json]
evenkeel store verify [FILE] [--config FILE] [--set path=value …] [--json]
evenkeel store restore FILE [--config FILE] [--set path=value …] [--json]

What a sidecar has learned, with what it has said, is in state.sqlite in store.path. backup copies it into a new file, also
while a sidecar runs. verify reads every page and every document of a copy, or of the store itself. restore puts a copy in
its place while no sidecar runs on it; what was there is left beside it as state.sqlite.before-restore.
Kept traces and decisions are no part of it: they are of the last hours, and of no use to another day.
When the store was backed up and verified last is noted beside it, for the reports of its sidecar.
Exit code 0: done, or sound; 1: not; 2: wrong arguments.
`;

/** Only to read what was written: nothing is watched. */
const ANY_OPTIONS = { stepMs: 1000, seasonMs: 86_400_000, learnUntilMs: undefined, secondsPerFalseAlarm: 86_400 };

/** What each room makes of a document. */
const READERS: Readonly<Record<string, (key: string, body: Uint8Array<ArrayBuffer>) => unknown>> = {
  alert: (_, body) => {
    if (readSnapshot(JSON.parse(Buffer.from(body).toString())) === undefined) throw new Error('these are no alerts');
  },
  report: (key, body) => (key.startsWith('2') ? decodeDay(body) : JSON.parse(Buffer.from(body).toString())),
  baseline: (key, body) => (key.startsWith('operation ') ? restoredOperation(body, ANY_OPTIONS) : decodeSaved(body)),
};
const read: ReadDocument = (room, key, body) => void READERS[room]?.(key, body);

/** @returns the exit code */
export async function store(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { files, overrides, json, positionals } = configArguments(args);
  const [action, file, ...rest] = positionals;
  const isKnown = action === 'backup' || action === 'restore' || action === 'verify';
  if (!isKnown || rest.length > 0 || (file === undefined && action !== 'verify'))
    throw new UsageError('expected: evenkeel store backup FILE, verify [FILE] or restore FILE');
  const folder = async (): Promise<string> => {
    const { store: room } = await loadConfigApart({ files, overrides, environment: { ...environment } });
    if (room === false) throw new EvenkeelError('STORE_COPY', 'the configuration has store: false');
    return room.path;
  };
  if (action === 'verify' && file !== undefined) return say(json, file, check(file, read));
  const where = await folder();
  if (action === 'verify') {
    const looked = join(where, STATE_FILE);
    return say(
      json,
      looked,
      noted(where, 'verify', () => check(looked, read)),
    );
  }
  const target = file ?? '';
  const done =
    action === 'backup' ? noted(where, 'backup', () => backUp(where, target, read)) : putBack(target, where, read);
  return say(json, target, done);
}

/** Does it, and notes how it ended, for the reports of a sidecar. */
function noted(folder: string, what: Upkeep, act: () => Checked): Checked {
  const note = (isSound: boolean, detail: string): void =>
    noteUpkeep(folder, what, { timeMs: systemClock.nowMs(), isSound, detail });
  try {
    const checked = act();
    const documents = Object.values(checked.documents).reduce((sum, count) => sum + count, 0);
    note(checked.faults.length === 0, checked.faults[0] ?? `${documents} documents`);
    return checked;
  } catch (error) {
    note(false, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function say(json: boolean, file: string, checked: Checked): number {
  const isSound = checked.faults.length === 0;
  const counts = Object.entries(checked.documents)
    .sort()
    .map(([room, count]) => `${room}: ${count}`);
  const text = isSound
    ? `${file} is sound; documents of ${counts.join(', ') || 'no room'}\n`
    : `${file} is damaged\n${checked.faults.map((fault) => `  ${fault}\n`).join('')}`;
  process.stdout.write(json ? `${JSON.stringify({ file, sound: isSound, ...checked })}\n` : text);
  return isSound ? EXIT.ok : EXIT.failed;
}
