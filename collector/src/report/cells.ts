// How values are written in reports: in units people read, in UTC, changes against the period before.
import type { Cell } from './document.ts';
import { DAY_MS } from './periods.ts';

/** A change that is smaller is none. */
const SAME_RATIO = 0.05;

export const UNKNOWN: Cell = { text: '–', value: null };

/** Text from data or of ours. */
export function textCell(value: string): Cell {
  return { text: value, value };
}

export function countCell(value: number): Cell {
  return known(value, countText(value));
}

export function ratioCell(value: number): Cell {
  return known(value, ratioText(value));
}

export function durationCell(valueMs: number | undefined): Cell {
  return valueMs === undefined ? UNKNOWN : known(valueMs, durationText(valueMs));
}

export function bytesCell(value: number): Cell {
  return known(value, unitText(value, 'By'));
}

export function timeCell(timeMs: number | undefined): Cell {
  return timeMs === undefined ? UNKNOWN : { text: timeText(timeMs), value: timeMs };
}

/** Whether more is good, bad, or neither. */
export type Direction = 'more_is_better' | 'more_is_worse' | 'neutral';

/** The change from one value to another as a ratio of the first; unknown where there was none. */
export function changeCell(was: number | undefined, is: number, direction: Direction): Cell {
  if (was === undefined || !Number.isFinite(was) || !Number.isFinite(is)) return UNKNOWN;
  if (was === 0) return is === 0 ? { text: 'same', value: 0 } : { text: 'new', value: null };
  const change = is / was - 1;
  if (Math.abs(change) < SAME_RATIO) return { text: 'same', value: change };
  const written = change >= 1 ? `${trimmed(is / was, 1)} ×` : `${change > 0 ? '+' : '−'}${ratioText(Math.abs(change))}`;
  if (direction === 'neutral') return { text: written, value: change };
  return { text: written, value: change, tone: change > 0 === (direction === 'more_is_better') ? 'better' : 'worse' };
}

/** A number in a unit of UCUM. */
export function unitCell(value: number, unit: string): Cell {
  return known(value, unitText(value, unit));
}

function known(value: number, written: string): Cell {
  return Number.isFinite(value) ? { text: written, value } : UNKNOWN;
}

/** `1 234 567`. */
export function countText(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** `12 things`, `1 thing`. */
export function countOf(value: number, one: string, several = `${one}s`): string {
  return `${countText(value)} ${value === 1 ? one : several}`;
}

/** `3.4 %`. */
export function ratioText(ratio: number): string {
  return `${trimmed(ratio * 100, Math.abs(ratio) < 0.001 ? 3 : Math.abs(ratio) < 0.1 ? 1 : 0)} %`;
}

/** `12 ms`, `3.4 s`, `5 min`, `2 h`, `12 days`. */
export function durationText(lengthMs: number): string {
  if (lengthMs < 9.95) return `${trimmed(lengthMs, lengthMs < 0.1 ? 3 : 1)} ms`;
  if (lengthMs < 999.5) return `${Math.round(lengthMs)} ms`;
  if (lengthMs < 99_500) return `${trimmed(lengthMs / 1000, lengthMs < 9950 ? 1 : 0)} s`;
  if (lengthMs < 5_970_000) return `${Math.round(lengthMs / 60_000)} min`;
  if (lengthMs < 2 * DAY_MS) return `${trimmed(lengthMs / 3_600_000, 1)} h`;
  return `${Math.round(lengthMs / DAY_MS)} days`;
}

/** `2026-03-01 14:05`. */
export function timeText(timeMs: number): string {
  return Number.isFinite(timeMs) && Math.abs(timeMs) < 8.64e15
    ? new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
    : '–';
}

/** `2026-03-01`. */
export function dayText(timeMs: number): string {
  return timeText(timeMs).slice(0, 10);
}

/** Writes a value with its unit; units of bytes and seconds are scaled, a ratio becomes per cent. */
export function unitText(value: number, unit: string): string {
  if (unit === '1') return ratioText(value);
  if (unit === 's') return durationText(value * 1000);
  if (unit === 'ms') return durationText(value);
  const [, bytes, each = ''] = /^(By)(\/s)?$/.exec(unit) ?? [];
  if (bytes !== undefined) return `${bytesText(value)}${each}`;
  const plain = unit.replace(/[{}]/g, '');
  return `${Math.abs(value) < 100 ? trimmed(value, 2) : countText(value)}${plain === '' ? '' : ` ${plain}`}`;
}

function bytesText(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [size, unit] = [value, 0];
  while (Math.abs(size) >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${trimmed(size, Math.abs(size) < 10 && unit > 0 ? 1 : 0)} ${units[unit] ?? ''}`;
}

function trimmed(value: number, digits: number): string {
  return `${Number(value.toFixed(digits))}`;
}

const BARS = '▁▂▃▄▅▆▇█';

/** Values as bars of text, the lowest and the highest of them the ends; empty where there is nothing to compare. */
export function barsText(values: readonly number[]): string {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length < 2) return '';
  const least = finite.reduce((a, b) => Math.min(a, b));
  const most = finite.reduce((a, b) => Math.max(a, b));
  const range = most - least;
  return values
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      return BARS.charAt(range === 0 ? 3 : Math.min(7, Math.floor((8 * (value - least)) / range)));
    })
    .join('');
}
