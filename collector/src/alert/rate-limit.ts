// How many notifications a channel takes in a time. Pure: the time is given.
import type { Severity } from '../baseline/contract.ts';

/**
 * The part of the number that each severity may fill: once the milder ones have had theirs, there is still room for what
 * is worse. At least one of each is let through.
 */
const SHARES: Readonly<Record<Severity, number>> = { info: 0.5, warning: 0.75, critical: 0.9, emergency: 1 };

/** Counts over a window that slides. */
export class RateLimit {
  readonly #count: number;
  readonly #perMs: number;
  #atMs: number[] = [];

  constructor({ count, per }: { readonly count: number; readonly per: number }) {
    this.#count = count;
    this.#perMs = per;
  }

  /** Tells whether one more may be told now, and if so counts it. */
  take(severity: Severity, nowMs: number): boolean {
    // A clock that was set back must not hold anything back for longer than the window.
    this.#atMs = this.#atMs.filter((atMs) => nowMs - atMs < this.#perMs && atMs <= nowMs);
    if (this.#atMs.length >= Math.max(1, Math.floor(this.#count * SHARES[severity]))) return false;
    this.#atMs.push(nowMs);
    return true;
  }

  /** When the latest were told. */
  get toldAtMs(): readonly number[] {
    return this.#atMs;
  }

  restore(toldAtMs: readonly number[]): void {
    this.#atMs = toldAtMs.slice(-this.#count);
  }
}
