// The windows of one rule: its streams, its groups, and when what is closed. Pure: it is handed the time and answers how
// long to wait.
import { attributeOf, attributesKey, type Attributes, valueText } from '../model/attributes.ts';
import type { DataPoint, Metric } from '../model/data-point.ts';
import type { Budget } from './budget.ts';
import { Group } from './group.ts';
import { incrementOf } from '../model/increment.ts';
import type { DropReason } from './instruments.ts';
import { asOwnInstance, type Rule } from './rule.ts';
import { classOf, countsGrowth, type PointClass } from './point-class.ts';
import { keyWithout, lacking } from './replica-key.ts';
import { isSound, withKnownSum } from './sound-point.ts';
import { Stream } from './stream.ts';

/** Work done in one turn, in points that are numbers: some milliseconds. */
const WORK_A_TURN = 1000;
/** A sender's clock may be ahead by so much, or by a window where that is longer. */
const MAX_AHEAD_MS = 600_000;

/** What becomes of points, as it becomes of them. */
export interface Books {
  absorbed(points: number): void;
  dropped(reason: DropReason, points: number): void;
  /** Points that wait now, more or less than before. */
  held(more: number): void;
}

/** What the windows of all rules share. */
export interface Shared {
  readonly budget: Budget;
  readonly books: Books;
  /** Unix milliseconds since when nothing that came was missed. */
  readonly watchedSinceMs: number;
  /** Of this sidecar. */
  readonly ownInstance: Attributes;
}

interface Member {
  readonly stream: Stream;
  readonly group: Group;
  readonly growthOnly: boolean;
  /** Work of a point against that of a number. */
  readonly weight: number;
  /** It counts whole at first where it began since then, in Unix milliseconds. */
  readonly newSinceMs: number;
}

/** Streams of one metric, by their attributes. */
interface MetricStreams {
  readonly key: string;
  readonly pointClass: PointClass;
  readonly growthOnly: boolean;
  /** Which replica its resource names. */
  readonly replica: string | undefined;
  readonly members: Map<string, Member>;
}

/** The windows of one rule. */
export class RuleWindows {
  readonly rule: Rule;
  readonly #shared: Shared;
  /** Nobody counts here where the input is kept: points were counted as they passed. */
  readonly #books: Books;
  readonly #byMetric = new Map<string, Map<string, Member>>();
  readonly #groups = new Map<string, Group>();
  /** Ends of windows that hold something. */
  readonly #openEnds = new Set<number>();
  #closedMs = -Infinity;
  #sweepMs = Infinity;
  /** The host's clock went back, so that what is open is of a time that is not coming soon. */
  #isRewound = false;
  /** A stream that began before this may have been counted already. */
  #newSinceMs: number;

  constructor(rule: Rule, shared: Shared) {
    this.rule = rule;
    this.#shared = shared;
    this.#books = rule.keepsInput ? SILENT : shared.books;
    this.#newSinceMs = shared.watchedSinceMs;
  }

  /** End of the window a time belongs to: windows hold (start, end], as OpenTelemetry has it. */
  readonly endOf = (timeMs: number): number => Math.ceil(timeMs / this.rule.windowMs) * this.rule.windowMs;

  /** Looks up what is known of a metric. @returns undefined where no output has a meaning for its points */
  streamsOf(metric: Metric): MetricStreams | undefined {
    const pointClass = classOf(metric);
    if (pointClass === undefined || this.rule.outputsFor(pointClass).length === 0) return undefined;
    const { replicaKey } = this.rule;
    const { resource } = metric;
    const value = replicaKey === undefined ? undefined : attributeOf(resource.attributes, replicaKey);
    const key = replicaKey === undefined ? metric.key : keyWithout(metric, replicaKey);
    const members = this.#byMetric.get(key) ?? new Map<string, Member>();
    const replica = value === undefined ? undefined : valueText(value);
    return { key, pointClass, growthOnly: countsGrowth(pointClass, metric), replica, members };
  }

