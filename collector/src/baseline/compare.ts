// Holds a run against recorded baselines: which operations have changed, beyond what two runs of the same build differ by.
// Judges each run as a whole; what happens when within it is for the watch.
import { deviationsOf } from './binomial.ts';
import { BIN_WIDTH } from './bins.ts';
import { compareErrors, type ErrorComparison } from './compare-errors.ts';
import type { Ratio } from './contract.ts';
import { callsOf, type Figures, type Limited, QUANTILES, quantileOf, secondsOf, typicalOf } from './figures.ts';
import { seasonAt } from './season.ts';
import { ordinaryOf, type Shift, shiftOf, Z95 } from './machine-shift.ts';
import { keyOf, type OperationName, type RecordedOperation } from './recorded-run.ts';

export interface CompareOptions {
  /** A run of the same build may be so much slower: 0.2 allows for 1.2 times. */
  readonly tolerance: number;
  /** By what all operations are slower or faster alike is divided out, however much it is. */
  readonly isNormalized: boolean;
}

export const DEFAULT_TOLERANCE = 0.2;

export type Verdict = 'same' | 'faster' | 'slower' | 'more errors' | 'too few calls' | 'new' | 'missing';

/** `unknown`: too few calls for this one. */
export type Moved = 'same' | 'slower' | 'faster' | 'unknown';

export interface QuantileComparison {
  readonly quantile: number;
  readonly baselineMs: number;
  readonly runMs: number;
  readonly ratio: Ratio;
  readonly moved: Moved;
  /** The least ratio that could have been told from the same; infinite where none could. */
  readonly visible: number;
}

/** Of an operation that both know. */
export interface Measured {
  /** Of the geometric mean, with all that two runs may differ by in the interval but the tolerance. */
  readonly ratio: Ratio;
  readonly moved: Moved;
  readonly quantiles: readonly QuantileComparison[];
  readonly errors: ErrorComparison;
  /** The least ratio of all calls that could have been told from the same. */
  readonly visible: number;
  /** The ratio that a run should be able to show. */
  readonly sought: number;
  /** Calls that a run needs for that; undefined where the baseline itself has too few. */
  readonly neededCalls: number | undefined;
}

export interface Compared extends OperationName {
  readonly verdict: Verdict;
  readonly calls: { readonly baseline: number; readonly run: number };
  readonly measured?: Measured;
}

export interface Comparison {
  /** What matters most first. */
  readonly operations: readonly Compared[];
  /** Where there are enough operations to tell. */
  readonly shift: Shift | undefined;
  readonly outcome: 'fine' | 'regression' | 'unjudged';
}

/** Chance that a check of the same build finds anything, if nothing but chance is at work. */
const FALSE_ALARMS = 0.01;
/** The mean, three quantiles and the error ratio. */
const TESTS = 2 + QUANTILES.length;
/** Each side of a 95 % interval. */
const SIDE95 = 0.025;
/** Minutes differ by this much where nothing is known of them; what is known is believed within these limits. */
const USUAL_NOISE = 0.035;
const LEAST_NOISE = 0.02;
const MOST_NOISE = 0.15;
/** Neighbouring minutes are alike: so many are as good as one. */
const ALIKE_MINUTES = 4;
/** Tails differ more from run to run than the middle: the tolerance counts so many times for each of QUANTILES. */
const QUANTILE_TOLERANCE = [1, 1.5, 2.5] as const;
/** What a run should at least be able to show, times what is tolerated: 1.5 times as long where 1.2 times is. */
const SHOULD_SEE = 1.25;
/** Who is less sure of a geometric mean than this, nats, says nothing of a shift. */
const MOST_ERROR = 0.2;
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
    return known === undefined ? [] : [new Pair(known, now)];
  });
  const alpha = FALSE_ALARMS / (TESTS * Math.max(1, pairs.length));
  const shift = shiftOf(
    pairs.filter(({ isEnough }) => isEnough),
    options,
  );
  const isDividedOut = shift?.isDividedOut === true;
  const off = isDividedOut ? Math.log(shift.ratio.value) : 0;
  const tolerance = options.tolerance * (isDividedOut ? OWN_TOLERANCE : 1);
  const compared = [
    ...pairs.map((pair) => pair.compare(tolerance, SHOULD_SEE * (1 + options.tolerance), alpha, off)),
    ...run.filter((now) => !before.has(keyOf(now))).map((now) => alone(now, 'new')),
    ...baseline.filter((known) => !after.has(keyOf(known))).map((known) => alone(known, 'missing')),
  ].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || ratioOf(b) - ratioOf(a));
  return { operations: compared, shift, outcome: outcomeOf(compared) };
}

