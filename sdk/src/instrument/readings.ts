// What is read when metrics are collected instead of recorded call by call: levels of objects, and totals kept in plain
// numbers. Objects of the same name add up. Programs' objects are held weakly.
import { type Attributes, diag } from '@opentelemetry/api';
import { type Instruments, instruments, type Report, withInstruments } from '../observe/instruments.ts';
import type { MetricDefinition } from '../metric-definition.ts';
import { state } from '../state.ts';

/** Objects of one kind that are read; more than a program has on purpose. */
const MAX_SOURCES = 1000;
/** Attribute sets of one metric that totals are kept of. */
const MAX_TOTALS = 1000;
/** Series that are remembered after they are gone. */
const MAX_SERIES = 2000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/** Lets metrics that are read know a provider that was registered after them. */
export function meet(): void {
  instruments();
}

interface Source {
  readonly target: Pick<WeakRef<object>, 'deref'>;
  readonly read: (target: object, report: Report) => void;
}

function held(target: object): Source['target'] {
  return { deref: () => target };
}

interface Sum {
  readonly metric: MetricDefinition;
  readonly attributes: Attributes;
  value: number;
}

/** Objects of one kind and the metrics that are read from them. */
export class Readings {
  readonly #metrics: readonly MetricDefinition[];
  readonly #sources = new Set<Source>();
  #isAnnounced = false;

  constructor(metrics: readonly MetricDefinition[]) {
    this.#metrics = metrics;
  }

  /**
   * Reads an object at each collection, until it is gone or the returned function is called.
   *
   * @param read must not refer to the object but by its argument, nor be made in a call where another function does, or
   *   the object is never gone; what it throws is ignored
   * @param isOwned the object exists only to be read, so nobody else holds it
   */
  add<T extends object>(target: T, read: (target: T, report: Report) => void, isOwned = false): () => void {
    if (this.#sources.size >= MAX_SOURCES) {
      diag.warn(`@evenkeel/sdk reads at most ${MAX_SOURCES} objects of a kind; one more is not read.`);
      return () => {};
    }
    const source: Source = { target: isOwned ? held(target) : new WeakRef(target), read: read as Source['read'] };
    this.#sources.add(source);
    if (this.#isAnnounced) meet();
    else this.#announce();
    return () => this.#sources.delete(source);
  }

  // Apart, because functions that are made in one call keep alive what any of them refers to.
  #announce(): void {
    this.#isAnnounced = true;
    withInstruments((of: Instruments) => {
      let told: ReadonlyMap<string, Sum> = new Map();
      of.onCollection(this.#metrics, (report) => {
        told = this.#collect(report, told);
      });
    });
  }

  /**
   * Reports all there is.
   *
   * @param told series that the provider was told of before
   * @returns those it was told of now
   */
  #collect(report: Report, told: ReadonlyMap<string, Sum>): ReadonlyMap<string, Sum> {
    if (!state.isOn) return told;
    const sums = new Map<string, Sum>();
    // A provider goes on telling the last level of what is gone, unless it is told that there is none.
    for (const [id, { metric, attributes }] of told) sums.set(id, { metric, value: 0, attributes });
    const add: Report = (metric, value, attributes) => {
      if (!Number.isFinite(value)) return;
      const id = `${metric.name} ${JSON.stringify(attributes)}`;
      const sum = sums.get(id);
      if (sum === undefined) sums.set(id, { metric, value, attributes });
      else sum.value += value;
    };
    for (const source of this.#sources) {
      const target = source.target.deref();
      if (target === undefined) this.#sources.delete(source);
      else attempt(() => source.read(target, add));
    }
    for (const { metric, value, attributes } of sums.values()) report(metric, value, attributes);
    return sums.size > MAX_SERIES ? new Map() : sums;
  }
}

/** A number that only grows. */
export interface Total {
  value: number;
}

/** Totals of one metric by attributes: counting is adding to a number. They outlive the objects they count for. */
export class Totals {
  readonly #metric: MetricDefinition;
  readonly #totals = new Map<string, Total & { readonly attributes: Attributes }>();
  #isAnnounced = false;

  constructor(metric: MetricDefinition) {
    this.#metric = metric;
  }

  /** The total of these attributes; keep it where it is counted often. */
  of(attributes: Attributes): Total {
    if (!this.#isAnnounced) {
      this.#isAnnounced = true;
      withInstruments((of) => of.onCollection([this.#metric], (report) => this.#collect(report)));
    }
    const id = JSON.stringify(attributes);
    const known = this.#totals.get(id);
    if (known !== undefined) return known;
    // The one that overflows is the only one beyond the limit.
    if (this.#totals.size >= MAX_TOTALS && attributes !== OVERFLOW) return this.of(OVERFLOW);
    const total = { value: 0, attributes };
    this.#totals.set(id, total);
    return total;
  }

  add(attributes: Attributes): void {
    if (!state.isOn) return;
    meet();
    this.of(attributes).value++;
  }

  #collect(report: Report): void {
    for (const { value, attributes } of this.#totals.values()) if (value > 0) report(this.#metric, value, attributes);
  }
}

/** Records one measurement, such as a duration in seconds. */
export function record(metric: MetricDefinition, value: number, attributes: Attributes): void {
  if (state.isOn && value >= 0) instruments()?.get(metric).record(value, attributes);
}

/** Counts something that is rare. */
export function count(metric: MetricDefinition, attributes: Attributes): void {
  if (state.isOn) instruments()?.get(metric).add(1, attributes);
}

/** Seconds since a time of the same clock as `performance.now()`. */
export function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}

/** Does something that may fail without the program being told. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
