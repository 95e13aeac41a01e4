// Gives series their places and folds what has none, so that no total changes. Pure: the time is an argument.
import type { Attributes } from '../model/attributes.ts';
import { attributesKey } from '../model/attributes.ts';
import type { DataPoint, PointValue } from '../model/data-point.ts';
import type { FoldedStreams, Now } from './folded-streams.ts';
import { formOf } from './folded-streams.ts';
import type { DropReason } from './instruments.ts';
import type { MetricTable } from './metric-table.ts';
import type { OwnRows } from './own-rows.ts';
import { sketchHash } from './series-digest.ts';
import { StreamFileFailed } from './stream-file.ts';
import type { Target } from './target.ts';
import type { MetricStream, TrackedMetric } from './tracked-metric.ts';

/** Folds that are tried for one point; each folds another attribute or gives places back. */
const MAX_TRIES = 200;
/** A metric that could give no place back is asked again after so long. */
const ASK_AGAIN_MS = 1000;

/** What became of a point: it left as it is or changed, was counted elsewhere, or why it was not. */
export type Verdict = 'passed' | 'absorbed' | DropReason;

export interface LimiterOptions {
  readonly metrics: MetricTable;
  readonly rows: OwnRows;
  readonly folded: FoldedStreams;
  /** Told of each attribute that is folded, and of each metric whose new series are folded whole. */
  onFold(metric: TrackedMetric): void;
}

/** One limiter. */
export class Limiter {
  readonly #metrics: MetricTable;
  readonly #rows: OwnRows;
  readonly #folded: FoldedStreams;
  readonly #onFold: LimiterOptions['onFold'];
  #askAgainMs = -Infinity;
  /** Why last values can be kept no longer; empty as long as they can. */
  failure = '';

  constructor({ metrics, rows, folded, onFold }: LimiterOptions) {
    this.#metrics = metrics;
    this.#rows = rows;
    this.#folded = folded;
    this.#onFold = onFold;
  }

  /** Takes one point. @param out what leaves is added here; what was folded leaves at `flush` */
  take(point: DataPoint, now: Now, out: DataPoint[]): Verdict {
    const stream = this.#metrics.streamOf(point.metric, now.monotonicMs);
    if (stream === undefined) return 'max_metrics';
    try {
      return this.#take(stream, point, now, out);
    } catch (error) {
      if (!(error instanceof StreamFileFailed)) throw error;
      this.failure = error.message;
      return 'state_full';
    }
  }

