// What is true of a stream: what goes wrong with which operation, how bad it is, and how soon anybody could know.
import { HOUR } from './chance.ts';
import {
  arithmeticMean,
  type Change,
  cellsOf,
  changed,
  geometricMean,
  guardedDivergence,
  quantile,
  type Shape,
} from './shape.ts';
import {
  type Cause,
  type Effect,
  NO_CHANGE,
  type Operation,
  rateFactorAt,
  type RegressionKind,
  scaleAt,
  seasonAt,
  type StreamSpec,
} from './stream.ts';

export type Severity = 'info' | 'warning' | 'critical' | 'emergency';

/** What one cause does to one operation. Times are those of the stream. */
export interface Regression {
  /** Place of its cause in the stream; regressions of one cause share it. */
  readonly cause: number;
  readonly op: string;
  readonly kind: RegressionKind;
  /** Kinds of violation that name it. */
  readonly violations: readonly string[];
  readonly onsetMs: number;
  readonly recoveryMs: number;
  /** Seconds that the best of all tests needs; null where harmless explanations never end. */
  readonly boundS: number | null;
  readonly ratePerS: number;
  /** Those that are right, by its size; near a boundary two. */
  readonly severities: readonly Severity[];
  /** What an interval must hold; null where it is open what to compare with. */
  readonly ratio: number | null;
}

export interface Truth {
  readonly name: string;
  readonly kind: string;
  readonly startMs: number;
  readonly learnUntilMs: number;
  readonly endMs: number;
  readonly ops: readonly { readonly op: string; readonly ratePerS: number; readonly tau: number }[];
  readonly regressions: readonly Regression[];
  /** What else happened, for who looks into a false alarm. */
  readonly harmless: readonly {
    readonly what: string;
    readonly ops: readonly string[];
    readonly fromMs: number;
    readonly toMs: number;
  }[];
}

/** Issue 6: the guard of a baseline whose minutes differ by tau. */
export function guardOf(tau: number): number {
  return 1.08 * Math.exp(1.5 * tau);
}

/** Issue 6: one false alarm in 100 days is what the bound allows. */
const BUDGET_S = 100 * 86_400;
/** A bound is not followed further than this. */
const MAX_BOUND_S = 900;
const TAIL_QUANTILE = 0.985;
/** The least error ratio that another one is compared with. */
const MIN_ERROR_RATIO = 0.005;
/** From which ratio a severity holds, and how near to it both neighbours are right. */
const BOUNDARIES: readonly (readonly [number, Severity])[] = [
  [2, 'warning'],
  [5, 'critical'],
];
const NEAR_BOUNDARY = 1.15;

export function truthOf(spec: StreamSpec): Truth {
  const { name, kind, baseMs, learnMs, endMs, ops, harmless, causes } = spec;
  const nameOf = (index: number): string => ops[index]?.name ?? '';
  return {
    name,
    kind,
    startMs: baseMs,
    learnUntilMs: baseMs + learnMs,
    endMs: baseMs + endMs,
    ops: ops.map((op) => ({ op: op.name, ratePerS: op.ratePerS, tau: op.tau })),
    regressions: causes.flatMap((cause, i) => regressionsOf(spec, cause, i)),
    harmless: harmless.map((each) => ({
      what: each.what,
      ops: each.ops.map(nameOf),
      fromMs: baseMs + each.fromMs,
      toMs: baseMs + each.toMs,
    })),
  };
}

function regressionsOf(spec: StreamSpec, cause: Cause, index: number): Regression[] {
  const hit = [...new Set(cause.effects.flatMap(({ ops }) => ops))];
  return hit.flatMap((place) => {
    const op = spec.ops[place];
    if (op === undefined) return [];
    const effects = cause.effects.filter(({ ops }) => ops.includes(place));
    const ratios = ratiosOf(op, cause, effects);
    const isStopped = cause.kind === 'stop' || cause.kind === 'hang';
    return [
      {
        cause: index,
        op: op.name,
        kind: cause.kind,
        violations: isStopped ? ['throughput', 'hang'] : cause.kind === 'errors' ? ['error'] : ['latency'],
        onsetMs: spec.baseMs + cause.onsetMs,
        recoveryMs: spec.baseMs + cause.recoveryMs,
        boundS: boundOf(spec, place, cause, effects),
        ratePerS: rateAt(spec, place, cause.onsetMs),
        severities: isStopped ? ['emergency'] : [...new Set(ratios.severities.flatMap(severitiesOf))],
        ratio: ratios.exact,
      },
    ];
  });
}

/** Calls a second at a time, with season and harmless changes. */
export function rateAt({ ops, harmless }: StreamSpec, place: number, ms: number): number {
  const op = ops[place];
  if (op === undefined) return 0;
  let rate = op.ratePerS * Math.exp(seasonAt(op.season, ms).rate);
  for (const each of harmless)
    if (each.ops.includes(place) && each.fromMs <= ms && ms < each.toMs) rate *= rateFactorAt(each, ms);
  return rate;
}

/** Severities that are right for a ratio. */
export function severitiesOf(ratio: number): Severity[] {
  const right: Severity[] = ['info'];
  for (const [boundary, severity] of BOUNDARIES) {
    if (ratio < boundary / NEAR_BOUNDARY) break;
    if (ratio > boundary * NEAR_BOUNDARY) right.length = 0;
    right.push(severity);
  }
  return right;
}

interface Ratios {
  readonly exact: number | null;
  /** Ratios that a severity may be told by. */
  readonly severities: readonly number[];
}

