// One operation in two runs: how far the later lies from the earlier, and how sure that is.
import { deviationsOf } from '../model/binomial.ts';
import { BIN_WIDTH } from './bins.ts';
import { compareErrors } from './compare-errors.ts';
import type { Compared, Measured, Moved, QuantileComparison, Verdict } from './comparison.ts';
import type { Ratio } from './contract.ts';
import { callsOf, type Figures, type Limited, QUANTILES, quantileOf, secondsOf, typicalOf } from './figures.ts';
import { ordinaryOf, type Shifted, Z95 } from './machine-shift.ts';
import type { RecordedOperation } from './recorded-run.ts';
import { seasonAt } from './season.ts';

/** What a figure may differ by though nothing is wrong, and what is taken off it before; nats. */
export interface Allowance {
  readonly within: number;
  readonly off: number;
}

/** Each side of a 95 % interval. */
const SIDE95 = 0.025;
/** Minutes differ by this much where nothing is known of them; what is known is believed within these limits. */
const USUAL_NOISE = 0.035;
const LEAST_NOISE = 0.02;
const MOST_NOISE = 0.15;
/** Neighbouring minutes are alike: so many are as good as one. */
const ALIKE_MINUTES = 4;
/** Who is less sure of a geometric mean than this, nats, says nothing of a shift. */
const MOST_ERROR = 0.2;

/** One operation in both. Logarithms are nats. */
export class OperationPair {
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

  /** One of QUANTILES as a shift is found of it. */
  quantile(index: number): Shifted {
    const { before, after, below, above } = this.#limits(index, SIDE95);
    const error = Math.hypot((below + above) / 2 / Z95, this.noise);
    return { log: after - before - this.#season, error, noise: this.noise };
  }

  /**
   * @param allowances of the geometric mean, then of each of QUANTILES
   * @param leastSought ratio that a run should show, beyond levels that are known
   * @param alpha accepted of each test
   */
  compare(allowances: readonly Allowance[], leastSought: number, alpha: number): Compared {
    const { name, service, kind, figures } = this.#now;
    const [{ within, off }, ...ofQuantiles] = allowances;
    const guard = within + this.#level;
    const sought = leastSought * Math.exp(this.#level);
    const z = deviationsOf(alpha);
    const log = this.log - off;
    const chance = Math.hypot(ordinaryOf(this.noise), z * this.#errors.baseline, z * this.#errors.run);
    const moved = movedOf(log - chance, log + chance, guard);
    const quantiles = ofQuantiles.map((allowance, i) => this.#quantile(i, allowance, alpha));
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

  /** Levels that an operation alternates between are no change, whichever it is on; those of a short run may be chance. */
  get #level(): number {
    const { learned, isProvisional } = this.#known;
    if (learned === undefined || isProvisional) return 0;
    return Math.max(0, ...learned.levels.map(({ from }) => from * BIN_WIDTH));
  }

  #limits(index: number, side: number): Difference {
    return differenceOf(quantileOf(this.#known.figures, index, side), quantileOf(this.#now.figures, index, side));
  }

  #quantile(index: number, { within, off }: Allowance, alpha: number): QuantileComparison {
    const { before, after, below, above } = this.#limits(index, alpha);
    const ordinary = ordinaryOf(this.noise);
    const log = after - before - this.#season - off;
    const shown = this.#limits(index, SIDE95);
    const guard = within + this.#level;
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
