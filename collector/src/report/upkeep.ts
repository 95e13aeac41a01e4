// What has to be done from time to time to a store, by when it was done last.
import type { UpkeepFacts } from './contract.ts';
import { DAY_MS } from './periods.ts';

/** A baseline takes days to learn: a week of it is what one may lose. To read all of a store costs seconds once a month. */
const CARE = {
  backup: { what: 'Backup of what was learned', everyMs: 7 * DAY_MS, command: 'evenkeel store backup FILE' },
  verify: { what: 'Check of what was learned', everyMs: 31 * DAY_MS, command: 'evenkeel store verify' },
} as const;

type Done = Partial<
  Record<keyof typeof CARE, { readonly timeMs: number; readonly isSound: boolean; readonly detail: string }>
>;

export function upkeepOf(done: Done, nowMs: number): UpkeepFacts[] {
  return (['backup', 'verify'] as const).map((each) => {
    const { what, everyMs, command } = CARE[each];
    const last = done[each];
    const due = `run ${command}`;
    if (last === undefined) return { what, result: 'due', detail: `never done; ${due}` };
    const { timeMs: lastMs, isSound, detail } = last;
    if (!isSound) return { what, result: 'failed', lastMs, detail };
    if (nowMs - lastMs > everyMs) return { what, result: 'due', lastMs, detail: `${detail}; ${due}` };
    return { what, result: 'done', lastMs, detail };
  });
}
