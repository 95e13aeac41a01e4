// One watched series: makes steps of its readings, learns and judges them, and tells what has changed of what is said.
import { isDeepStrictEqual } from 'node:util';
import type { Change, Severity, Subject } from '../baseline/contract.ts';
import type { DataPoint } from '../model/data-point.ts';
import { type Departed, Departure, type DepartureOptions } from './departure.ts';
import { ResourceHistory } from './history.ts';
import { judge, type Judgement } from './judgement.ts';
import { Counted, type Quantity } from './reading.ts';
import type { LimitSource, Parts } from './rule.ts';
import { ResourceSaturation, type SaturationVerdict } from './saturation.ts';
import { filled, joined } from './snapshot.ts';
import { type ResourceStep, ResourceSteps } from './steps.ts';
import type { TimeToLimit } from './trend.ts';
import { type ResourceVerdict, ResourceWatch } from './watch.ts';

/** How a series is watched; plain, so that it can be kept with it. */
export interface SeriesRule extends DepartureOptions {
  readonly quantity: Quantity;
  readonly parts?: Parts['as'];
  readonly limit?: LimitSource;
  readonly isBusyness: boolean;
}

/** Whose and what it is. */
export interface SeriesIdentity {
  readonly subject: Subject;
  readonly metric: string;
  readonly unit: string;
}

/** What all series share. */
export interface SeriesOptions {
  readonly stepMs: number;
  /** How long a level is believed to hold. */
  readonly holdMs: number;
  /** Steps without which nothing is said of a baseline. */
  readonly learnSteps: number;
  readonly saturation: {
    readonly warning: number;
    readonly critical: number;
    readonly sustainedMs: number;
    readonly busySustainedMs: number;
  };
}

/** Of snapshots of what was. */
const VERSION = 1;
/** Parts of one series: modes of a processor, spaces of a heap. */
const MAX_PARTS = 64;
/** What is said is corrected after so many steps at the earliest, and where it is twice or half as much. */
const CORRECT_STEPS = 5;
const CORRECT_FACTOR = 2;
/** One that was said before a restart is not over before so much is known again. */
const ADOPTED_STEPS = 5;

/** What is said of a series. */
interface Said {
  severity: Severity;
  readonly onsetMs: number;
  ratio: Change['ratio'];
  nats: number;
  amount: number;
  saidMs: number;
  /** Steps for which it stays, whatever they show. */
  graceSteps: number;
}

export class Series {
  identity: SeriesIdentity;
  readonly rule: SeriesRule;
  /** Of the latest point, and when it is written down next. */
  seenMs: number;
  dueMs = Infinity;
  /** What it cannot exceed, as far as that is known. */
  limit: number | undefined;
  readonly #options: SeriesOptions;
  readonly #steps: ResourceSteps;
  readonly #counted = new Counted();
  readonly #parts = new Map<string, number>();
  readonly #watch: ResourceWatch;
  readonly #departure: Departure;
  readonly #history = new ResourceHistory();
  #saturation: ResourceSaturation | undefined;
  #seen = 0;
  #said: Said | undefined;
  #now: { readonly step: ResourceStep; readonly verdict: ResourceVerdict } | undefined;
  #departed: Departed | undefined;
  #near: SaturationVerdict['severity'] = 'none';

  constructor(identity: SeriesIdentity, rule: SeriesRule, options: SeriesOptions, nowMs: number) {
    this.identity = identity;
    this.rule = rule;
    this.#options = options;
    this.seenMs = nowMs;
    this.#steps = new ResourceSteps(options);
    this.#watch = new ResourceWatch({ leastChange: rule.leastChange, stepMs: options.stepMs });
    this.#departure = new Departure(rule);
    if (rule.limit !== undefined && 'value' in rule.limit) this.limit = rule.limit.value;
  }

