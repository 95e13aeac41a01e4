// One stream of points, and its replicas: what of it waits for its window to close, in order of time. Pure.
import type { Attributes } from '../model/attributes.ts';
import type { DataPoint, Metric } from '../model/data-point.ts';
import type { StreamPoint } from '../model/increment.ts';
import type { Contributor } from './output.ts';

/** A stream that has come so far ahead of a point that is missing goes on without it; histograms are large, so sooner. */
const MAX_WAITING = 16;
const MAX_WAITING_HISTOGRAMS = 4;

/** What becomes of a point that came. */
export type Taken = 'held' | 'late' | 'duplicate';

interface Waiting {
  readonly point: DataPoint;
  readonly replica: string;
}

/** Told of each point of the stream as it counts. */
export type Settle = (point: DataPoint, isFailover: boolean) => void;

/** Points of one stream between their coming and the close of their window. */
export class Stream implements Contributor {
  readonly key: string;
  carried: Contributor['carried'];
  /** The last point that counted. */
  before: StreamPoint | undefined;
  /** Unix milliseconds by the host's clock, of the last point that came. */
  lastCameMs = 0;
  /** Ascending by time. */
  readonly #waiting: Waiting[] = [];
  /** Where there never was another. */
  #only: string | undefined;
  /** Host's time of each replica's last point, in the order in which they were first seen; made for the second one. */
  #replicas: Map<string, number> | undefined;
  #leader = '';
  /** The leader took over, and no point of it has counted yet. */
  #tookOver = false;
  /** End of the window for which the leader is chosen. */
  #ledEndMs = 0;
  /** Time of the last point that counted or was left to another replica. */
  #settledMs = -Infinity;

  readonly #metric: Metric;
  readonly #attributes: Attributes;

  /** @param metric and attributes of its first point, which the others are held with: theirs are equal */
  constructor(key: string, metric: Metric, attributes: Attributes) {
    this.key = key;
    this.#metric = metric;
    this.#attributes = attributes;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get replicas(): number {
    return Math.max(this.#replicas?.size ?? 1, 1);
  }

  /** Tells whether a replica needs no further place: it is known, or the first. */
  hasPlaceFor(replica: string): boolean {
    if (this.#replicas === undefined) return this.#only === undefined || this.#only === replica;
    return this.#replicas.size === 0 || this.#replicas.has(replica);
  }

  /** Takes points of an earlier time again. */
  rewind(nowMs: number): void {
    this.#settledMs = -Infinity;
    this.#ledEndMs = 0;
    this.lastCameMs = nowMs;
    for (const replica of this.#replicas?.keys() ?? []) this.#replicas?.set(replica, nowMs);
  }

  /** Forgets replicas without a point since a time. @returns how many */
  forgetReplicas(sinceMs: number): number {
    const before = this.replicas;
    for (const [replica, lastMs] of this.#replicas ?? []) if (lastMs < sinceMs) this.#replicas?.delete(replica);
    return before - this.replicas;
  }

  /** Holds a point. @param replica which of those that measure the same; empty where there is one */
  take(point: DataPoint, replica: string, nowMs: number): Taken {
    this.#only ??= replica;
    if (this.#only !== replica) this.#replicas ??= new Map([[this.#only, this.lastCameMs]]);
    this.#replicas?.set(replica, nowMs);
    this.lastCameMs = nowMs;
    const { timeMs } = point;
    if (timeMs === this.#settledMs) return 'duplicate';
    if (timeMs < this.#settledMs) return 'late';
    let place = this.#waiting.length;
    while (place > 0 && (this.#waiting[place - 1]?.point.timeMs ?? 0) > timeMs) place--;
    for (let i = place - 1; i >= 0 && this.#waiting[i]?.point.timeMs === timeMs; i--)
      if (this.#waiting[i]?.replica === replica) return 'duplicate';
    const held = { point: { ...point, metric: this.#metric, attributes: this.#attributes }, replica };
    if (place === this.#waiting.length) this.#waiting.push(held);
    else this.#waiting.splice(place, 0, held);
    return 'held';
  }

  /** Tells whether more waits than may. */
  get isFull(): boolean {
    const isNumber = this.#metric.kind === 'gauge' || this.#metric.kind === 'sum';
    return this.#waiting.length > (isNumber ? MAX_WAITING : MAX_WAITING_HISTOGRAMS) * this.replicas;
  }

  /**
   * Has every point up to a time count, in order of time.
   *
   * @param limit points at most
   * @param endOf end of the window of a time
   * @param settle of the points of the replica that counts
   * @returns points of the other replicas
   */
  settle(untilMs: number, limit: number, endOf: (timeMs: number) => number, settle: Settle): DataPoint[] {
    let done = 0;
    const others: DataPoint[] = [];
    while (done < limit) {
      const next = this.#waiting[done];
      if (next === undefined || next.point.timeMs > untilMs) break;
      this.#lead(endOf(next.point.timeMs), done, endOf);
      if (next.replica === this.#leader) {
        settle(next.point, this.#tookOver);
        this.#tookOver = false;
      } else others.push(next.point);
      this.#settledMs = next.point.timeMs;
      done++;
    }
    this.#waiting.splice(0, done);
    return others;
  }

  /** Chooses whose points count in a window: the leader's where it has any, else of those that have, the one known longest. */
  #lead(endMs: number, from: number, endOf: (timeMs: number) => number): void {
    if (endMs === this.#ledEndMs) return;
    this.#ledEndMs = endMs;
    if (this.#replicas === undefined) {
      this.#leader = this.#only ?? '';
      return;
    }
    const present = new Set<string>();
    for (const { point, replica } of this.#waiting.slice(from)) if (endOf(point.timeMs) === endMs) present.add(replica);
    if (present.has(this.#leader)) return;
    for (const replica of this.#replicas.keys()) {
      if (!present.has(replica)) continue;
      this.#leader = replica;
      this.#tookOver = this.before !== undefined;
      return;
    }
  }
}