function ratiosOf(op: Operation, { kind, onsetMs }: Cause, effects: readonly Effect[]): Ratios {
  const last = effects.at(-1);
  if (last === undefined || kind === 'stop' || kind === 'hang') return { exact: null, severities: [] };
  if (kind === 'errors') {
    const ratio = (last.errorRatio ?? 0) / Math.max(op.errorRatio, MIN_ERROR_RATIO);
    return { exact: ratio, severities: [ratio] };
  }
  const after = changed(op.shape, changeOf(last, last.toMs));
  const geometric = geometricMean(after) / geometricMean(op.shape);
  // The issue does not say whether a lost cache counts by its geometric or its arithmetic mean.
  if (kind === 'cache')
    return { exact: null, severities: [geometric, arithmeticMean(after) / arithmeticMean(op.shape)] };
  const ratio =
    kind === 'tail' ? quantile(cellsOf(after), TAIL_QUANTILE) / quantile(cellsOf(op.shape), TAIL_QUANTILE) : geometric;
  const drift = Math.exp(op.driftPerHour * (onsetMs / HOUR));
  const isOpen = kind === 'ramp' || op.levels.length > 1 || Math.abs(drift - 1) > 0.02;
  return {
    exact: isOpen ? null : ratio,
    severities: op.levels.flatMap((level) => [ratio / level, (ratio / level) * drift]),
  };
}

function changeOf(of: Effect, ms: number): Change {
  return { scale: scaleAt(of, ms), share: of.share, missRatio: of.missRatio };
}

/** Issue 6: the second in which what all calls since the onset tell exceeds ln(calls in 100 days). */
function boundOf(spec: StreamSpec, place: number, cause: Cause, effects: readonly Effect[]): number | null {
  const op = spec.ops[place];
  if (op === undefined) return null;
  const goal = Math.log(rateAt(spec, place, cause.onsetMs) * BUDGET_S);
  const information = new Information(op);
  let sum = 0;
  for (let second = 0; second < MAX_BOUND_S; second++) {
    const ms = cause.onsetMs + second * 1000 + 500;
    const active = effects.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
    if (active === undefined) return null;
    const level = spec.harmless
      .filter((each) => each.what === 'level' && each.ops.includes(place) && each.fromMs <= ms && ms < each.toMs)
      .reduce((product, each) => product * each.scaleFrom, 1);
    const gained = information.perSecond(active, { ms, level, ratePerS: rateAt(spec, place, ms) });
    if (sum + gained >= goal) return second + (goal - sum) / gained;
    sum += gained;
  }
  return null;
}

interface Moment {
  readonly ms: number;
  readonly level: number;
  readonly ratePerS: number;
}

/** Nats a second of an operation tells against all that is harmless. */
class Information {
  readonly #op: Operation;
  readonly #shape: Shape;
  readonly #nulls: readonly Float64Array[];
  readonly #byChange = new Map<string, number>();

  constructor(op: Operation) {
    this.#op = op;
    const { batchSd } = op.arrivals;
    this.#shape = {
      ...op.shape,
      components: op.shape.components.map((part) => ({ ...part, sigma: Math.hypot(part.sigma, batchSd) })),
    };
    this.#nulls = op.levels.map((level) => cellsOf(changed(this.#shape, { ...NO_CHANGE, scale: level })));
  }

  perSecond(active: Effect, { ms, level, ratePerS }: Moment): number {
    if (active.hangs || active.rateFrom === 0) return this.#silence(ratePerS);
    // Calls that fail in a row tell as much as one.
    if (active.errorRatio !== undefined)
      return (ratePerS / this.#op.errorRun) * errorDivergence(active.errorRatio, this.#op.errorRatio);
    const change = changeOf(active, ms);
    // Steps of 1 % are finer than anybody can see, and each costs a moment.
    const scale = Math.exp(Math.round(Math.log(change.scale) * 100) / 100);
    const key = `${scale} ${level}`;
    let each = this.#byChange.get(key);
    if (each === undefined) {
      each = this.#perCall({ ...change, scale }, level);
      this.#byChange.set(key, each);
    }
    return (ratePerS * each) / this.#designEffect();
  }

  #perCall(change: Change, level: number): number {
    const altered = cellsOf(changed(changed(this.#shape, change), { ...NO_CHANGE, scale: level }));
    return Math.min(...this.#nulls.map((cells) => guardedDivergence(altered, cells, guardOf(this.#op.tau))));
  }

  /** Of a gap while calls come in batches, at a rate that a gamma factor moves. */
  #silence(ratePerS: number): number {
    const { batch, burstiness } = this.#op.arrivals;
    const rate = ratePerS / batch;
    return burstiness === 0 ? rate : burstiness * Math.log(1 + rate / burstiness);
  }

  /** Calls that stand for one, since those of a batch are alike. @see Kish 1965 */
  #designEffect(): number {
    const { batch, batchSd } = this.#op.arrivals;
    const own = this.#op.shape.components[0]?.sigma ?? 1;
    return 1 + (2 * batch - 2) * (batchSd ** 2 / (batchSd ** 2 + own ** 2));
  }
}

/** Nats of a call against the guarded error ratio of the issue; none where it explains what is seen. */
export function errorDivergence(ratio: number, usual: number): number {
  const guarded = 1.3 * usual + 0.002;
  if (ratio <= guarded) return 0;
  const failed = ratio * Math.log(ratio / guarded);
  return ratio === 1 ? failed : failed + (1 - ratio) * Math.log((1 - ratio) / (1 - guarded));
}
