// All rules over all points: who takes a point, what is due when. Pure: it is handed the time.
import type { Attributes } from '../model/attributes.ts';
import type { DataPoint, Metric } from '../model/data-point.ts';
import { Budget } from './budget.ts';
import type { AggregateConfig } from './config.ts';
import { Conversion } from './convert.ts';
import { compileRule, type Rule } from './rule.ts';
import { type Books, RuleWindows } from './window.ts';

/** What becomes of points that no window holds. */
export interface AggregatorBooks extends Books {
  /** A rule took it, and none of its outputs has a meaning for it. */
  unfit(points: number): void;
  /** There was no place for its stream. */
  overflow(points: number): void;
}

/** A rule that may take points of the metric at hand. */
interface Candidate {
  readonly rule: Rule;
  /** Undefined where nothing is to be done with its points. */
  readonly take: ((point: DataPoint, nowMs: number) => boolean) | undefined;
}

/** Every rule with what it holds. */
export class Aggregator {
  readonly #rules: readonly (RuleWindows | Conversion)[];
  readonly #books: AggregatorBooks;
  readonly #budget: Budget;
  /** Points made while others are taken. */
  #made: DataPoint[] = [];

  /**
   * @param ownInstance attributes of this sidecar's resource
   * @param watchedSinceMs Unix milliseconds since when nothing that came was missed
   */
  constructor(config: AggregateConfig, ownInstance: Attributes, watchedSinceMs: number, books: AggregatorBooks) {
    this.#books = books;
    this.#budget = new Budget(config.max_series);
    const shared = { budget: this.#budget, books, watchedSinceMs, ownInstance };
    this.#rules = config.rules
      .map((rule) => compileRule(rule, config))
      .map((rule) => (rule.convertsTo === undefined ? new RuleWindows(rule, shared) : new Conversion(rule, shared)));
  }

  /** Streams and groups remembered. */
  get series(): number {
    return this.#budget.used;
  }

  /**
   * Takes points, each by the first rule that matches it.
   *
   * @returns those that pass, the same list where all do, and what was made of others at once
   */
  take(
    points: readonly DataPoint[],
    nowMs: number,
  ): { readonly passed: readonly DataPoint[]; readonly made: DataPoint[] } {
    let passed: DataPoint[] | undefined;
    let metric: Metric | undefined;
    let candidates: Candidate[] = [];
    for (const [i, point] of points.entries()) {
      if (point.metric !== metric) {
        metric = point.metric;
        candidates = this.#candidates(metric);
      }
      const passes = candidates.length === 0 || this.#passes(point, candidates, nowMs);
      if (passes) passed?.push(point);
      else passed ??= points.slice(0, i);
    }
    const made = this.#made;
    this.#made = [];
    return { passed: passed ?? points, made };
  }

  /** When something is due, by the host's clock in Unix milliseconds; Infinity where nothing ever is. */
  dueMs(): number {
    return Math.min(Infinity, ...this.#rules.map((rule) => rule.dueMs()));
  }

  /** Does what is due, in turns. */
  *close(nowMs: number): Generator<DataPoint[]> {
    for (const rule of this.#rules) if (rule.dueMs() <= nowMs) yield* rule.close(nowMs);
  }

  /** Closes every window, in turns. */
  *flush(nowMs: number): Generator<DataPoint[]> {
    for (const rule of this.#rules) yield* rule.flush(nowMs);
  }

  #passes(point: DataPoint, candidates: readonly Candidate[], nowMs: number): boolean {
    const chosen = candidates.find(({ rule }) => rule.matchesPoint === undefined || rule.matchesPoint(point));
    if (chosen === undefined) return true;
    const { rule, take } = chosen;
    if (take === undefined) {
      this.#books.unfit(1);
      return true;
    }
    const isTaken = take(point, nowMs);
    if (!isTaken) this.#books.overflow(1);
    return !isTaken || rule.keepsInput;
  }

  #candidates(metric: Metric): Candidate[] {
    const found: Candidate[] = [];
    for (const each of this.#rules) {
      if (!each.rule.matchesMetric(metric)) continue;
      found.push({
        rule: each.rule,
        take: each instanceof Conversion ? this.#converter(each, metric) : taker(each, metric),
      });
      // Whatever comes after a rule that takes every point of the metric takes none.
      if (each.rule.matchesPoint === undefined) break;
    }
    return found;
  }

  #converter(conversion: Conversion, metric: Metric): Candidate['take'] {
    const streams = conversion.streamsOf(metric);
    if (streams === undefined) return undefined;
    return (point, nowMs) => {
      const made = conversion.take(point, streams, nowMs);
      if (made === undefined) return false;
      this.#made.push(...made);
      return true;
    };
  }
}

function taker(windows: RuleWindows, metric: Metric): Candidate['take'] {
  const streams = windows.streamsOf(metric);
  return streams === undefined ? undefined : (point, nowMs) => windows.take(point, streams, nowMs);
}