  /** Takes a point. @param part which of the parts that are watched together it is @returns what changed of what is said */
  take(point: DataPoint, part: string, nowMs: number): Change[] {
    const { quantity } = this.rule;
    this.seenMs = nowMs;
    if (quantity === 'value') return this.#judge(this.#takeLevel(point, part));
    if (point.hasNoValue) return [];
    const reading = this.#counted.take(point, quantity);
    if (reading?.fromMs === undefined) return [];
    return this.#judge(this.#steps.takeSpan(reading.fromMs, reading.timeMs, reading.value));
  }

  /** Lets time pass: levels hold, and of what is counted the next point will tell. @returns as `take` */
  advance(toMs: number): Change[] {
    return this.rule.quantity === 'value' ? this.#judge(this.#steps.advance(toMs)) : [];
  }

  /** Ends what is said because nobody sends any more, or it is not watched any more. */
  fallSilent(nowMs: number): Change[] {
    this.#steps.end();
    this.#near = 'none';
    this.#departed = undefined;
    this.#saturation = undefined;
    this.#departure.begin();
    const said = this.#said;
    if (said === undefined) return [];
    this.#said = undefined;
    return [{ ...changeOf(said, nowMs), severity: 'none', ended: 'forgotten' }];
  }

  /** Takes over what was said of it before a restart. */
  adopt({ severity, onsetMs, ratio }: Pick<Said, 'severity' | 'onsetMs' | 'ratio'>, nowMs: number): void {
    this.#said = { severity, onsetMs, ratio, nats: 0, amount: NaN, saidMs: nowMs, graceSteps: ADOPTED_STEPS };
  }

