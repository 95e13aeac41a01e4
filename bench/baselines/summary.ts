// What an exam comes to: the figures of issue 6 over the scores of streams.
import type { Met, StreamScore } from './score.ts';

export interface Summary {
  readonly regressions: number;
  /** Of what the bound allows to find within 30 s: how many there are, and the part found within 60 s. */
  readonly findable: number;
  readonly recall: number;
  readonly strong: number;
  readonly strongRecall: number;
  /** Median and 90th percentile of seconds after the bound, of what was found of the findable. */
  readonly lateS: number;
  readonly lateP90S: number;
  readonly trapDays: number;
  readonly trapAlarms: number;
  readonly trapAlarmsPerDay: number;
  readonly quietDays: number;
  readonly quietAlarms: number;
  readonly quietAlarmsPerDay: number;
  /** Part of the time without anything wrong in which an operation was called in violation. */
  readonly falseTime: number;
  readonly severity: number;
  readonly kind: number;
  readonly emergency: number;
  readonly clearS: number;
  readonly clearP90S: number;
  readonly clearedEarly: number;
  readonly reopenings: number;
  readonly intervals: number;
  readonly coverage: number;
  readonly families: number;
  readonly grouped: number;
}

const FINDABLE_S = 30;
const WITHIN_MS = 60_000;
const STRONG = { ratio: 1.5, ratePerS: 5, boundS: 25 };

export function isFindable({ regression: { boundS } }: Met): boolean {
  return boundS !== null && boundS <= FINDABLE_S;
}

export function isInTime({ delayMs }: Met): boolean {
  return delayMs !== null && delayMs <= WITHIN_MS;
}

export function isStrong({ regression: { kind, ratio, ratePerS, boundS } }: Met): boolean {
  const isShift = kind === 'scale' && ratio !== null && ratio >= STRONG.ratio;
  return isShift && ratePerS >= STRONG.ratePerS && boundS !== null && boundS <= STRONG.boundS;
}

export function hasRightSeverity({ regression, last }: Met): boolean {
  return last !== undefined && last.severity !== 'none' && regression.severities.includes(last.severity);
}

export function hasRightKind({ regression, last }: Met): boolean {
  return last !== undefined && regression.violations.includes(last.kind);
}

export function summaryOf(scores: readonly StreamScore[]): Summary {
  const met = scores.flatMap((score) => score.met);
  const findable = met.filter(isFindable);
  const strong = met.filter(isStrong);
  const judged = met.filter(({ last }) => last !== undefined);
  const silent = findable.filter(({ regression: { kind } }) => kind === 'stop' || kind === 'hang');
  const late = findable.flatMap(({ delayMs, regression: { boundS } }) =>
    delayMs === null || boundS === null ? [] : [delayMs / 1000 - boundS],
  );
  const clears = met.flatMap(({ clearMs }) => (clearMs === null ? [] : [clearMs / 1000]));
  const measured = met.filter(({ regression, interval }) => regression.ratio !== null && interval !== undefined);
  const families = sum(scores, (score) => score.families);
  return {
    regressions: met.length,
    findable: findable.length,
    recall: part(findable, isInTime),
    strong: strong.length,
    strongRecall: part(strong, isInTime),
    lateS: at(late, 0.5),
    lateP90S: at(late, 0.9),
    ...alarms(scores),
    severity: part(judged, hasRightSeverity),
    kind: part(judged, hasRightKind),
    emergency: part(silent, ({ last }) => last?.severity === 'emergency'),
    clearS: at(clears, 0.5),
    clearP90S: at(clears, 0.9),
    clearedEarly: part(judged, ({ clearMs }) => clearMs === null),
    reopenings: sum(met, ({ reopenings }) => reopenings),
    intervals: measured.length,
    coverage: part(measured, holdsRatio),
    families,
    grouped: sum(scores, (score) => score.grouped) / families,
  };
}

export function holdsRatio({ regression: { ratio }, interval }: Met): boolean {
  return ratio !== null && interval !== undefined && interval[0] <= ratio && ratio <= interval[1];
}

function alarms(scores: readonly StreamScore[]) {
  const quiet = scores.filter(({ kind }) => kind === 'quiet');
  const traps = scores.filter(({ kind }) => kind !== 'quiet');
  const days = (of: readonly StreamScore[]): number => sum(of, ({ operationDays }) => operationDays);
  const count = (of: readonly StreamScore[]): number => sum(of, ({ falseAlarms }) => falseAlarms.length);
  return {
    trapDays: days(traps),
    trapAlarms: count(traps),
    trapAlarmsPerDay: count(traps) / days(traps),
    quietDays: days(quiet),
    quietAlarms: count(quiet),
    quietAlarmsPerDay: count(quiet) / days(quiet),
    falseTime: sum(scores, ({ falseDays }) => falseDays) / days(scores),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The part that holds; no number where there is nothing to judge. */
function part<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length / items.length;
}

function at(values: readonly number[], ratio: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(ratio * sorted.length))] ?? NaN;
}
