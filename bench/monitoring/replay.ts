// Recorded seconds through the pure control, and what a user would read from the points that come out.
import { Beats } from '../../collector/src/monitoring/beats.ts';
import { ruleOf } from '../../collector/src/monitoring/component-rule.ts';
import type { MonitoringConfig } from '../../collector/src/monitoring/config.ts';
import type { Reader } from '../../collector/src/monitoring/reader.ts';
import { ScheduledReader } from '../../collector/src/monitoring/scheduled-reader.ts';
import type { SeriesSpec } from '../../collector/src/monitoring/series-spec.ts';
import { SeriesControl } from '../../collector/src/monitoring/series-control.ts';

/** One series, as it was read each second. */
export interface Recorded {
  readonly name: string;
  readonly spec: SeriesSpec;
  /** The interval steers it. */
  readonly isDear: boolean;
  /** Milliseconds, and values; as many of each. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** What the sentinel of a dear reading showed; NaN where there is none. */
  readonly sentinels: readonly number[];
}

interface Point {
  readonly timeMs: number;
  readonly value: number;
}

/** What the control made of a series. */
export interface Replayed {
  readonly points: readonly Point[];
  /** Points that only the heartbeat asked for, with the first. */
  readonly beats: number;
  /** By second, what was stated before it was read. */
  readonly stated: readonly number[];
}

/** The stage in small: one series, its beats and its interval. */
export function replay({ spec, isDear, times, values, sentinels }: Recorded, config: MonitoringConfig): Replayed {
  const points: Point[] = [];
  const stated: number[] = [];
  const { threshold, baseIntervalS } = ruleOf(config, spec.component);
  const { min_interval, max_interval } = config.adaptive_sampling;
  const limits = { baseMs: baseIntervalS * 1000, minMs: min_interval * 1000, maxMs: max_interval * 1000 };
  let nowAt = 0;
  const reader: Reader = {
    name: '',
    component: spec.component,
    isDear,
    metrics: [],
    read() {},
    ...(Number.isNaN(sentinels[0]) ? {} : { sentinel: () => sentinels[nowAt] ?? NaN }),
  };
  const scheduled = new ScheduledReader(reader, limits);
  const control = new SeriesControl((_, value, timeMs) => points.push({ timeMs, value }), config.heartbeat);
  const { follows, isRatio, isMean = false, leastScale = 0 } = spec;
  control.open(0, { follows, isRatio, isMean, isDear, leastScale, threshold, patienceS: baseIntervalS });
  const due = new Beats(config.heartbeat * 1000, limits.minMs);
  let beats = 1;
  for (const [i, timeMs] of times.entries()) {
    stated.push(control.statedError(0));
    nowAt = i;
    if (scheduled.isDue(timeMs)) {
      const moved = control.observe(0, values[i] ?? NaN, timeMs, false);
      scheduled.worked(timeMs, moved, undefined);
    }
    if (due.due([0], (row) => control.pushedMs(row), timeMs).length === 0) continue;
    control.beat(0, timeMs);
    beats++;
  }
  return { points, beats, stated };
}

/**
 * How far off a user of these points is, each second: a level is held, a slope interpolated.
 *
 * @returns by second of the record; NaN before the first point, and of a slope after the last
 */
export function errors({ spec, times, values }: Recorded, points: readonly Point[]): number[] {
  let at = 0;
  return times.map((timeMs, i) => {
    while ((points[at + 1]?.timeMs ?? Infinity) <= timeMs) at++;
    const before = points[at];
    const after = points[at + 1];
    const value = values[i] ?? NaN;
    if (before === undefined || before.timeMs > timeMs) return NaN;
    if (spec.follows === 'level' || before.timeMs === timeMs) return Math.abs(value - before.value);
    if (after === undefined) return NaN;
    const share = (timeMs - before.timeMs) / (after.timeMs - before.timeMs);
    return Math.abs(value - before.value - share * (after.value - before.value));
  });
}

/** p99 and maximum of errors. */
export interface Off {
  readonly p99: number;
  readonly max: number;
}

export function offOf(all: readonly number[]): Off {
  const sorted = all.filter((error) => !Number.isNaN(error)).sort((a, b) => a - b);
  return {
    p99: sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? NaN,
    max: sorted.at(-1) ?? NaN,
  };
}

/**
 * The best a fixed interval does with as many points: of every phase it could have, the least p99, and the least maximum,
 * each its own. It gets the first reading as well, and its interval need not be a whole number of seconds.
 */
export function bestFixed(recorded: Recorded, count: number): Off {
  const { times, values } = recorded;
  const every = times.length / count;
  const best = { p99: Infinity, max: Infinity };
  for (let phase = 0; phase < every; phase++) {
    const points: Point[] = [{ timeMs: times[0] ?? 0, value: values[0] ?? NaN }];
    for (let at = phase; at < times.length; at += every) {
      const i = Math.min(times.length - 1, Math.round(at));
      if (i > 0) points.push({ timeMs: times[i] ?? 0, value: values[i] ?? NaN });
    }
    const { p99, max } = offOf(errors(recorded, points));
    best.p99 = Math.min(best.p99, p99);
    best.max = Math.min(best.max, max);
  }
  return best;
}

/** Share of the seconds of the second half, which nothing was learned from before, that were within what was stated. */
export function coverage(recorded: Recorded, { points, stated }: Replayed): number {
  let held = 0;
  let within = 0;
  for (const [i, error] of errors(recorded, points).entries()) {
    if (i < recorded.times.length / 2 || Number.isNaN(error)) continue;
    held++;
    // What a double cannot tell apart is equal.
    if (error <= (stated[i] ?? NaN) + Math.abs(recorded.values[i] ?? 0) * 1e-12) within++;
  }
  return within / held;
}
