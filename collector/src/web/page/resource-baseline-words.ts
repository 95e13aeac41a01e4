// What is known of a watched series, in words and units for the page.
import type { ResourceLine } from '../api.ts';
import { bytes, count, duration, NONE, percent } from './format.ts';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** A trend is not believed for longer. */
const MOST_DAYS = 60;

/** Writes a value with its unit. */
export function valueWords(value: number | undefined, unit: string): string {
  if (value === undefined) return NONE;
  const isRate = unit.endsWith('/s');
  const plain = isRate ? unit.slice(0, -2) : unit;
  const per = isRate ? '/s' : '';
  if (plain === 'By') return bytes(Math.round(value)) + per;
  if (plain === 's') return duration(value * 1000) + per;
  if (plain === '1') return isRate ? `${count(value)}/s` : percent(value);
  const thing = plain.replace(/[{}]/g, '').replaceAll('_', ' ');
  return `${count(value)}${thing === '' ? '' : ` ${thing}`}${per}`;
}

/** Between which values it usually lies. */
export function usualWords({ usualFrom, usualTo, unit, limit = Infinity }: ResourceLine): string {
  if (usualFrom === undefined || usualTo === undefined) return NONE;
  const [from, to] = [valueWords(usualFrom, unit), valueWords(Math.min(usualTo, limit), unit)];
  if (from === to) return from;
  const [number = '', ...own] = from.split(' ');
  // A unit that both have is said once.
  return to.endsWith(` ${own.join(' ')}`) ? `${number} to ${to}` : `${from} to ${to}`;
}

/** Whose it is, and what tells it apart: its name without that of the metric. */
export function whoseWords({ name, metric }: ResourceLine): string {
  return name.replace(metric, '').replace('  ', ' ').trim();
}

/** How much of its limit it uses, and how long it has left by its trend. */
export function limitWords({ usedRatio, secondsToLimit }: ResourceLine): string {
  if (usedRatio === undefined) return NONE;
  const isFar = secondsToLimit === undefined || secondsToLimit > MOST_DAYS * DAY_S || secondsToLimit <= 0;
  return `${percent(usedRatio)} used${isFar ? '' : `, full in about ${lengthWords(secondsToLimit)}`}`;
}

export function stateWords({ state, severity }: ResourceLine): string {
  const words = { learning: 'learning', normal: 'normal', departed: 'not as usual', saturated: 'near its limit' }[
    state
  ];
  return severity === undefined ? words : `${words}: ${severity}`;
}

function lengthWords(seconds: number): string {
  if (seconds < 1.5 * HOUR_S) return `${Math.max(1, Math.round(seconds / 60))} min`;
  return seconds < 2 * DAY_S ? `${Math.round(seconds / HOUR_S)} h` : `${Math.round(seconds / DAY_S)} days`;
}
