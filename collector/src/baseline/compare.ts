// Holds a run against recorded baselines: which operations have changed, beyond what two runs of the same build differ by.
// Judges each run as a whole; what happens when within it is for the watch.
import { type Compared, type Comparison, isRegression, type Verdict } from './comparison.ts';
import { callsOf, QUANTILES } from './figures.ts';
import { shiftOf } from './machine-shift.ts';
import { OperationPair } from './operation-pair.ts';
import { keyOf, type RecordedOperation } from './recorded-run.ts';

export interface CompareOptions {
  /** A run of the same build may be so much slower: 0.2 allows for 1.2 times. */
  readonly tolerance: number;
  /** By what all operations are slower or faster alike is divided out, however much it is. */
  readonly isNormalized: boolean;
}

export const DEFAULT_TOLERANCE = 0.2;

/** Chance that a check of the same build finds anything, if nothing but chance is at work. */
const FALSE_ALARMS = 0.01;
/** The mean, three quantiles and the error ratio. */
const TESTS = 2 + QUANTILES.length;
/** What a run should at least be able to show, times what is tolerated: 1.5 times as long where 1.2 times is. */
const SHOULD_SEE = 1.25;
/** Tails differ more from run to run than the middle: the tolerance counts so many times for each of QUANTILES. */
const QUANTILE_TOLERANCE = [1, 1.5, 2.5] as const;
/** What an operation may differ by once the machine is taken out, of the tolerance. */
const OWN_TOLERANCE = 0.75;
const ORDER: readonly Verdict[] = ['slower', 'more errors', 'too few calls', 'missing', 'new', 'faster', 'same'];

/** Compares operation by operation; verdicts allow for the number of them. */
export function compareRuns(
  baseline: readonly RecordedOperation[],
  run: readonly RecordedOperation[],
  options: CompareOptions,
): Comparison {
  const before = new Map(baseline.map((operation) => [keyOf(operation), operation]));
  const after = new Map(run.map((operation) => [keyOf(operation), operation]));
  const pairs = run.flatMap((now) => {
    const known = before.get(keyOf(now));
    return known === undefined ? [] : [new OperationPair(known, now)];
  });
  const alpha = FALSE_ALARMS / (TESTS * Math.max(1, pairs.length));
  const able = pairs.filter(({ isEnough }) => isEnough);
  const shift = shiftOf(able, options);
  const shifts = QUANTILES.map((_, i) => {
    const those = able.map((pair) => pair.quantile(i)).filter(({ error }) => Number.isFinite(error));
    return shiftOf(those, { ...options, tolerance: toleranceOf(i, options.tolerance) });
  });
  const allowances = [shift, ...shifts].map((each, i) => {
    const tolerance = i === 0 ? options.tolerance : toleranceOf(i - 1, options.tolerance);
    // What is not the machine's for all calls is not for the slowest either.
    return each?.isDividedOut === true && shift?.isDividedOut === true
      ? { within: OWN_TOLERANCE * Math.log1p(tolerance), off: Math.log(each.ratio.value) }
      : { within: Math.log1p(tolerance), off: 0 };
  });
  const compared = [
    ...pairs.map((pair) => pair.compare(allowances, SHOULD_SEE * (1 + options.tolerance), alpha)),
    ...run.filter((now) => !before.has(keyOf(now))).map((now) => alone(now, 'new')),
    ...baseline.filter((known) => !after.has(keyOf(known))).map((known) => alone(known, 'missing')),
  ].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || ratioOf(b) - ratioOf(a));
  return { operations: compared, shift, outcome: outcomeOf(compared) };
}

function ratioOf({ measured }: Compared): number {
  return measured?.ratio.value ?? 0;
}

function outcomeOf(operations: readonly Compared[]): Comparison['outcome'] {
  if (operations.some(({ verdict }) => isRegression(verdict))) return 'regression';
  return operations.some(({ verdict }) => verdict === 'same' || verdict === 'faster') ? 'fine' : 'unjudged';
}

function alone({ name, service, kind, figures }: RecordedOperation, verdict: 'new' | 'missing'): Compared {
  const calls = callsOf(figures);
  return {
    name,
    service,
    kind,
    verdict,
    calls: verdict === 'new' ? { baseline: 0, run: calls } : { baseline: calls, run: 0 },
  };
}

function toleranceOf(quantile: number, tolerance: number): number {
  return (1 + tolerance) ** (QUANTILE_TOLERANCE[quantile] ?? 1) - 1;
}
