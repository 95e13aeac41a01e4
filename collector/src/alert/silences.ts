// Silences of the configuration and of people, and why an alert is held back now. Pure: the time is given.
import type { Severity, ViolationGroup } from '../baseline/contract.ts';
import type { AlertConfig } from './config.ts';
import type { MaintenanceWindow, Silence } from './contract.ts';
import type { HeldBy } from './instruments.ts';
import { coversAll } from './matchers.ts';
import { rankOf } from './route.ts';
import { isHoliday, isOpen } from './schedule.ts';
import type { MaintenanceConfig } from './schedule-config.ts';

/** Silences made while the sidecar runs; further ones are refused. */
const MAX_MADE = 1000;

type Schedule = Pick<AlertConfig, 'silences' | 'maintenance' | 'holidays'>;

/** Everything by which alerts are held back. */
export class Silences {
  readonly #schedule: Schedule;
  readonly #configured: readonly Silence[];
  readonly #made = new Map<string, Silence>();
  #holding = '';
  /** Another one where something began or ceased to hold. */
  revision = 0;

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

  /** Maintenance windows that are open or will be. */
  maintenance(nowMs: number): MaintenanceWindow[] {
    const coming = this.#schedule.maintenance.filter(({ end = Infinity }) => end > nowMs);
    return coming.map((window) => {
      const { name, attributes, kinds, severities } = window;
      return { name, attributes, kinds, severities, isOpen: isOpen(window, nowMs), ...timesOf(window) };
    });
  }

  /** Severities below this one are not told today; undefined where it is no holiday. */
  holidayFrom(nowMs: number): Severity | undefined {
    const { holidays } = this.#schedule;
    return isHoliday(holidays, nowMs) ? holidays.min_severity : undefined;
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
    const least = rankOf(this.holidayFrom(nowMs) ?? 'info');
    this.#note([...holding.map(({ id }) => id), ...windows.map(({ name }) => name), String(least)].join('\n'));
    return (group) => {
      if (coversGroup(holding, group)) return 'silence';
      if (coversAll(windows, group)) return 'maintenance';
      return rankOf(group.severity) < least ? 'holiday' : undefined;
    };
  }

  #note(holding: string): void {
    if (holding !== this.#holding) this.revision++;
    this.#holding = holding;
  }

  #forget(nowMs: number): void {
    for (const [id, each] of this.#made) if (isOver(each, nowMs)) this.#made.delete(id);
  }
}

/** Tells whether everything that goes on in a group is meant by one of the silences. */
export function coversGroup(silences: readonly Silence[], group: ViolationGroup): boolean {
  return coversAll(
    silences.filter(({ alert }) => alert === undefined || alert === group.id),
    group,
  );
}

function timesOf({ days, from, to, time_zone, start, end }: MaintenanceConfig): Partial<MaintenanceWindow> {
  if (start !== undefined && end !== undefined) return { once: { startMs: start, endMs: end } };
  if (days === undefined || from === undefined || to === undefined) return {};
  return { weekly: { days, from, to, timeZone: time_zone } };
}

function isOver({ endMs = Infinity }: Silence, nowMs: number): boolean {
  return endMs <= nowMs;
}
