// The kinds of field a room's configuration is made of. Durations become milliseconds, sizes bytes, ratios stay 0..1.
import { z } from 'zod';

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Timers count in 31 bits of milliseconds; a longer one would fire at once. */
const MAX_DURATION_MS = 24 * 86_400_000;

/** What a quantity may be, in its output unit. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A duration such as `250ms`, `30s`, `5m`, up to `24d`; output in milliseconds. */
export function duration(fallback: string, description: string, bounds: Bounds = {}) {
  return durationWithin(bounds).prefault(fallback).describe(description).meta({ description, unit: 'duration' });
}

/** A duration that may be left out. */
export function optionalDuration(description: string, bounds: Bounds = {}) {
  return durationWithin(bounds).optional().describe(description).meta({ description, unit: 'duration' });
}

function durationWithin({ min = 0, max = MAX_DURATION_MS }: Bounds) {
  return quantity(/^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/, DURATION_MS, 'a duration such as 250ms, 30s or 5m').refine(
    (ms) => ms >= min && ms <= max,
    `must be from ${inWords(min, DURATION_MS)} to ${inWords(max, DURATION_MS)}`,
  );
}

/** A size such as `64MiB`; output in bytes. */
export function size(fallback: string, description: string, bounds: Bounds = {}) {
  return sizeWithin(bounds).prefault(fallback).describe(description).meta({ description, unit: 'size' });
}

/** A size that is derived from `memory_limit` unless configured. */
export function derivedSize(description: string, bounds: Bounds = {}) {
  return sizeWithin(bounds).optional().describe(description).meta({ description, unit: 'size' });
}

function sizeWithin({ min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds) {
  return quantity(/^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/, SIZE_BYTES, 'a size such as 512KiB or 64MiB').refine(
    (bytes) => bytes >= min && bytes <= max,
    `must be at least ${inWords(min, SIZE_BYTES)}`,
  );
}

/** A share from 0 to 1. */
export function ratio(description: string) {
  return z.number('must be a ratio from 0 to 1').min(0).max(1).describe(description);
}

/** A TCP port; 0 lets the system choose. */
export function port(fallback: number, description: string) {
  return z.number().int().min(0).max(65_535).default(fallback).describe(description);
}

/** A whole number within bounds. */
export function whole(fallback: number, min: number, max: number, description: string) {
  return z.number().int().min(min).max(max).default(fallback).describe(description);
}

/** A whole number that is derived from `memory_limit` unless configured. */
export function derivedWhole(min: number, max: number, description: string) {
  return z.number().int().min(min).max(max).optional().describe(description);
}

/** The address a server binds; loopback unless configured. */
export function listenHost() {
  return z.string().min(1).default('127.0.0.1').describe('address to listen on; loopback unless you say otherwise');
}

/** Names a listener is known by, beside those it knows itself. */
export function hostNames(fallback: string[], description: string) {
  return z.array(z.string().min(1)).default(fallback).describe(description);
}

/** A name that becomes a metric attribute and a log word. */
export function slug(description: string) {
  return z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, - or _, at most 63')
    .describe(description);
}

/** In the largest unit of which it is a whole number; anything is one of the first. @param units ascending */
function inWords(value: number, units: Readonly<Record<string, number>>): string {
  const fits = ([, one]: [string, number], i: number): boolean => i === 0 || (value >= one && value % one === 0);
  const [unit, one] = Object.entries(units).findLast(fits) ?? ['', 1];
  return `${value / one}${unit}`;
}

function quantity(pattern: RegExp, units: Readonly<Record<string, number>>, what: string) {
  return z
    .string(`must be ${what}`)
    .regex(pattern, `must be ${what}`)
    .transform((text) => {
      const [, number = '', unit = ''] = pattern.exec(text) ?? [];
      return Math.round(Number(number) * (units[unit] ?? 0));
    });
}

/** A URL without credentials: those belong into headers, which are never logged. */
export function credentialFreeUrl(description: string) {
  return z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .refine((url) => !hasCredentials(url), 'must not carry credentials; use headers')
    .describe(description);
}

function hasCredentials(url: string): boolean {
  return URL.canParse(url) && new URL(url).username + new URL(url).password !== '';
}

/**
 * Headers of requests: what HTTP can carry. Messages name the header, never its value.
 *
 * @param own names in lower case that the sender sets itself
 * @param sender as messages call it
 */
export function httpHeaders(own: ReadonlySet<string>, sender: string) {
  return z
    .record(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name of a header'),
      z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must not hold line breaks or characters that HTTP cannot carry'),
    )
    .default({})
    .refine(
      (named) => !Object.keys(named).some((name) => own.has(name.toLowerCase())),
      `must not name a header that the ${sender} sets itself`,
    )
    .describe('sent with every request; values are never shown');
}

/** A time of day such as `22:30`. */
export function timeOfDay(description: string) {
  return z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day in quotes, such as "22:30"')
    .describe(description);
}

/** A time zone by its name; UTC unless configured. */
export const timeZone = z
  .string()
  .refine(isTimeZone, 'is no time zone, such as Europe/Berlin')
  .default('UTC')
  .describe('in which days and times of day are meant, as Europe/Berlin');

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
