// Fixed bounds for operations, judged in this process over the last minute, for programs that run without a sidecar.
// A bound is not a baseline: nothing is learned here.
import { checkNumbers } from '../creation-checks.ts';
import { withoutSecrets } from '../bound/secrets.ts';
import type { AlertData, AlertType } from './alert.ts';
import { DurationStatistics } from './duration-statistics.ts';

/** What an operation type may do; what is left out is not judged. */
export interface Threshold {
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  readonly meanMs?: number;
  /** Failed calls of all, 0..1. */
  readonly errorRatio?: number;
  /** With fewer calls in the last minute nothing is raised; 20. */
  readonly minCalls?: number;
  readonly severity?: AlertData['severity'];
}

const ENDLESS = { most: Infinity };
const RANGES = { p95Ms: ENDLESS, p99Ms: ENDLESS, meanMs: ENDLESS, errorRatio: { most: 1 }, minCalls: ENDLESS };
/** The last minute, in steps. */
const STEP_MS = 10_000;
const STEPS = 6;
const DEFAULT_MIN_CALLS = 20;
/** It is over once the figure is below this much of its bound, for `CALM_STEPS` steps in turn: at a bound nothing flaps. */
const CLEAR_RATIO = 0.9;
const CALM_STEPS = 3;

type Figure = 'p95Ms' | 'p99Ms' | 'meanMs' | 'errorRatio';
const FIGURES: readonly Figure[] = ['p95Ms', 'p99Ms', 'meanMs', 'errorRatio'];

/** Judges all operation types that have bounds. */
export class Thresholds {
  readonly #watches: ReadonlyMap<string, Watch>;
  readonly #tell: (type: AlertType, data: AlertData) => void;

  /** @param thresholds by operation type */
  constructor(
    thresholds: Readonly<Record<string, Threshold>>,
    nowMs: number,
    tell: (type: AlertType, data: AlertData) => void,
  ) {
    for (const [name, each] of Object.entries(thresholds)) checkNumbers(`threshold of ${name}`, each, RANGES);
    this.#watches = new Map(
      Object.entries(thresholds).map(([name, each]) => [name, new Watch(withoutSecrets(name), each, nowMs)]),
    );
    this.#tell = tell;
  }

  record(type: string, durationMs: number, isError: boolean, nowMs: number): void {
    this.#watches.get(type)?.record(durationMs, isError, nowMs);
  }

  /**
   * To be called every {@link Thresholds.everyMs}.
   *
   * @param nowMs that never goes back @param atMs the same moment since the epoch
   */
  judge(nowMs: number, atMs: number): void {
    for (const watch of this.#watches.values())
      for (const [type, data] of watch.judge(nowMs, atMs)) this.#tell(type, data);
  }

  /** What is raised now. */
  raised(): AlertData[] {
    return [...this.#watches.values()].flatMap((watch) => watch.raised());
  }

  static readonly everyMs = STEP_MS / 2;
}

interface Raised {
  readonly data: AlertData;
  /** Step since which the figure has been well below its bound. */
  calmSince: number | undefined;
}

/** One operation type. */
class Watch {
  readonly #name: string;
  readonly #threshold: Threshold;
  readonly #steps = Array.from({ length: STEPS }, () => new DurationStatistics());
  readonly #whole = new DurationStatistics();
  readonly #raised = new Map<Figure, Raised>();
  #step: number;

  constructor(name: string, threshold: Threshold, nowMs: number) {
    this.#name = name;
    this.#threshold = threshold;
    this.#step = Math.floor(nowMs / STEP_MS);
  }

  record(durationMs: number, isError: boolean, nowMs: number): void {
    this.#advance(nowMs);
    this.#steps[this.#step % STEPS]?.record(durationMs, isError);
  }

  judge(nowMs: number, atMs: number): [AlertType, AlertData][] {
    this.#advance(nowMs);
    this.#whole.clear();
    for (const step of this.#steps) if (step.count > 0) this.#whole.add(step);
    return FIGURES.flatMap((figure) => {
      const limit = this.#threshold[figure];
      const data = limit === undefined ? undefined : this.#change(figure, limit, atMs);
      return data === undefined ? [] : [[typeOf(figure), data] as [AlertType, AlertData]];
    });
  }

  raised(): AlertData[] {
    return [...this.#raised.values()].map(({ data }) => data);
  }

  /** @returns what is to be told, where something is */
  #change(figure: Figure, limit: number, atMs: number): AlertData | undefined {
    const { minCalls = DEFAULT_MIN_CALLS } = this.#threshold;
    const value = this.#whole.summary()[figure];
    const raised = this.#raised.get(figure);
    if (raised === undefined) {
      if (this.#whole.count < minCalls || value <= limit) return undefined;
      const data = this.#data(figure, value, limit, atMs);
      this.#raised.set(figure, { data, calmSince: undefined });
      return data;
    }
    // Nobody calls it any more: what was wrong with it is over as well.
    if (value > CLEAR_RATIO * limit && this.#whole.count > 0) raised.calmSince = undefined;
    else raised.calmSince ??= this.#step;
    if (raised.calmSince === undefined || this.#step - raised.calmSince < CALM_STEPS) return undefined;
    this.#raised.delete(figure);
    const summary = `${this.#name}: ${says(figure, value)} over the last minute, within its bound of ${shown(figure, limit)} again`;
    return { ...raised.data, state: 'resolved', value, summary };
  }

  #data(figure: Figure, value: number, limit: number, atMs: number): AlertData {
    const { count } = this.#whole;
    return {
      id: `${this.#name}/${figure}/${atMs}`,
      source: 'thresholds',
      state: 'firing',
      severity: this.#threshold.severity ?? 'warning',
      subject: this.#name,
      attributes: {},
      summary: `${this.#name}: ${says(figure, value)} over the last minute, more than its bound of ${shown(figure, limit)} (${count} calls)`,
      sinceMs: atMs,
      value,
      limit,
    };
  }

  /** Empties the steps that time has passed over. */
  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / STEP_MS);
    if (step <= this.#step) return;
    for (let s = Math.max(this.#step + 1, step - STEPS + 1); s <= step; s++) this.#steps[s % STEPS]?.clear();
    this.#step = step;
  }
}

function typeOf(figure: Figure): AlertType {
  return figure === 'errorRatio' ? 'error' : 'latency';
}

function says(figure: Figure, value: number): string {
  return figure === 'errorRatio'
    ? `${shown(figure, value)} of calls failed`
    : `${figure === 'meanMs' ? 'the mean was' : `${figure.slice(0, 3)} was`} ${shown(figure, value)}`;
}

function shown(figure: Figure, value: number): string {
  return figure === 'errorRatio' ? `${Number((value * 100).toPrecision(3))} %` : `${Number(value.toPrecision(3))} ms`;
}
