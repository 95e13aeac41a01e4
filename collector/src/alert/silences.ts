// Silences of the configuration and of people, and why an alert is held back now. Pure: the time is given.
import type { ViolationGroup } from '../baseline/contract.ts';
import type { AlertConfig } from './config.ts';
import type { Silence } from './contract.ts';
import type { HeldBy } from './instruments.ts';
import { coversAll } from './matchers.ts';
import { rankOf } from './route.ts';
import { isHoliday, isOpen } from './schedule.ts';

/** Silences made while the sidecar runs; further ones are refused. */
const MAX_MADE = 1000;

type Schedule = Pick<AlertConfig, 'silences' | 'maintenance' | 'holidays'>;

/** Everything by which alerts are held back. */
export class Silences {
  readonly #schedule: Schedule;
  readonly #configured: readonly Silence[];
  readonly #made = new Map<string, Silence>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#configured = schedule.silences.map(({ start = 0, end, ...others }, i) => {
      const ends = end === undefined ? {} : { endMs: end };
      return { id: `configured-${i + 1}`, ...others, startMs: start, ...ends, by: '', isConfigured: true };
    });
  }

  /** @returns false where there are too many already */
  add(silence: Silence, nowMs: number): boolean {
    this.#forget(nowMs);
    if (this.#made.size >= MAX_MADE) return false;
    this.#made.set(silence.id, silence);
    return true;
  }

  /** Ends one that was made while the sidecar runs. @returns false where there is none */
  remove(id: string): boolean {
    return this.#made.delete(id);
  }

  /** Those that hold or will. */
  list(nowMs: number): Silence[] {
    this.#forget(nowMs);
    return [...this.#configured.filter((each) => !isOver(each, nowMs)), ...this.#made.values()];
  }

  /** Those made while the sidecar runs. */
  get made(): readonly Silence[] {
    return [...this.#made.values()];
  }

  /** Looks at the time once. @returns why nobody is told of a group; undefined where somebody is */
  at(nowMs: number): (group: ViolationGroup) => HeldBy | undefined {
    const all = [...this.#configured, ...this.#made.values()];
    const holding = all.filter((each) => each.startMs <= nowMs && !isOver(each, nowMs));
    const windows = this.#schedule.maintenance.filter((window) => isOpen(window, nowMs));
    const { holidays } = this.#schedule;
    const least = isHoliday(holidays, nowMs) ? rankOf(holidays.min_severity) : 0;
    return (group) => {
      if (coversAll(holding, group)) return 'silence';
      if (coversAll(windows, group)) return 'maintenance';
      return rankOf(group.severity) < least ? 'holiday' : undefined;
    };
  }

  #forget(nowMs: number): void {
    for (const [id, each] of this.#made) if (isOver(each, nowMs)) this.#made.delete(id);
  }
}

function isOver({ endMs = Infinity }: Silence, nowMs: number): boolean {
  return endMs <= nowMs;
}
