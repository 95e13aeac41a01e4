// The tests on trial while an operation is still learned: how far evidence goes though nothing is wrong. What it reached
// is what it may reach again.
import { Drift } from './drift.ts';
import { ErrorTest } from './error-test.ts';
import { LatencyTest } from './latency-test.ts';
import type { Learned } from './learned.ts';
import type { Step } from './step.ts';

/** Evidence from which on it counts as an excursion, and below which it is over. */
const BEGINS_NATS = 6;
const ENDS_NATS = 1;
/** Evidence is followed up to here; after a minute beyond, it was an incident, and the test begins anew. */
const MOST_NATS = 40;
const INCIDENT_MS = 60_000;
const MAX_EXCURSIONS = 24;

/** A time in which there was evidence. */
export interface Excursion {
  readonly fromMs: number;
  toMs: number;
  nats: number;
}

/** One kind of evidence over time. */
class Excursions {
  readonly #all: Excursion[] = [];
  #open: Excursion | undefined;

  /** @returns whether it has gone on for too long */
  take(nats: number, timeMs: number): boolean {
    if (this.#open === undefined) {
      if (nats < BEGINS_NATS) return false;
      this.#open = { fromMs: timeMs, toMs: timeMs, nats };
      this.#all.push(this.#open);
      // The smallest says least.
      if (this.#all.length > MAX_EXCURSIONS) this.#all.sort((a, b) => b.nats - a.nats).pop();
    }
    this.#open.toMs = timeMs;
    this.#open.nats = Math.max(this.#open.nats, nats);
    const isLong = this.#open.nats >= MOST_NATS && timeMs - this.#open.fromMs > INCIDENT_MS;
    if (nats < ENDS_NATS || isLong) this.#open = undefined;
    return isLong;
  }

  snapshot(): readonly Excursion[] {
    return this.#all.map((excursion) => ({ ...excursion }));
  }

  /** What was open is over. */
  restore(saved: readonly Excursion[]): void {
    this.#all.push(...saved);
  }

  /** The most of those that do not touch what was left out. */
  most(isLeftOut: (excursion: Excursion) => boolean): number {
    return Math.max(0, ...this.#all.filter((each) => !isLeftOut(each)).map(({ nats }) => nats));
  }
}

interface Tests {
  readonly learned: Learned;
  readonly latency: LatencyTest;
  readonly errors: ErrorTest;
  readonly drift: Drift;
}

export class Shadow {
  readonly #latency = new Excursions();
  readonly #errors = new Excursions();
  #tests: Tests | undefined;

  /** Goes on with a better baseline. */
  renew(learned: Learned): void {
    const [latency, errors, drift] = [new LatencyTest(learned), new ErrorTest(learned), new Drift(learned)];
    this.#tests = { learned, latency, errors, drift };
  }

  /** What was found; evidence that is still gathered is not part of it. */
  snapshot() {
    const tests = this.#tests && { learned: this.#tests.learned, drift: this.#tests.drift.snapshot() };
    return { latency: this.#latency.snapshot(), errors: this.#errors.snapshot(), tests };
  }

  restore({ latency, errors, tests }: ReturnType<Shadow['snapshot']>): void {
    this.#latency.restore(latency);
    this.#errors.restore(errors);
    if (tests === undefined) return;
    this.renew(tests.learned);
    this.#tests?.drift.restore(tests.drift);
  }

  /** Passes over a time of which nothing is known. */
  pass(pauseMs: number): void {
    this.#tests?.drift.pass(pauseMs);
  }

  take(step: Step, lengthMs: number): void {
    if (this.#tests === undefined) return;
    const { latency, errors, drift } = this.#tests;
    latency.take(step, drift.bins, lengthMs, MOST_NATS);
    errors.take(step, lengthMs, MOST_NATS);
    const nats = latency.best()?.nats ?? 0;
    drift.take(step, 0, nats > BEGINS_NATS);
    if (this.#latency.take(nats, step.timeMs)) latency.clear();
    if (this.#errors.take(errors.nats, step.timeMs)) errors.clear();
  }

  /** What evidence reached outside of times that are not normal; nats. */
  most(isLeftOut: (excursion: Excursion) => boolean): { readonly latency: number; readonly errors: number } {
    return { latency: this.#latency.most(isLeftOut), errors: this.#errors.most(isLeftOut) };
  }
}