  #take(stream: MetricStream, point: DataPoint, now: Now, out: DataPoint[]): Verdict {
    const { owner } = stream;
    const key = this.#metrics.digest(stream.digest + attributesKey(point.attributes));
    const row = owner.rows.get(key);
    if (point.hasNoValue) return this.#end(stream, key, point, out);
    if (row !== undefined) return this.#rows.pass(row, point, now, out);
    if (this.failure !== '' && formOf(point.metric) === 'count') return 'state_full';
    owner.see(point.attributes);
    const target = owner.targets.get(key) ?? this.#place(stream, point, now, out);
    if (target === undefined) return this.#admit(stream, key, point, now, out);
    const reason = this.#absorb(key, point, target, now, out);
    if (reason !== undefined) return reason;
    owner.seeFolded(sketchHash(key));
    owner.absorbedPoints++;
    return 'absorbed';
  }

  #absorb(key: string, point: DataPoint, target: Target, now: Now, out: DataPoint[]): DropReason | undefined {
    for (const first of target.open(point.value, now.nowMs)) out.push(first);
    return this.#folded.absorb(key, point, target, now);
  }

  /** Where a series goes that has no place: its target, or undefined where it gets a place of its own. */
  #place(stream: MetricStream, point: DataPoint, now: Now, out: DataPoint[]): Target | undefined {
    const { owner } = stream;
    const tooMany = owner.overBudget();
    if (tooMany !== undefined) this.#fold(owner, tooMany, now, out);
    if (stream.isForeign) return this.#overflow(stream, point.value, now, out);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const attributes = owner.plan.map(point.attributes);
      if (attributes !== point.attributes) {
        const known = owner.targets.get(this.#metrics.digest(stream.digest + attributesKey(attributes)));
        if (known !== undefined) return known;
      }
      if (this.#metrics.hasRoom(owner))
        return attributes === point.attributes ? undefined : this.#open(stream, attributes, point, now, out);
      if (!this.#makeRoom(owner, now, out)) break;
    }
    return this.#overflow(stream, point.value, now, out);
  }

  #admit(stream: MetricStream, key: string, point: DataPoint, now: Now, out: DataPoint[]): Verdict {
    const { owner } = stream;
    const target = (): Target => {
      const overflow = this.#overflow(stream, point.value, now, out);
      overflow.usedMs = now.monotonicMs;
      return overflow;
    };
    const base = this.#folded.unfold(key, point, target, now);
    this.#metrics.total++;
    owner.admitted++;
    // Long before anything is folded, so that it is seen at 0 first; it takes no place that this series was promised.
    const isHalf = (owner.size + 1) * 2 >= owner.budget.maxSeries;
    const isFree = owner.overflows === 0 || owner.size + 2 <= owner.budget.maxSeries;
    if (isHalf && isFree && stream.overflow === undefined && this.#metrics.hasRoom(owner))
      this.#overflow(stream, point.value, now, out);
    return this.#rows.admit({ stream, key, point, base }, now, out);
  }

  /** A series that stands for those whose attributes are folded to these. */
  #open(stream: MetricStream, attributes: Attributes, point: DataPoint, now: Now, out: DataPoint[]): Target {
    const key = this.#metrics.digest(stream.digest + attributesKey(attributes));
    const target = this.#metrics.addTarget(stream, key, attributes, now.monotonicMs);
    this.#giveWay(stream.owner, key, now);
    for (const first of target.open(point.value, now.nowMs)) out.push(first);
    return target;
  }

  /** The overflow series of a stream, open for values of this form. */
  #overflow(stream: MetricStream, value: PointValue, now: Now, out: DataPoint[]): Target {
    let target = this.#metrics.overflowOf(stream);
    if (target === undefined) {
      let key: string;
      [key, target] = this.#metrics.addOverflow(stream, now.monotonicMs);
      this.#giveWay(stream.owner, key, now);
    }
    for (const first of target.open(value, now.nowMs)) out.push(first);
    return target;
  }

  /** A sender's own series of the same name as a target becomes part of it: a reset, by its start time. */
  #giveWay(owner: TrackedMetric, key: string, now: Now): void {
    const row = owner.rows.get(key);
    const target = owner.targets.get(key);
    this.#rows.thaw(key);
    if (row === undefined) return;
    this.#rows.remove(row);
    if (target !== undefined) this.#folded.fold(row, target, now);
  }

  /** Folds more of a metric that has no room, or of the one that has most where there is none for anybody. */
  #makeRoom(owner: TrackedMetric, now: Now, out: DataPoint[]): boolean {
    // Each place that is given back leaves a series that stands still: as many of those as there are places are enough.
    if (this.#rows.frozen >= this.#metrics.maxTotalSeries) {
      this.#foldWhole(owner, now);
      return false;
    }
    if (owner.hasRoom) return this.#makeRoomForAll(owner, now, out);
    if (now.monotonicMs < owner.askAgainMs) return false;
    if (this.#giveBack(owner, 'folded', now, out)) return true;
    const key = owner.plan.overflowSinceMs === undefined ? owner.mostExplosive() : undefined;
    if (key !== undefined) this.#fold(owner, key, now, out);
    else {
      owner.askAgainMs = now.monotonicMs + ASK_AGAIN_MS;
      this.#foldWhole(owner, now);
    }
    return key !== undefined;
  }

  #makeRoomForAll(owner: TrackedMetric, now: Now, out: DataPoint[]): boolean {
    if (now.monotonicMs < this.#askAgainMs) return false;
    const largest = this.#metrics.largest();
    // One that has not much more than others gives nothing away for them.
    const isMuch = largest !== undefined && largest !== owner && largest.size > owner.size * 2;
    const from = isMuch ? largest : owner;
    if (this.#giveBack(from, 'folded', now, out)) return true;
    const key = from.mostExplosive();
    if (key !== undefined) {
      this.#fold(from, key, now, out);
      return this.#giveBack(from, 'folded', now, out) || from === owner;
    }
    if (isMuch && this.#giveBack(from, 'all', now, out)) {
      this.#foldWhole(from, now);
      return true;
    }
    this.#askAgainMs = now.monotonicMs + ASK_AGAIN_MS;
    return false;
  }

  #foldWhole(owner: TrackedMetric, now: Now): void {
    if (owner.plan.overflowSinceMs !== undefined) return;
    owner.plan.overflowSinceMs = now.nowMs;
    this.#onFold(owner);
  }

  /** Folds an attribute; what stood for some of its values stands still, and gives its place back. */
  #fold(owner: TrackedMetric, key: string, now: Now, out: DataPoint[]): void {
    owner.fold(key, now.nowMs);
    this.#onFold(owner);
    for (const [targetKey, target] of owner.targets) {
      if (target.isOverflow || owner.plan.map(target.attributes) === target.attributes) continue;
      this.#metrics.removeTarget(owner, targetKey, target);
      this.#rows.freezeTarget(targetKey, target, now, out);
      const stream = owner.streams.get(target.metric.key);
      if (target.net === 0 || stream === undefined) continue;
      const zero = { type: 'number', value: 0, isInteger: true } as const;
      this.#folded.merge(target, this.#overflow(stream, zero, now, out), now);
    }
  }

  /** Folds series that are there; each keeps its last value on show. @returns whether any place is free now */
  #giveBack(owner: TrackedMetric, which: 'folded' | 'all', now: Now, out: DataPoint[]): boolean {
    let hasGiven = false;
    if (this.failure !== '') return false;
    for (const row of owner.surplus(which)) {
      const target = this.#overflow(row.stream, row.point.value, now, out);
      if (!this.#folded.fold(row, target, now)) break;
      target.usedMs = now.monotonicMs;
      this.#rows.remove(row);
      this.#rows.freeze(row, now, out);
      hasGiven = true;
    }
    return hasGiven;
  }

  #end(stream: MetricStream, key: string, point: DataPoint, out: DataPoint[]): Verdict {
    const { owner } = stream;
    const row = owner.rows.get(key);
    if (row !== undefined) {
      this.#rows.remove(row);
      this.#folded.retire(row);
    } else if (owner.targets.has(key) || this.#folded.end(key, point)) return 'absorbed';
    else if (owner.plan.map(point.attributes) !== point.attributes) return 'absorbed';
    out.push(point);
    return 'passed';
  }
}
