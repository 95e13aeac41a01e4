// How fast running totals grow of late: now against what they were up to ten minutes ago.

const WINDOW_MS = 600_000;
/** Over a shorter time a pace is chance. */
const LEAST_SECONDS = 5;
/** Between two remembered values; a total costs at most 60 of them. */
const STEP_MS = 10_000;
/** Senders come and go; totals that were not seen for a window make room. */
const MAX_TOTALS = 500;

interface Seen {
  readonly atMs: number;
  readonly value: number;
}

/** Remembers running totals by name. */
export class Pace {
  readonly #totals = new Map<string, Seen[]>();

  /** @param atMs monotonic, of the reading; a value below the last one begins anew */
  record(name: string, atMs: number, value: number): void {
    let seen = this.#totals.get(name);
    if (seen === undefined) {
      if (this.#totals.size >= MAX_TOTALS) this.#forget(atMs);
      if (this.#totals.size >= MAX_TOTALS) return;
      this.#totals.set(name, (seen = []));
    }
    const last = seen.at(-1);
    if (last !== undefined && value < last.value) seen.length = 0;
    const before = seen.at(-2);
    // The last moves on until it is a step from the one before it.
    if (last !== undefined && before !== undefined && last.atMs - before.atMs < STEP_MS) seen.pop();
    seen.push({ atMs, value });
    while (seen.length > 2 && (seen[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) seen.shift();
  }

  /** Growth per second; undefined where it was not watched long enough. */
  perSecond(name: string): number | undefined {
    const { growth, seconds } = this.#growth(name);
    return seconds >= LEAST_SECONDS ? growth / seconds : undefined;
  }

  /** Time behind the pace; 0 where there is none. */
  seconds(name: string): number {
    const { seconds } = this.#growth(name);
    return seconds >= LEAST_SECONDS ? seconds : 0;
  }

  #growth(name: string): { growth: number; seconds: number } {
    const seen = this.#totals.get(name);
    const first = seen?.[0];
    const last = seen?.at(-1);
    if (first === undefined || last === undefined) return { growth: 0, seconds: 0 };
    return { growth: last.value - first.value, seconds: (last.atMs - first.atMs) / 1000 };
  }

  #forget(nowMs: number): void {
    for (const [name, seen] of this.#totals)
      if ((seen.at(-1)?.atMs ?? 0) <= nowMs - WINDOW_MS) this.#totals.delete(name);
  }
}