  /** Takes a point into its window, or drops it. @returns false where there is no place for its stream */
  take(point: DataPoint, streams: MetricStreams, nowMs: number): boolean {
    const { rule } = this;
    if (this.#closedMs > nowMs + rule.windowMs) this.#rewind(nowMs);
    const endMs = this.endOf(point.timeMs);
    if (endMs <= this.#closedMs || endMs + rule.lateMs <= nowMs) this.#books.dropped('late', 1);
    else if (point.timeMs > nowMs + Math.max(MAX_AHEAD_MS, rule.windowMs)) this.#books.dropped('future', 1);
    else if (!isSound(point)) this.#books.dropped('not_finite', 1);
    else return this.#hold(withKnownSum(point), streams, endMs, nowMs);
    return true;
  }

  #hold(point: DataPoint, streams: MetricStreams, endMs: number, nowMs: number): boolean {
    const { replicaKey } = this.rule;
    let attributes = point.attributes;
    let replica = streams.replica ?? '';
    if (replicaKey !== undefined) {
      const own = attributeOf(attributes, replicaKey);
      if (own !== undefined) replica = valueText(own);
      attributes = lacking(attributes, replicaKey);
    }
    const key = attributesKey(attributes);
    const member = streams.members.get(key) ?? this.#enter(point, streams, key, nowMs);
    if (member === undefined) return false;
    const { stream } = member;
    if (!stream.hasPlaceFor(replica) && !this.#shared.budget.take(1)) return false;
    const taken = stream.take(point, replica, nowMs);
    if (taken !== 'held') {
      this.#books.dropped(taken, 1);
      return true;
    }
    this.#openEnds.add(endMs);
    this.#books.held(1);
    if (stream.isFull) this.#settle(member, Infinity, 1);
    return true;
  }

  /** When something is due, by the host's clock in Unix milliseconds; Infinity where nothing ever is. */
  dueMs(): number {
    if (this.#isRewound) return -Infinity;
    let earliest = this.#byMetric.size > 0 ? this.#sweepMs : Infinity;
    for (const endMs of this.#openEnds) earliest = Math.min(earliest, endMs + this.rule.lateMs);
    return earliest;
  }

  /** Closes the windows whose time is over, and forgets streams that are stale, in turns. */
  *close(nowMs: number): Generator<DataPoint[]> {
    const { windowMs, lateMs, staleAfterMs } = this.rule;
    const untilMs = this.#isRewound ? Infinity : Math.floor((nowMs - lateMs) / windowMs) * windowMs;
    this.#isRewound = false;
    yield* this.#closeUntil(untilMs, nowMs);
    this.#sweepMs = nowMs + staleAfterMs;
    yield* this.#sweep(nowMs);
  }

  /** Closes every window, in turns. */
  flush(nowMs: number): Generator<DataPoint[]> {
    return this.#closeUntil(Infinity, nowMs);
  }

  /** Begins anew in an earlier time; what streams have counted stays counted. */
  #rewind(nowMs: number): void {
    this.#closedMs = -Infinity;
    this.#isRewound = true;
    for (const members of this.#byMetric.values())
      for (const member of members.values()) {
        // What waits came before what comes now, whatever its time says.
        this.#settle(member, Infinity, Infinity);
        member.stream.rewind(nowMs);
      }
  }

  *#closeUntil(untilMs: number, nowMs: number): Generator<DataPoint[]> {
    if (untilMs !== Infinity) this.#closedMs = Math.max(this.#closedMs, untilMs);
    for (const endMs of this.#openEnds) if (endMs <= untilMs) this.#openEnds.delete(endMs);
    let work = 0;
    for (const members of this.#byMetric.values()) {
      for (const member of members.values()) {
        work += 1 + this.#settle(member, untilMs, Infinity) * member.weight;
        if (work < WORK_A_TURN) continue;
        yield [];
        work = 0;
      }
    }
    let points: DataPoint[] = [];
    for (const group of this.#groups.values()) {
      const made = group.read({ untilMs, nowMs });
      points.push(...made, ...this.#ended(group, nowMs));
      work += 1 + made.length * group.weight;
      if (work < WORK_A_TURN) continue;
      yield points;
      points = [];
      work = 0;
    }
    yield points;
  }

  /** Has points count that wait. @returns how many */
  #settle({ stream, group, growthOnly, newSinceMs }: Member, untilMs: number, limit: number): number {
    const { waiting } = stream;
    if (waiting === 0) return 0;
    let absorbed = 0;
    const others = stream.settle(untilMs, limit, this.endOf, (point, isFailover) => {
      const before = stream.before;
      const last = before !== undefined && isFailover ? { ...before, startMs: 0 } : before;
      const value = point.hasNoValue ? undefined : growthOnly ? incrementOf(point, last, newSinceMs) : point.value;
      const countsWhole = growthOnly && before === undefined && value !== undefined;
      const counts = group.add(this.endOf(point.timeMs), { point, value, contributor: stream }, countsWhole);
      if (counts) absorbed++;
      else this.#books.dropped('bounds', 1);
      if (!point.hasNoValue) stream.before = { startMs: point.startMs, timeMs: point.timeMs, value: point.value };
    });
    if (absorbed > 0) this.#books.absorbed(absorbed);
    if (others.length > 0) this.#books.dropped('replica', others.length);
    this.#books.held(stream.waiting - waiting);
    return waiting - stream.waiting;
  }

  /** Finds the group of a new stream, where there is room for both. */
  #enter(point: DataPoint, streams: MetricStreams, key: string, nowMs: number): Member | undefined {
    const { pointClass, growthOnly, members } = streams;
    const { budget, ownInstance } = this.#shared;
    const { metric } = point;
    const kept = this.rule.keptOfResource(metric.resource);
    const attributes = this.rule.keptOfPoint(point.attributes);
    const resource = asOwnInstance(kept, metric.resource, ownInstance);
    const identity = [pointClass, metric.name, metric.unit, resource.key].map((part) => `${part.length}:${part}`);
    const groupKey = identity.join('') + attributesKey(attributes);
    const known = this.#groups.get(groupKey);
    if (!budget.take(known === undefined ? 2 : 1)) {
      // It counts as itself from here on, so that what it says later of before now must not count once more.
      this.#newSinceMs = Math.max(this.#newSinceMs, point.timeMs);
      return undefined;
    }
    const group = known ?? new Group(groupKey, this.rule, pointClass, point, resource, attributes);
    this.#groups.set(groupKey, group);
    const stream = new Stream(metric.key + key, metric, point.attributes);
    const member = { stream, group, growthOnly, weight: group.weight, newSinceMs: this.#newSinceMs };
    members.set(key, member);
    this.#byMetric.set(streams.key, members);
    group.enter(stream);
    if (this.#sweepMs === Infinity) this.#sweepMs = nowMs + this.rule.staleAfterMs;
    return member;
  }

  /** Forgets streams that were silent too long, and groups nobody is in. */
  *#sweep(nowMs: number): Generator<DataPoint[]> {
    const { budget } = this.#shared;
    const sinceMs = nowMs - this.rule.staleAfterMs;
    let work = 0;
    const ended: DataPoint[] = [];
    for (const [metricKey, members] of this.#byMetric) {
      for (const [key, { stream, group }] of members) {
        if (++work % WORK_A_TURN === 0) yield ended.splice(0);
        if (stream.waiting > 0) continue;
        if (stream.lastCameMs > sinceMs) {
          if (stream.replicas > 1) budget.give(stream.forgetReplicas(sinceMs));
          continue;
        }
        members.delete(key);
        group.leave(stream);
        budget.give(stream.replicas);
        this.#newSinceMs = Math.max(this.#newSinceMs, stream.before?.timeMs ?? 0);
        ended.push(...this.#ended(group, nowMs));
      }
      if (members.size === 0) this.#byMetric.delete(metricKey);
    }
    yield ended;
  }

  /** Forgets a group nobody is in any more. @returns what tells that its series have ended */
  #ended(group: Group, nowMs: number): DataPoint[] {
    if (!group.isIdle) return [];
    this.#groups.delete(group.key);
    this.#shared.budget.give(1);
    return group.end(nowMs);
  }
}

const SILENT: Books = { absorbed: () => undefined, dropped: () => undefined, held: () => undefined };
