// The last minute of every operation, as the difference of two snapshots of the series table.
import { SPAN_KINDS } from './names.ts';
import type { OperationSummary } from './contract.ts';
import { type BucketCounts, BUCKETS, quantile } from '../model/exponential-histogram.ts';
import { ESTIMATED, OVERFLOW, SELF_COUNTED } from './series-key.ts';
import type { SpanMetrics } from './span-metrics.ts';

/** Snapshots are this far apart, and so many are kept: the window is 60 s, give or take one step. */
export const STEP_MS = 10_000;
const STEPS = 6;

interface Row {
  readonly generation: number;
  readonly calls: number;
  readonly zeroCount: number;
  /** Bucket counts from `first` on, the empty ends left out. */
  readonly first: number;
  readonly counts: BucketCounts;
}

interface Snapshot {
  readonly atMs: number;
  readonly rows: readonly (Row | undefined)[];
}

interface Sum {
  readonly calls: number;
  readonly errors: number;
  readonly recent: number;
  readonly recentErrors: number;
  readonly zeroCount: number;
  readonly counts: Float64Array;
}

/** Keeps snapshots and answers differences. Pure: the caller brings the time and calls `snapshot` each STEP_MS. */
export class RecentOperations {
  readonly #metrics: SpanMetrics;
  readonly #snapshots: Snapshot[] = [];
  readonly #counts = new Float64Array(BUCKETS);

  constructor(metrics: SpanMetrics) {
    this.#metrics = metrics;
  }

  snapshot(nowMs: number): void {
    const last = this.#snapshots.at(-1);
    const rows: (Row | undefined)[] = [];
    for (let row = 0; row < this.#metrics.rows; row++) rows.push(this.#copy(row, last?.rows[row]));
    this.#snapshots.push({ atMs: nowMs, rows });
    if (this.#snapshots.length > STEPS) this.#snapshots.shift();
  }

  /** Bytes of all snapshots; a row that did not change is shared by several. */
  get sizeBytes(): number {
    const rows = new Set(this.#snapshots.flatMap((snapshot) => snapshot.rows));
    let bytes = 0;
    for (const row of rows) bytes += (row?.counts.byteLength ?? 0) + ROW_BYTES;
    return bytes;
  }

  windowSeconds(nowMs: number): number {
    const from = this.#snapshots[0]?.atMs ?? nowMs;
    return Math.max(nowMs - from, 1) / 1000;
  }

  operations(nowMs: number): OperationSummary[] {
    const groups = new Map<string, number[]>();
    const metrics = this.#metrics;
    for (let row = 0; row < metrics.rows; row++) {
      if (metrics.buckets[row] === undefined) continue;
      const key = metrics.keyOf(row);
      const group = `${key.service}|${key.name}|${key.packed & ~(STATUS_BITS | SELF_COUNTED)}`;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [row]);
      else members.push(row);
    }
    return [...groups.values()].map((rows) => this.#summary(rows, nowMs));
  }

  #summary(rows: readonly number[], nowMs: number): OperationSummary {
    const key = this.#metrics.keyOf(rows[0] ?? 0);
    const sum = this.#sum(rows);
    const overflow = (key.packed & OVERFLOW) !== 0;
    const at = (q: number): number | null =>
      sum.recent <= 0 ? null : (quantile(sum.counts, sum.zeroCount, q) ?? null);
    return {
      service: this.#metrics.strings.texts[key.service] ?? '',
      name: overflow ? '' : (this.#metrics.strings.texts[key.name] ?? ''),
      kind: overflow ? '' : (SPAN_KINDS[key.packed & 7] ?? ''),
      overflow,
      estimated: (key.packed & ESTIMATED) !== 0,
      calls: sum.calls,
      errors: sum.errors,
      recentCalls: sum.recent,
      callsPerSecond: sum.recent / this.windowSeconds(nowMs),
      errorRatio: sum.recent > 0 ? sum.recentErrors / sum.recent : 0,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
    };
  }

  /** The answer's `counts` are reused by the next call. */
  #sum(rows: readonly number[]): Sum {
    const metrics = this.#metrics;
    const counts = this.#counts.fill(0);
    let calls = 0;
    let errors = 0;
    let recent = 0;
    let recentErrors = 0;
    let zeroCount = 0;
    for (const row of rows) {
      const isError = ((metrics.keyOf(row).packed >> 3) & 3) === 2;
      const before = this.#before(row);
      const delta = metrics.calls[row] - (before?.calls ?? 0);
      calls += metrics.calls[row];
      recent += delta;
      if (isError) {
        errors += metrics.calls[row];
        recentErrors += delta;
      }
      zeroCount += metrics.zeroCount[row] - (before?.zeroCount ?? 0);
      // Most series of a large sidecar rest: without a call there is nothing to add.
      if (delta > 0) addDifference(counts, metrics.buckets[row], before);
    }
    return { calls, errors, recent, recentErrors, zeroCount, counts };
  }

  /** The row a window ago, unless it belonged to another series then. */
  #before(row: number): Row | undefined {
    const before = this.#snapshots[0]?.rows[row];
    return before?.generation === this.#metrics.generation[row] ? before : undefined;
  }

  #copy(row: number, last: Row | undefined): Row | undefined {
    const { buckets, calls, zeroCount, generation } = this.#metrics;
    const counts = buckets[row];
    if (counts === undefined) return undefined;
    if (last?.generation === generation[row] && last.calls === calls[row]) return last;
    let first = 0;
    let end = counts.length;
    while (first < end && counts[first] === 0) first++;
    while (end > first && counts[end - 1] === 0) end--;
    return {
      generation: generation[row],
      calls: calls[row],
      zeroCount: zeroCount[row],
      first,
      counts: counts.slice(first, end),
    };
  }
}

const STATUS_BITS = 3 << 3;
/** An object of five fields and the head of its array. */
const ROW_BYTES = 160;

function addDifference(sum: Float64Array, now: BucketCounts | undefined, before: Row | undefined): void {
  if (now === undefined) return;
  for (let i = 0; i < BUCKETS; i++) sum[i] += now[i];
  if (before === undefined) return;
  const { first, counts } = before;
  for (let i = 0; i < counts.length; i++) sum[first + i] -= counts[i];
}
