// What violations and baselines say for themselves, in words and numbers for people. Pure.
import type {
  BaselineDetail,
  BaselineLine,
  GroupSummary,
  LearnedQuantile,
  Ratio,
  Sight,
  Violation,
  ViolationsAnswer,
} from '../api.ts';
import { count, counted, duration, percent } from './format.ts';
import { openCount, SEVERITIES } from './severities.ts';

const SEEN_WITHIN_SECONDS = 60;
const DAYS_A_YEAR = 365;
/** Beyond this a number says nothing any more. */
const MANY_YEARS = 10_000;

/** The worst first, then the latest. */
export function bySeverity(groups: readonly GroupSummary[]): GroupSummary[] {
  const rank = ({ severity }: GroupSummary): number => (severity === 'none' ? Infinity : SEVERITIES.indexOf(severity));
  return groups
    .filter(({ severity }) => severity !== 'none')
    .sort((a, b) => rank(a) - rank(b) || b.onsetMs - a.onsetMs);
}

/** Writes how many are open, by severity. */
export function openText(open: ViolationsAnswer['open']): string {
  const parts = SEVERITIES.filter((severity) => open[severity] > 0).map((severity) => `${open[severity]} ${severity}`);
  return `${counted(openCount(open), 'open violation')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** Writes a factor, with its interval where it has one; one that is not known to be bounded says so. JSON has no infinity, so that comes as null. */
export function ratioText({ value, low, high }: Ratio): string {
  if (low === high) return `${factor(value)} ×`;
  const upTo = Number.isFinite(high) ? ` to ${factor(high)}` : ' or more';
  return `${factor(value)} × (${factor(low)}${upTo})`;
}

export function factor(value: number): string {
  return value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

/** Writes which quantiles moved, and by how much. */
export function quantilesText(quantiles: Violation['explanation']['quantiles']): string {
  return quantiles.map(({ quantile, ratio }) => `${nameOf(quantile)} ${factor(ratio)} ×`).join(', ');
}

/** Writes a learned quantile with its interval. */
export function learnedText({ quantile, ms, lowMs, highMs }: LearnedQuantile): string {
  return `${nameOf(quantile)} ${duration(ms)} (${duration(lowMs)} to ${duration(highMs)})`;
}

/** Writes how seldom chance alone would say as much of an operation. JSON has no infinity, so that comes as null. */
export function chanceText(oneInDays: number | null): string {
  if (oneInDays === null || oneInDays === Infinity) return 'never';
  if (oneInDays < 1) return 'more than once a day';
  if (oneInDays < 2 * DAYS_A_YEAR) return `once in ${counted(Math.round(oneInDays), 'day')}`;
  const years = oneInDays / DAYS_A_YEAR;
  return years > MANY_YEARS
    ? `less than once in ${count(MANY_YEARS)} years`
    : `once in ${count(Math.round(years))} years`;
}

/** Writes what would be seen, and how soon; it is an estimate, so whole seconds will do. */
export function sightText({ kind, to, seconds }: Sight): string {
  const change =
    kind === 'latency' ? `${to} × as long` : kind === 'error' ? `errors to ${Math.round(to * 100)} %` : 'no more calls';
  if (seconds === null) return `${change}: not within 10 min`;
  return `${change}: ${seconds < 59.5 ? `${Math.max(1, Math.round(seconds))} s` : duration(1000 * seconds)}`;
}

/** Writes all that would be seen, in one line. */
export function sightsText(sight: readonly Sight[]): string {
  return sight.map(sightText).join('; ');
}

/** Writes what time of its season makes of an operation. */
export function seasonText({ periodSeconds, now, least, most }: NonNullable<BaselineDetail['season']>): string {
  return `It comes back every ${duration(1000 * periodSeconds)}: ${factor(least)} to ${factor(most)} × as long, ${factor(now)} × now.`;
}

/** What would be seen within a minute. */
export function seenSoon(sight: readonly Sight[]): Sight[] {
  return sight.filter(({ seconds }) => seconds !== null && seconds <= SEEN_WITHIN_SECONDS);
}

/** How far learning is, 0..1. */
export function progressRatio({ progress: { calls, ofCalls, windows, ofWindows } }: BaselineLine): number {
  return Math.min(1, calls / ofCalls, windows / ofWindows);
}

export function progressText({ progress: { calls, ofCalls, windows, ofWindows } }: BaselineLine): string {
  const of = (value: number, needed: number, noun: string): string =>
    value >= needed ? counted(value, noun) : `${count(value)} of ${needed} ${noun}s`;
  return `${of(calls, ofCalls, 'call')}, ${of(windows, ofWindows, 'window')}`;
}

/** Writes what is watched. */
export function watchedText({
  learned,
  provisional,
  learning,
}: Readonly<Record<BaselineLine['state'], number>>): string {
  const all = learned + provisional + learning;
  if (all === 0) return 'No operation is watched yet.';
  const parts = [
    learned > 0 && `${count(learned)} learned`,
    provisional > 0 && `${count(provisional)} provisional`,
    learning > 0 && `${count(learning)} still learning`,
  ];
  const verb = all === 1 ? 'is' : 'are';
  return `${counted(all, 'operation')} ${verb} watched: ${parts.filter((part) => part !== false).join(', ')}.`;
}

/** Writes how long it lasted, or has lasted. */
export function lastedText(
  { severity, onsetMs, changedMs }: Pick<GroupSummary, 'severity' | 'onsetMs' | 'changedMs'>,
  nowMs: number,
): string {
  return duration(Math.max(0, (severity === 'none' ? changedMs : nowMs) - onsetMs));
}

/** Writes how much of the added time a child explains. */
export function shareText(share: number): string {
  return `${percent(Math.min(1, Math.max(0, share)))} of the added time`;
}

function nameOf(quantile: number): string {
  return `p${Number((quantile * 100).toPrecision(3))}`;
}
