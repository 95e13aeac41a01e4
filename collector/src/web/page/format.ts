// Numbers as people read them. Ratios become percentages here and nowhere else.
import type { TraceAnswer } from '../api.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
/** Scale of each unit in milliseconds. */
const SHORT_UNITS = [
  ['ns', 1e-6],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1e3],
] as const;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Stands where there is no value. */
export const NONE = '–';

/** Writes a duration with three digits, or as two whole units from a minute on. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return NONE;
  if (ms <= 0) return '0 ms';
  if (Math.round(ms / 1000) < 60) {
    const [unit, scale] = SHORT_UNITS.find(([, each]) => Number((ms / each).toPrecision(3)) < 1000) ?? SHORT_UNITS[3];
    return `${threeDigits(ms / scale)} ${unit}`;
  }
  if (ms < HOUR_MS) return twoUnits(Math.round(ms / 1000), 60, 'min', 's');
  if (ms < DAY_MS) return twoUnits(Math.round(ms / MINUTE_MS), 60, 'h', 'min');
  return twoUnits(Math.round(ms / HOUR_MS), 24, 'd', 'h');
}

/** Writes a duration that the API gives in seconds; null means that there was no call. */
export function seconds(value: number | null): string {
  return value === null ? NONE : duration(value * 1000);
}

/** Writes calls per second without its unit; what is not zero never shows as zero. */
export function perSecond(rate: number): string {
  if (rate === 0) return '0';
  if (rate < 0.01) return '<0.01';
  if (rate < 1) return rate.toFixed(2);
  return rate < 100 ? threeDigits(rate) : count(Math.round(rate));
}

/** Writes a ratio as a percentage; what is not zero never shows as zero, what is not all never as all. Several wholes are more than 100 %. */
export function percent(ratio: number): string {
  const value = ratio * 100;
  if (value === 0 || value === 100) return `${value} %`;
  if (value < 0.01) return '<0.01 %';
  if (value > 100) return `${Math.round(value)} %`;
  if (value > 99.9) return '>99.9 %';
  return `${value < 1 ? value.toFixed(2) : value.toFixed(1)} %`;
}

/** Writes a count with separators; adjusted counts keep one decimal. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** Writes a count with its noun: `1 span`, `2 spans`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** Says what is missing of a trace that is too large to be shown whole. */
export function cutText({ spans, shown, withoutDetail }: NonNullable<TraceAnswer['cut']>): string {
  const parts = [
    shown < spans &&
      `Shown are ${count(shown)} of ${count(spans)} spans: the first that failed, and the first of the rest.`,
    withoutDetail > 0 && `${count(withoutDetail)} of those shown come without attributes and events.`,
    'What was exported is whole.',
  ];
  return parts.filter((part) => part !== false).join(' ');
}

export function bytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), BYTE_UNITS.length - 1);
  const scaled = value / 1024 ** power;
  return `${power === 0 ? scaled : threeDigits(scaled)} ${BYTE_UNITS[power]}`;
}

/** Writes how long ago something was, coarsely. */
export function ago(ms: number): string {
  if (ms < 1500) return 'now';
  if (ms < MINUTE_MS) return `${Math.round(ms / 1000)} s ago`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ago`;
  return ms < DAY_MS ? `${Math.floor(ms / HOUR_MS)} h ago` : `${Math.floor(ms / DAY_MS)} d ago`;
}

/** Writes a moment in the reader's time zone, 24 hours, to the second. */
export function clockTime(unixMs: number): string {
  return new Date(unixMs).toLocaleTimeString('en-GB');
}

/** Writes a moment with its date, to the millisecond. */
export function dateTime(unixMs: number): string {
  const date = new Date(unixMs);
  if (Number.isNaN(date.getTime())) return NONE;
  const day = date.toLocaleDateString('en-CA');
  return `${day} ${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Writes an OpenTelemetry constant as a word: `SPAN_KIND_SERVER` becomes `server`. */
export function word(constant: string): string {
  return constant.replace(/^(SPAN_KIND|STATUS_CODE)_/, '').toLowerCase();
}

/** Writes a counter's reason as words: `over_budget` becomes `over budget`. */
export function words(reason: string): string {
  return reason.replaceAll('_', ' ');
}

function threeDigits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function twoUnits(small: number, ratio: number, large: string, little: string): string {
  const rest = small % ratio;
  return `${Math.floor(small / ratio)} ${large}${rest === 0 ? '' : ` ${rest} ${little}`}`;
}
