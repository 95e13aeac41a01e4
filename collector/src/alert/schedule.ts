// When nobody is told by the calendar: maintenance windows and holidays, in the time zone they are meant in. Pure.
import { WEEKDAYS } from './defaults.ts';
import type { HolidaysConfig, MaintenanceConfig } from './schedule-config.ts';

/** What a clock on the wall shows. */
interface WallTime {
  /** As 2026-12-25. */
  readonly date: string;
  /** 0 for Sunday. */
  readonly weekday: number;
  readonly minutes: number;
}

/** One for each zone: making a format takes longer than using it a thousand times. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** Tells whether a maintenance window is open. */
export function isOpen(window: MaintenanceConfig, nowMs: number): boolean {
  const { days, from, to, time_zone, start, end } = window;
  if (start !== undefined && end !== undefined) return nowMs >= start && nowMs < end;
  if (days === undefined || from === undefined || to === undefined) return false;
  const { weekday, minutes } = wallTime(time_zone, nowMs);
  const [begins, ends] = [minutesOf(from), minutesOf(to)];
  const isDay = (day: number): boolean => days.some((name) => WEEKDAYS.indexOf(name) === day);
  if (begins < ends) return isDay(weekday) && minutes >= begins && minutes < ends;
  // Past midnight it is still the window of the day before.
  return (isDay(weekday) && minutes >= begins) || (isDay((weekday + 6) % 7) && minutes < ends);
}

/** Tells whether it is a holiday. */
export function isHoliday({ dates, time_zone }: HolidaysConfig, nowMs: number): boolean {
  return dates.length > 0 && dates.includes(wallTime(time_zone, nowMs).date);
}

function wallTime(timeZone: string, nowMs: number): WallTime {
  let format = FORMATS.get(timeZone);
  if (format === undefined) {
    const date = { year: 'numeric', month: '2-digit', day: '2-digit', weekday: 'short' } as const;
    const options = { timeZone, ...date, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    FORMATS.set(timeZone, (format = new Intl.DateTimeFormat('en-GB', options)));
  }
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    weekday: (WEEKDAYS as readonly string[]).indexOf(part('weekday').toLowerCase()),
    minutes: Number(part('hour')) * 60 + Number(part('minute')),
  };
}

function minutesOf(timeOfDay: string): number {
  const [hours, minutes] = timeOfDay.split(':');
  return Number(hours) * 60 + Number(minutes);
}
