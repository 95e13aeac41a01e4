// Series that leave under their own names: as they came, or, once they were folded, from 0 on. And their end.
// Pure: the time is an argument.
import type { DataPoint, PointValue } from '../model/data-point.ts';
import { formOf, type Now } from './folded-streams.ts';
import { difference, stepOf } from './increment.ts';
import type { Target } from './target.ts';
import { zeroOf } from './total.ts';
import type { MetricStream, OwnSeries } from './tracked-metric.ts';

interface Admission {
  readonly stream: MetricStream;
  readonly key: string;
  readonly point: DataPoint;
  /** What its source had counted by now, where it comes back. */
  readonly base: PointValue | undefined;
}

interface Ending {
  readonly atMs: number;
  points(nowMs: number): DataPoint[];
}

export interface OwnRowsOptions {
  readonly frozenForMs: number;
  /** Beyond it those that were folded first end sooner: they are on show, and take memory as others do. */
  readonly maxFrozen: number;
}

/** The rows of all metrics. */
export class OwnRows {
  readonly #frozenForMs: number;
  /** What still shows its last value, by key, in the order of folding. */
  readonly #frozen = new Map<string, Ending>();
  /** What ends with the next flush. */
  readonly #ending: Ending[] = [];
  readonly #onRemove: () => void;

  readonly #maxFrozen: number;

  /** @param onRemove told of each place that is free again */
  constructor({ frozenForMs, maxFrozen }: OwnRowsOptions, onRemove: () => void) {
    this.#frozenForMs = frozenForMs;
    this.#maxFrozen = maxFrozen;
    this.#onRemove = onRemove;
  }

  get frozen(): number {
    return this.#frozen.size;
  }

  /** Gives a series its place. */
  admit({ stream, key, point, base }: Admission, { monotonicMs }: Now, out: DataPoint[]): 'passed' {
    this.thaw(key);
    const returnedMs = base === undefined ? 0 : point.timeMs;
    const net = netOf(point);
    stream.owner.rows.set(key, { key, stream, point, seenMs: monotonicMs, base, returnedMs, net });
    stream.series++;
    out.push(base === undefined ? point : { ...point, startMs: returnedMs, value: zeroOf(point.value), exemplars: [] });
    return 'passed';
  }

  /** Lets a point of a series leave. */
  pass(row: OwnSeries, point: DataPoint, { monotonicMs }: Now, out: DataPoint[]): 'passed' | 'absorbed' {
    row.seenMs = monotonicMs;
    row.stream.seenMs = monotonicMs;
    const shown = row.returnedMs === 0 ? point : returned(row, point);
    row.net += netOf(point);
    if (point.timeMs >= row.point.timeMs) row.point = point;
    if (shown === undefined) return 'absorbed';
    out.push(shown);
    return 'passed';
  }

  /** Takes a series' place away. */
  remove({ key, stream }: OwnSeries): void {
    stream.owner.rows.delete(key);
    stream.series--;
    this.#onRemove();
  }

  /** Leaves a folded series on show for a while; one whose value others now contain ends with the next flush. */
  freeze({ key, point, returnedMs }: OwnSeries, now: Now, out: DataPoint[]): void {
    const { monotonicMs } = now;
    const { metric } = point;
    const form = formOf(metric);
    const isAtOnce =
      form === 'gauge' || form === 'level' || (form === 'delta' && !metric.isMonotonic && metric.kind === 'sum');
    const startMs = returnedMs > 0 ? returnedMs : point.startMs;
    const points = (nowMs: number): DataPoint[] => [
      { ...point, startMs, timeMs: Math.max(nowMs, point.timeMs), hasNoValue: true, exemplars: [] },
    ];
    if (isAtOnce) this.#ending.push({ atMs: monotonicMs, points });
    else this.#hold(key, { atMs: monotonicMs + this.#frozenForMs, points }, now, out);
  }

  /** What stood still goes on, from 0: its end is no longer to be told. */
  thaw(key: string): void {
    this.#frozen.delete(key);
  }

  /** Leaves a target on show that nothing is folded into any more. */
  freezeTarget(key: string, target: Target, now: Now, out: DataPoint[]): void {
    const { nowMs, monotonicMs } = now;
    const last = target.points(nowMs, 'changed');
    if (last.length > 0) this.#ending.push({ atMs: monotonicMs, points: () => last });
    const ending = { atMs: monotonicMs + this.#frozenForMs, points: (atMs: number) => target.ends(atMs) };
    if (target.metric.kind === 'sum' && !target.metric.isMonotonic) this.#ending.push(ending);
    else this.#hold(key, ending, now, out);
  }

  /** What has to end for it ends at once, so that its place on show is free for what comes next. */
  #hold(key: string, ending: Ending, { nowMs }: Now, out: DataPoint[]): void {
    this.#frozen.set(key, ending);
    if (this.#frozen.size <= this.#maxFrozen) return;
    for (const [first, each] of this.#frozen) {
      this.#frozen.delete(first);
      out.push(...each.points(nowMs));
      return;
    }
  }

  /** Points of what ends by now. */
  endings({ nowMs, monotonicMs }: Now): DataPoint[] {
    const points = this.#ending.splice(0).flatMap((each) => each.points(nowMs));
    for (const [key, each] of this.#frozen) {
      if (each.atMs > monotonicMs) break;
      this.#frozen.delete(key);
      points.push(...each.points(nowMs));
    }
    return points;
  }
}

/** A point of a series that was folded before: what it counted since it came back. */
function returned(row: OwnSeries, point: DataPoint): DataPoint | undefined {
  const { point: last, base } = row;
  const step = stepOf(last, point);
  if (step === undefined && point.timeMs !== last.timeMs) return undefined;
  if (step?.isReset === true) {
    row.base = undefined;
    row.returnedMs = point.startMs > last.timeMs ? point.startMs : last.timeMs;
  }
  const value = row.base === undefined ? point.value : difference(point.value, base ?? point.value);
  return value === undefined ? undefined : { ...point, startMs: row.returnedMs, value };
}

function netOf({ metric, value }: DataPoint): number {
  return value.type === 'number' && metric.temporality === 'delta' && !metric.isMonotonic ? value.value : 0;
}
