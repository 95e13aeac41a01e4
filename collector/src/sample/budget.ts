// A target of kept spans or bytes a second for the process. Errors and floors come first; the rest shares what they leave.
import { type Half56, KEEP_ALL, thresholdOf } from '../otlp/trace-state.ts';
import { Account, AccountSeconds, LEAST_RATIO } from './account.ts';
import type { PolicyClass } from './sampler.ts';

export interface BudgetOptions {
  readonly spansPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
}

/** Seconds over which the page sees what errors and floors took beyond the target. */
const SHOWN_SECONDS = 60;

/** The budget of the process. */
export class Budget {
  /** The share that traces of the newest second are kept at. */
  ratio = 1;
  /** Spans that had to be kept though the target had no room for them, since the start. */
  overSpans = 0;
  readonly #spans: Account | undefined;
  readonly #bytes: Account | undefined;
  readonly #seconds: AccountSeconds;
  readonly #ceilings = new Map<number, Half56>();
  /** Of `overSpans`, those of each of the last seconds. */
  readonly #over = new Float64Array(SHOWN_SECONDS);
  #overSecond = 0;

  constructor({ spansPerSecond, bytesPerSecond }: BudgetOptions) {
    this.#spans = spansPerSecond === undefined ? undefined : new Account(spansPerSecond);
    this.#bytes = bytesPerSecond === undefined ? undefined : new Account(bytesPerSecond);
    this.#seconds = new AccountSeconds([this.#spans, this.#bytes].flatMap((account) => account ?? []));
  }

  /** Counts a span by the second in which its trace began. */
  arrived(startMs: number, nowMs: number, bytes: number): void {
    this.#turn(nowMs);
    const second = this.#seconds.of(startMs);
    this.#spans?.arrive(second, 1);
    this.#bytes?.arrive(second, bytes);
  }

  /** The lowest threshold at which a trace that need not be kept may be kept. One a second of arrival and of decision. */
  ceiling(startMs: number, nowMs: number): Half56 {
    this.#turn(nowMs);
    const second = this.#seconds.of(startMs);
    let ceiling = this.#ceilings.get(second);
    if (ceiling === undefined) {
      const ratios = [this.#spans, this.#bytes].map((account) => account?.ratio(second, this.#seconds.now) ?? 1);
      const ratio = Math.min(1, Math.max(LEAST_RATIO, Math.min(...ratios)));
      ceiling = ratio === 1 ? KEEP_ALL : thresholdOf(ratio);
      this.ratio = ratio;
      this.#ceilings.set(second, ceiling);
    }
    return ceiling;
  }

  /** Learns from a decision how much must be kept, and how much was. */
  decided(policyClass: PolicyClass | undefined, kept: boolean, spans: number, bytes: number): void {
    const isForced = policyClass === 'forced' || policyClass === 'floor';
    let isOver = false;
    for (const [account, size] of [
      [this.#spans, spans],
      [this.#bytes, bytes],
    ] as const) {
      if (account === undefined) continue;
      account.decide(size, isForced);
      if (!kept) continue;
      account.keep(Math.max(0, this.#seconds.now), size);
      if (isForced && !account.makeRoom(size)) isOver = true;
    }
    if (!isOver) return;
    this.overSpans += spans;
    this.#over[this.#overSecond % SHOWN_SECONDS] += spans;
  }

  /** Spans a second, over the last minute, that had to be kept beyond the target. */
  overPerSecond(nowMs: number): number {
    this.#forget(nowMs);
    return this.#over.reduce((sum, spans) => sum + spans, 0) / SHOWN_SECONDS;
  }

  #turn(nowMs: number): void {
    if (!this.#seconds.turn(nowMs)) return;
    this.#ceilings.clear();
    this.#forget(nowMs);
  }

  /** Empties the seconds since the last look. */
  #forget(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    for (let each = Math.max(this.#overSecond, second - SHOWN_SECONDS) + 1; each <= second; each++)
      this.#over[each % SHOWN_SECONDS] = 0;
    this.#overSecond = Math.max(this.#overSecond, second);
  }
}
