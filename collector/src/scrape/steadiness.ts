// Adaptive intervals: whether anything of a target moved, how soon it is asked again, and which points are held back.
// Pure. Cumulative values lose nothing: what is held back is part of the next point, and passed on before a reset.
import { type DataPoint, seriesKey } from '../model/data-point.ts';

/** No series is silent for longer. */
export const HEARTBEAT_MS = 60_000;
/** Small values of a wide range are compared with the range, else the noise of an idle gauge would be movement. */
const RANGE_SHARE = 0.05;

/** What a point says in numbers that may move: gauges as they are, what only grows by its rate a second. */
interface Level {
  exported: number | undefined;
  min: number;
  max: number;
}

interface Watched {
  previous: DataPoint;
  held: DataPoint | undefined;
  exportedMs: number;
  readonly levels: Level[];
}

/** What to do with a point. */
export interface Offered {
  /** Goes on now: nothing, or the point, or what was held and the point. */
  readonly pass: readonly DataPoint[];
  readonly moved: boolean;
}

/** Remembers the series of one target. */
export class Holdback {
  readonly #series = new Map<string, Watched>();

  /**
   * Takes a point.
   *
   * @param threshold largest change that is none, as a ratio; Infinity holds until the heartbeat
   * @param nextInMs until the series may be asked again, at the latest
   */
  offer(point: DataPoint, threshold: number, nextInMs: number): Offered {
    const key = seriesKey(point.metric, point.attributes);
    const known = this.#series.get(key);
    if (point.hasNoValue) {
      this.#series.delete(key);
      return { pass: [...heldOf(known), point], moved: true };
    }
    if (known === undefined || isReset(known.previous, point)) {
      const levels = firstLevels(point).map((level) => levelFrom(level));
      this.#series.set(key, { previous: point, held: undefined, exportedMs: point.timeMs, levels });
      return { pass: [...heldOf(known), point], moved: true };
    }
    const levels = levelsOf(known.previous, point);
    const moved = levels.map((level, i) => hasMoved(known.levels, i, level, threshold)).includes(true);
    known.previous = point;
    if (!moved && point.timeMs + nextInMs - known.exportedMs <= HEARTBEAT_MS) {
      known.held = point;
      return { pass: [], moved };
    }
    levels.forEach((level, i) => {
      const watched = known.levels[i];
      if (watched !== undefined) watched.exported = level;
    });
    known.held = undefined;
    known.exportedMs = point.timeMs;
    return { pass: [point], moved };
  }

  /** Points that are held back, once. */
  *drain(): Generator<DataPoint> {
    for (const watched of this.#series.values()) {
      yield* heldOf(watched);
      watched.held = undefined;
    }
  }
}

/** Doubles while nothing moves, and is back at once. */
export function nextInterval(
  currentMs: number,
  moved: boolean,
  { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number },
): number {
  return moved ? baseMs : Math.min(maxMs, 2 * currentMs);
}

function heldOf(watched: Watched | undefined): DataPoint[] {
  return watched?.held === undefined ? [] : [watched.held];
}

function isReset(before: DataPoint, now: DataPoint): boolean {
  if (now.startMs !== before.startMs) return true;
  if (now.metric.kind === 'gauge' || (now.metric.kind === 'sum' && !now.metric.isMonotonic)) return false;
  return totalOf(now) < totalOf(before);
}

function totalOf({ value }: DataPoint): number {
  return value.type === 'number' ? value.value : value.count;
}

/** Of a point alone: a rate takes two. */
function firstLevels({ metric, value }: DataPoint): number[] {
  return value.type === 'number' && !metric.isMonotonic ? [value.value] : [];
}

function levelsOf(before: DataPoint, now: DataPoint): number[] {
  const seconds = (now.timeMs - before.timeMs) / 1000;
  const rate = (to: number | undefined, from: number | undefined): number =>
    seconds > 0 ? ((to ?? 0) - (from ?? 0)) / seconds : 0;
  const { value } = now;
  if (value.type === 'number') {
    return [now.metric.isMonotonic ? rate(value.value, totalOf(before)) : value.value];
  }
  const counted = rate(value.count, totalOf(before));
  const summed = rate(value.sum, before.value.type === 'number' ? undefined : before.value.sum);
  const quantiles = value.type === 'summary' ? value.quantiles.map((each) => each.value) : [];
  return [counted, summed, ...quantiles];
}

/** Compares with what was exported last; the first level of a series is movement, because nothing says that it is not. */
function hasMoved(levels: Level[], i: number, level: number, threshold: number): boolean {
  const watched = (levels[i] ??= levelFrom(undefined));
  see(watched, level);
  const { exported } = watched;
  if (threshold === Infinity) return false;
  if (exported === undefined) return true;
  if (Object.is(exported, level) || exported === level) return false;
  // What is no number, or endless, is near to nothing.
  if (!Number.isFinite(exported) || !Number.isFinite(level)) return true;
  return (
    Math.abs(level - exported) > threshold * Math.max(Math.abs(exported), RANGE_SHARE * (watched.max - watched.min))
  );
}

function levelFrom(exported: number | undefined): Level {
  const watched = { exported, min: Infinity, max: -Infinity };
  if (exported !== undefined) see(watched, exported);
  return watched;
}

/** Widens the range of finite values seen. */
function see(watched: Level, level: number): void {
  if (!Number.isFinite(level)) return;
  watched.min = Math.min(watched.min, level);
  watched.max = Math.max(watched.max, level);
}
