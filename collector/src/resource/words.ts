// What is said of resources, for people: values in units they read, how full something is, how long it has left.
import type { Departed } from './departure.ts';
import type { Sender } from './instances.ts';
import type { TimeToLimit } from './trend.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** More than so many times as much is no figure of use. */
const MOST_TIMES = 1000;
/** Rounds to all of it. */
const FULL = 0.9995;
/** A trend is not believed for longer. */
const MOST_DAYS = 60;
const OF_MOUNT: ReadonlySet<string> = new Set(['system.device', 'system.filesystem.mode', 'system.filesystem.type']);
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Names a series for people. @param attributes of its points */
export function nameOf(sender: Sender, metric: string, attributes: Readonly<Record<string, string>>): string {
  // The host is read by whoever reads it; its name says nothing of what is meant.
  const isOfHost = sender.isOwn && /^(system|container)\./.test(metric);
  const telling = Object.entries(attributes).filter(([key]) => !isTold(key, attributes));
  const parts = [isOfHost ? '' : sender.name, metric, ...telling.map(([, value]) => value)];
  return parts.filter((part) => part !== '').join(' ');
}

/** @param isBusyness whether it is busy rather than full */
export function saturationText(ratio: number, left: TimeToLimit | undefined, isBusyness: boolean): string {
  const used = percent(ratio);
  if (isBusyness) return `is ${used} busy`;
  if (ratio >= FULL) return 'is full';
  // Since when is said after it, and is of how full it is.
  const isFar = left === undefined || left.ms === 0 || left.ms > MOST_DAYS * DAY_MS;
  return `${isFar ? '' : `will be full in about ${timeText(left.ms)} and `}is ${used} full`;
}

/** Whether an attribute says no more than another: a place of a file system has one device, kind and mode. */
function isTold(key: string, attributes: Readonly<Record<string, string>>): boolean {
  return OF_MOUNT.has(key) && attributes['system.filesystem.mountpoint'] !== undefined;
}

export function departureText({ mean, usual, direction, factor }: Departed, unit: string): string {
  const than = direction === 'up' ? 'more' : 'less';
  const times =
    usual > 0 && factor >= 1.95 && factor < MOST_TIMES
      ? `, ${factor < 10 ? factor.toPrecision(2) : factor.toFixed(0)} times ${than}`
      : '';
  const place = direction === 'up' ? 'above' : 'below';
  return `is at ${valueText(mean, unit)}, ${place} its usual ${valueText(usual, unit)}${times}`;
}

/** Writes a value with its UCUM unit. */
export function valueText(value: number, unit: string): string {
  if (unit === '1') return percent(value);
  const [, plain = '', per = ''] = /^([^/]*)(\/s)?$/.exec(unit) ?? [];
  if (plain === 'By') return bytesText(value) + per;
  if (unit === 's') return value < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`;
  const word = unit.replace(/[{}]/g, '').replace(/^1\/s$/, '/s');
  return word === '' ? digits(value) : `${digits(value)}${word.startsWith('/') ? '' : ' '}${word}`;
}

/** A length of time as somebody would say it. */
export function timeText(ms: number): string {
  if (ms < 90 * MINUTE_MS) return `${Math.max(1, Math.round(ms / MINUTE_MS))} min`;
  return ms < 48 * HOUR_MS ? `${Math.round(ms / HOUR_MS)} h` : `${Math.round(ms / DAY_MS)} days`;
}

function bytesText(value: number): string {
  let power = 0;
  let rest = Math.abs(value);
  for (; rest >= 1024 && power < BYTE_UNITS.length - 1; power++) rest /= 1024;
  return `${digits(Math.sign(value) * rest)} ${BYTE_UNITS[power]}`;
}

function percent(ratio: number): string {
  const value = ratio * 100;
  return `${value > 0 && value < 10 ? digits(value) : value.toFixed(0)} %`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  return size >= 100 || Number.isInteger(value) ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
