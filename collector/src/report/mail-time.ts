// When reports are mailed: at a time of day somewhere on earth, after their period. Pure.
import { DAY_MS } from './periods.ts';

const MINUTE_MS = 60_000;

/** A time of day in a time zone. */
export interface MailTime {
  /** As `06:00`. */
  readonly time: string;
  readonly time_zone: string;
}

/**
 * Finds the first moment from a time on at which a clock shows the time of day. Where the clock leaves that time out, as it
 * does once a year, it is the moment by as much later.
 */
export function nextMoment({ time, time_zone }: MailTime, fromMs: number): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const today = Math.floor((fromMs + offsetMs(time_zone, fromMs)) / DAY_MS) * DAY_MS;
  // Yesterday's is behind, but for zones that have just changed.
  for (const day of [today - DAY_MS, today, today + DAY_MS]) {
    const shownMs = day + (hours * 60 + minutes) * MINUTE_MS;
    const guess = shownMs - offsetMs(time_zone, shownMs);
    const momentMs = shownMs - offsetMs(time_zone, guess);
    if (momentMs >= fromMs) return momentMs;
  }
  return fromMs + DAY_MS;
}

/** How far the clocks of a zone are ahead of UTC. */
function offsetMs(timeZone: string, timeMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(timeMs);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
  return shown - Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
}