  get state(): 'learning' | 'normal' | 'departed' | 'saturated' {
    if (this.#near !== 'none') return 'saturated';
    if (this.#departed !== undefined) return 'departed';
    return this.isLearned ? 'normal' : 'learning';
  }

  get isLearned(): boolean {
    return this.#seen >= this.#options.learnSteps;
  }

  get severity(): Severity | undefined {
    return this.#said?.severity;
  }

  /** The latest step, what was found of it, and what is usual; undefined before the first. */
  get now() {
    if (this.#now === undefined) return undefined;
    const { step, verdict } = this.#now;
    const { usual: before, spread } = this.#departure.normal;
    const usual = verdict.isSeasonal || Number.isNaN(before) ? verdict.usual : before;
    return { value: step.value, score: verdict.score, usual, spread };
  }

  get history(): ResourceHistory {
    return this.#history;
  }

  timeToLimit(): TimeToLimit | undefined {
    return this.#saturation?.timeToLimit();
  }

  /** All that is known; plain, and of its own memory. */
  snapshot() {
    return {
      identity: this.identity,
      rule: this.rule,
      stepMs: this.#options.stepMs,
      seenMs: this.seenMs,
      seen: this.#seen,
      watch: this.#watch.snapshot(),
      history: joined(VERSION, this.#history.state),
      departure: this.#departure.snapshot(),
      saturation: this.#saturation?.snapshot(),
    };
  }

  /** The same series, watched in another way where that is asked for. */
  watchedBy(rule: SeriesRule): Series {
    if (isDeepStrictEqual(rule, this.rule)) return this;
    const other = Series.restored(this.snapshot(), rule, this.#options) ?? this;
    other.#said = this.#said;
    return other;
  }

  /** @returns undefined where another version made it, or steps were of another length */
  static restored(saved: SavedSeries, rule: SeriesRule, options: SeriesOptions): Series | undefined {
    const series = new Series(saved.identity, rule, options, saved.seenMs);
    if (saved.stepMs !== options.stepMs || !series.#watch.restore(saved.watch)) return undefined;
    if (!filled(VERSION, series.#history.state, saved.history)) return undefined;
    series.#departure.restore(saved.departure);
    if (saved.saturation !== undefined) series.#saturated().restore(saved.saturation);
    series.#seen = saved.seen;
    return series;
  }

  #takeLevel({ timeMs, value, hasNoValue }: DataPoint, part: string): ResourceStep[] {
    const { parts } = this.rule;
    if (hasNoValue) {
      this.#parts.delete(part);
      const steps = this.#steps.advance(timeMs);
      if (this.#parts.size === 0) this.#steps.end();
      return steps;
    }
    if (value.type !== 'number') return [];
    if (parts === undefined) return this.#steps.take(timeMs, value.value);
    if (this.#parts.size < MAX_PARTS || this.#parts.has(part)) this.#parts.set(part, value.value);
    let sum = 0;
    for (const each of this.#parts.values()) sum += each;
    return this.#steps.take(timeMs, parts === 'sum' ? sum : Math.max(0, 1 - sum));
  }

  #judge(steps: readonly ResourceStep[]): Change[] {
    return steps.flatMap((step) => {
      const judgement = this.#learn(step);
      const change = this.#say(judgement, step.timeMs);
      return change === undefined ? [] : [change];
    });
  }

  #learn(step: ResourceStep): Judgement | undefined {
    const { timeMs, value } = step;
    this.#seen++;
    // Of what began within a step, its middle is nearest to when it did.
    const middleMs = timeMs - this.#options.stepMs / 2;
    this.#history.take(middleMs, value);
    const verdict = this.#watch.take(timeMs, value, this.#departure.season);
    this.#now = { step, verdict };
    this.#departed = this.#departure.take(middleMs, value, verdict, this.isLearned);
    const usedRatio = this.limit === undefined ? NaN : value / this.limit;
    const near = Number.isFinite(usedRatio) ? this.#saturated().take(middleMs, usedRatio) : undefined;
    this.#near = near?.severity ?? 'none';
    const found = {
      value,
      unit: this.identity.unit,
      usual: this.now?.usual ?? NaN,
      departed: this.#departed,
      saturation: near === undefined ? undefined : { ...near, usedRatio },
      left: () => this.timeToLimit(),
      isBusyness: this.rule.isBusyness,
    };
    return judge(found, this.#said?.severity);
  }

  #saturated(): ResourceSaturation {
    const { warning, critical, sustainedMs, busySustainedMs } = this.#options.saturation;
    return (this.#saturation ??= new ResourceSaturation({
      warning,
      critical,
      sustainedMs: this.rule.isBusyness ? busySustainedMs : sustainedMs,
      clearMs: this.#options.stepMs,
    }));
  }

  #say(judgement: Judgement | undefined, timeMs: number): Change | undefined {
    const said = this.#said;
    if (said !== undefined) said.graceSteps--;
    if (judgement === undefined) {
      if (said === undefined || said.graceSteps >= 0) return undefined;
      this.#said = undefined;
      return { ...changeOf(said, timeMs), severity: 'none' };
    }
    const { says, ...known } = judgement;
    if (said === undefined) this.#said = { ...known, saidMs: timeMs, graceSteps: 0 };
    else if (said.severity === known.severity && !this.#isCorrected(said, known.amount, timeMs)) return undefined;
    else this.#said = { ...known, onsetMs: said.onsetMs, saidMs: timeMs, graceSteps: said.graceSteps };
    return { ...changeOf(this.#said, timeMs), says };
  }

  /** Whether it is so much more or less, or so much nearer, that it has to be said anew. */
  #isCorrected(said: Said, amount: number, timeMs: number): boolean {
    // That nothing is certain any more is not worth a word.
    if (timeMs - said.saidMs < CORRECT_STEPS * this.#options.stepMs || amount === Infinity) return false;
    // What was said before a restart is not known here; the first that is known stands for it.
    if (Number.isNaN(said.amount)) said.amount = amount;
    const ratio = amount / said.amount;
    return ratio >= CORRECT_FACTOR || ratio <= 1 / CORRECT_FACTOR;
  }
}

export type SavedSeries = ReturnType<Series['snapshot']>;

function changeOf({ severity, onsetMs, ratio, nats }: Said, timeMs: number): Change {
  return { timeMs, kind: 'resource', severity, onsetMs, ratio, nats, calls: 0, quantiles: [] };
}
