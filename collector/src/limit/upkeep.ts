// What has to be done from time to time: targets leave as points, silent series free their places, folds end. Pure.
import type { DataPoint } from '../model/data-point.ts';
import type { FoldedStreams, Now } from './folded-streams.ts';
import type { MetricTable } from './metric-table.ts';
import type { OwnRows } from './own-rows.ts';
import type { TrackedMetric } from './tracked-metric.ts';

/** Targets that changed leave as one point in this time; backends look once in ten seconds at most. */
const FLUSH_EACH_MS = 10_000;
/** All targets leave so often, changed or not: Prometheus forgets after five minutes, other backends earlier. */
const REPEAT_EACH_MS = 60_000;
const MINUTE_MS = 60_000;
/** Pages of last values looked at in a flush; 100 of 8 KiB take some milliseconds, and a million streams are round in two TTLs. */
const SWEEP_PAGES = 100;
/** Folds of a metric end only where all then fit into this share of all places. */
const CALM_SHARE = 0.75;

export interface UpkeepOptions {
  readonly metrics: MetricTable;
  readonly rows: OwnRows;
  readonly folded: FoldedStreams;
  readonly ttlMs: number;
}

/** Does it when it is due. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #flushAtMs = -Infinity;
  #repeatAtMs = -Infinity;
  #minuteAtMs = -Infinity;
  #turnAtMs: number | undefined;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** To be called each second or so. @returns points that leave */
  tick(now: Now): DataPoint[] {
    const { monotonicMs } = now;
    if (monotonicMs >= this.#minuteAtMs) {
      this.#minuteAtMs = monotonicMs + MINUTE_MS;
      for (const metric of this.#options.metrics.all()) metric.minute();
    }
    if (monotonicMs < this.#flushAtMs) return [];
    this.#flushAtMs = monotonicMs + FLUSH_EACH_MS;
    this.#options.folded.sweep(now, SWEEP_PAGES);
    const ended = this.#expire(now);
    this.#turnAtMs ??= monotonicMs + this.#options.ttlMs;
    if (monotonicMs >= this.#turnAtMs) {
      this.#turnAtMs = monotonicMs + this.#options.ttlMs;
      for (const metric of this.#options.metrics.all()) this.#turn(metric, now);
    }
    const points = this.flush(now);
    return ended.length === 0 ? points : [...points, ...ended];
  }

  /** Everything that is folded and has not left yet. */
  flush(now: Now): DataPoint[] {
    const { metrics, rows } = this.#options;
    const isRepeat = now.monotonicMs >= this.#repeatAtMs;
    if (isRepeat) this.#repeatAtMs = now.monotonicMs + REPEAT_EACH_MS;
    const points: DataPoint[] = [];
    for (const { targets } of metrics.all())
      for (const target of targets.values()) points.push(...target.points(now.nowMs, isRepeat ? 'all' : 'changed'));
    points.push(...rows.endings(now));
    return points;
  }

  /** Frees the places of what was silent for too long. @returns the end of targets */
  #expire({ nowMs, monotonicMs }: Now): DataPoint[] {
    const { metrics, rows, folded, ttlMs } = this.#options;
    const idleBeforeMs = monotonicMs - ttlMs;
    const ended: DataPoint[] = [];
    for (const metric of metrics.all()) {
      for (const row of metric.rows.values()) {
        if (row.seenMs >= idleBeforeMs) continue;
        rows.remove(row);
        folded.retire(row);
      }
      const isNeeded = !metric.plan.isEmpty || metric.size * 2 >= metric.budget.maxSeries;
      for (const [key, target] of metric.targets) {
        if (target.usedMs >= idleBeforeMs || (target.isOverflow && isNeeded)) continue;
        ended.push(...target.points(nowMs, 'changed'), ...target.ends(nowMs));
        metrics.removeTarget(metric, key, target);
      }
    }
    metrics.forget(idleBeforeMs);
    return ended;
  }

  /** A window of a TTL is over: folds end where nothing needs them any more. */
  #turn(metric: TrackedMetric, { nowMs }: Now): void {
    const { metrics, ttlMs } = this.#options;
    metric.turn();
    const [newest] = metric.plan.folds();
    if (newest === undefined || nowMs - newest.sinceMs < ttlMs || !metric.isCalm) return;
    const wouldBe = metrics.total - metric.size + metric.demand;
    if (wouldBe <= metrics.maxTotalSeries * CALM_SHARE) metric.plan.clear();
  }
}