function ratioOf({ measured }: Compared): number {
  return measured?.ratio.value ?? 0;
}

export function isRegression(verdict: Verdict): boolean {
  return verdict === 'slower' || verdict === 'more errors';
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

/** One operation in both. Logarithms are nats. */
class Pair {
  readonly #known: RecordedOperation;
  readonly #now: RecordedOperation;
  /** Geometric means: what the run's is above the baseline's, and the standard errors of both. */
  readonly log: number;
  readonly #errors: { readonly baseline: number; readonly run: number };
  /** What minutes leave in the difference of two runs, standard deviation. */
  readonly noise: number;
  /** What the time of the run makes of durations, as learned. */
  readonly #season: number;

  constructor(known: RecordedOperation, now: RecordedOperation) {
    this.#known = known;
    this.#now = now;
    const [before, after] = [typicalOf(known.figures), typicalOf(now.figures)];
    this.#season = seasonOf(known, now.figures) - seasonOf(known, known.figures);
    this.log = after.log - before.log - this.#season;
    this.#errors = { baseline: before.error, run: after.error };
    const noise = noiseOf(known, USUAL_NOISE);
    this.noise = Math.hypot(
      noise * leftOver(known.figures),
      // A run that has changed on its way looks noisy: no excuse.
      Math.min(noiseOf(now, noise), Math.max(USUAL_NOISE, 2 * noise)) * leftOver(now.figures),
    );
  }

  /** Standard error of `log`. */
  get error(): number {
    return Math.hypot(this.#errors.baseline, this.#errors.run, this.noise);
  }

  get isEnough(): boolean {
    return this.error < MOST_ERROR;
  }

  /** @param sought ratio that a run should show; @param alpha accepted of each test; @param off what is divided out, nats */
  compare(tolerance: number, sought: number, alpha: number, off: number): Compared {
    const { name, service, kind, figures } = this.#now;
    const guard = this.#guard(Math.log1p(tolerance));
    const z = deviationsOf(alpha);
    const log = this.log - off;
    const chance = Math.hypot(ordinaryOf(this.noise), z * this.#errors.baseline, z * this.#errors.run);
    const moved = movedOf(log - chance, log + chance, guard);
    const quantiles = QUANTILES.map((_, i) => this.#quantile(i, tolerance, alpha, off));
    const errors = compareErrors(this.#known.figures, figures, alpha);
    // Who is slower as a whole is so at each quantile: what sees it first counts.
    const visible = Math.min(Math.exp(guard + chance), ...quantiles.map((each) => each.visible));
    const measured = {
      ratio: around(log, Z95 * this.error, Z95 * this.error),
      moved,
      quantiles,
      errors,
      visible,
      sought,
      neededCalls: this.#needed(Math.log(sought) - guard, z),
    };
    return {
      name,
      service,
      kind,
      verdict: verdictOf(measured, visible <= sought),
      calls: { baseline: callsOf(this.#known.figures), run: callsOf(figures) },
      measured,
    };
  }

  #guard(tolerance: number): number {
    // Levels that an operation alternates between are no change, whichever it is on.
    const level = Math.max(0, ...(this.#known.learned?.levels ?? []).map(({ from }) => from * BIN_WIDTH));
    return tolerance + level;
  }

  #quantile(index: number, tolerance: number, alpha: number, off: number): QuantileComparison {
    const limits = (side: number): Difference =>
      differenceOf(quantileOf(this.#known.figures, index, side), quantileOf(this.#now.figures, index, side));
    const { before, after, below, above } = limits(alpha);
    const ordinary = ordinaryOf(this.noise);
    const log = after - before - this.#season - off;
    const shown = limits(SIDE95);
    const guard = this.#guard((QUANTILE_TOLERANCE[index] ?? 1) * Math.log1p(tolerance));
    return {
      quantile: QUANTILES[index] ?? NaN,
      baselineMs: Math.exp(before) * 1000,
      runMs: Math.exp(after) * 1000,
      ratio: around(log, Math.hypot(shown.below, Z95 * this.noise), Math.hypot(shown.above, Z95 * this.noise)),
      moved: movedOf(log - Math.hypot(below, ordinary), log + Math.hypot(above, ordinary), guard),
      visible: Math.exp(guard + Math.hypot(below, ordinary)),
    };
  }

  /** @param room that chance may take of what is sought, nats */
  #needed(room: number, z: number): number | undefined {
    const variance = (room ** 2 - ordinaryOf(this.noise) ** 2) / z ** 2 - this.#errors.baseline ** 2;
    if (room <= 0 || variance <= 0) return undefined;
    return Math.ceil((callsOf(this.#now.figures) * this.#errors.run ** 2) / variance);
  }
}

interface Difference {
  readonly before: number;
  readonly after: number;
  /** How far its limits lie below and above the difference. */
  readonly below: number;
  readonly above: number;
}

/** Limits of a difference from those of both. @see Zou and Donner 2008, Construction of confidence limits about effect measures */
function differenceOf(before: Limited, after: Limited): Difference {
  return {
    before: before.log,
    after: after.log,
    below: Math.hypot(after.log - after.low, before.high - before.log),
    above: Math.hypot(after.high - after.log, before.log - before.low),
  };
}

function verdictOf({ moved, quantiles, errors }: Measured, isEnough: boolean): Verdict {
  const all = [moved, ...quantiles.map((each) => each.moved)];
  if (all.includes('slower')) return 'slower';
  if (errors.moved === 'more') return 'more errors';
  if (!isEnough) return 'too few calls';
  // A shorter tail alone is no news.
  return moved === 'faster' || quantiles[0]?.moved === 'faster' ? 'faster' : 'same';
}

function movedOf(low: number, high: number, guard: number): Moved {
  if (low > guard) return 'slower';
  if (high < -guard) return 'faster';
  // Neither limit: nothing would have been seen.
  return low === -Infinity && high === Infinity ? 'unknown' : 'same';
}

function around(log: number, below: number, above: number): Ratio {
  return { value: Math.exp(log), low: Math.exp(log - below), high: Math.exp(log + above) };
}

function noiseOf({ learned, isProvisional }: RecordedOperation, otherwise: number): number {
  if (learned === undefined || isProvisional) return otherwise;
  return Math.max(LEAST_NOISE, Math.min(MOST_NOISE, learned.noise));
}

/** Share of the noise of minutes that their number has not averaged out. */
function leftOver(figures: Figures): number {
  return Math.sqrt(Math.min(1, (ALIKE_MINUTES * 60) / Math.max(1, secondsOf(figures))));
}

/** Mean of the season over a run, nats. */
function seasonOf({ learned }: RecordedOperation, { fromMs, toMs }: Figures): number {
  const season = learned?.season;
  if (season === undefined) return 0;
  const looks = 48;
  let sum = 0;
  for (let i = 0; i < looks; i++) sum += seasonAt(season, fromMs + ((i + 0.5) / looks) * (toMs - fromMs));
  return (sum / looks) * BIN_WIDTH;
}
