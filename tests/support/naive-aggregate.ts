// Aggregation by definition: every window looks through the whole list of points again. Slow, and right by reading.
import type { Attributes } from '../../collector/src/model/attributes.ts';
import { valueText } from '../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';

/** A point, when it came, and what was measured in it: all of it since its start where it is cumulative. */
export interface Arrival {
  readonly point: DataPoint;
  readonly atMs: number;
  /** Of histograms; empty for others. */
  readonly measured: readonly number[];
}

export interface NaiveRule {
  readonly windowMs: number;
  readonly lateMs: number;
  readonly staleAfterMs: number;
  readonly watchedSinceMs: number;
  readonly by?: readonly string[];
  readonly without: readonly string[];
  readonly replica?: string;
}

/** What a group came to in a window. */
export interface NaiveWindow {
  readonly labels: string;
  readonly endMs: number;
  /** By how much counters and delta sums grew, a stream each. */
  readonly growth: readonly number[];
  /** Of all streams, in no order. */
  readonly readings: readonly { readonly timeMs: number; readonly value: number }[];
  /** Last value of each stream that has one at the end. */
  readonly lastValues: readonly number[];
  readonly points: number;
  /** By histograms. */
  readonly measured: readonly number[];
  /** Some points only told where their stream stands. */
  readonly streams: number;
}

/** Every window of every group that has a point. */
export function naiveWindows(arrivals: readonly Arrival[], rule: NaiveRule): NaiveWindow[] {
  const accepted = acceptedOf(arrivals, rule);
  const counted = rule.replica === undefined ? accepted : ofLeaders(accepted, rule);
  const windows: NaiveWindow[] = [];
  for (const labels of new Set(counted.map(({ point }) => groupOf(point, rule)))) {
    const group = counted.filter(({ point }) => groupOf(point, rule) === labels);
    const streams = [...new Set(group.map(({ point }) => streamOf(point, rule)))].map((stream) =>
      byTime(group.filter(({ point }) => streamOf(point, rule) === stream)),
    );
    for (const endMs of new Set(group.map(({ point }) => endOf(point, rule)))) {
      const inWindow = ({ point }: Arrival): boolean => endOf(point, rule) === endMs;
      const here = group.filter(inWindow).filter(({ point }) => !point.hasNoValue);
      const grown = streams.map((stream) => stream.map((each, i) => [each, growth(stream, i, rule)] as const));
      const added = grown.flatMap((stream) => stream.filter(([each]) => inWindow(each)).map(([, more]) => more));
      windows.push({
        labels,
        endMs,
        growth: added.map(({ number }) => number),
        readings: here.map(({ point }) => ({ timeMs: point.timeMs, value: numberIn(point) })),
        lastValues: streams.flatMap((stream) => lastAt(stream, endMs, rule)),
        points: here.length,
        measured: added.flatMap(({ measured }) => measured),
        streams: streams.filter((stream) => stream.some((each) => inWindow(each) && !each.point.hasNoValue)).length,
      });
    }
  }
  return windows;
}

/** A point counts where it came before its window closed, the first of its stream and time. */
function acceptedOf(arrivals: readonly Arrival[], rule: NaiveRule): Arrival[] {
  const inTime = arrivals.filter(({ point, atMs }) => endOf(point, rule) + rule.lateMs > atMs);
  return inTime.filter(({ point }, i) => {
    const isSame = (other: DataPoint): boolean =>
      other.timeMs === point.timeMs &&
      streamOf(other, rule) === streamOf(point, rule) &&
      replicaOf(other, rule) === replicaOf(point, rule);
    return !inTime.slice(0, i).some((earlier) => isSame(earlier.point));
  });
}

/** Of replicas the one that counted last counts, where it has a point in the window; else the first that ever came. */
function ofLeaders(accepted: readonly Arrival[], rule: NaiveRule): Arrival[] {
  const counted: Arrival[] = [];
  for (const stream of new Set(accepted.map(({ point }) => streamOf(point, rule)))) {
    const own = accepted.filter(({ point }) => streamOf(point, rule) === stream);
    const inOrder = [...new Set(own.map(({ point }) => replicaOf(point, rule)))];
    let leader: string | undefined;
    for (const endMs of [...new Set(own.map(({ point }) => endOf(point, rule)))].sort((a, b) => a - b)) {
      const here = own.filter(({ point }) => endOf(point, rule) === endMs);
      const isHere = (replica: string | undefined): boolean =>
        here.some(({ point }) => replicaOf(point, rule) === replica);
      if (!isHere(leader)) leader = inOrder.find(isHere);
      counted.push(...here.filter(({ point }) => replicaOf(point, rule) === leader));
    }
  }
  return counted;
}

function growth(
  stream: readonly Arrival[],
  i: number,
  rule: NaiveRule,
): { number: number; measured: readonly number[] } {
  const own = stream[i];
  if (own === undefined || own.point.hasNoValue) return { number: 0, measured: [] };
  const { point, measured } = own;
  const whole = { number: numberIn(point), measured };
  if (point.metric.temporality === 'delta') return whole;
  const before = stream.slice(0, i).findLast((each) => !each.point.hasNoValue);
  if (before === undefined) return point.startMs >= rule.watchedSinceMs ? whole : { number: 0, measured: [] };
  const lasts = before.point;
  const isOtherReplica = replicaOf(lasts, rule) !== replicaOf(point, rule);
  // Replicas may see different starts of one life; only one after the last point is another.
  const livesSince = lasts.startMs > 0 && !isOtherReplica ? lasts.startMs : lasts.timeMs;
  const isReset =
    numberIn(point) < numberIn(lasts) || measured.length < before.measured.length || point.startMs > livesSince;
  if (isReset) return whole;
  return { number: numberIn(point) - numberIn(lasts), measured: measured.slice(before.measured.length) };
}

function lastAt(stream: readonly Arrival[], endMs: number, rule: NaiveRule): number[] {
  const last = stream.findLast(({ point }) => endOf(point, rule) <= endMs)?.point;
  if (last === undefined || last.hasNoValue || last.timeMs <= endMs - rule.staleAfterMs) return [];
  return [numberIn(last)];
}

function endOf({ timeMs }: DataPoint, { windowMs }: NaiveRule): number {
  return Math.ceil(timeMs / windowMs) * windowMs;
}

function byTime(arrivals: readonly Arrival[]): Arrival[] {
  return arrivals.toSorted((a, b) => a.point.timeMs - b.point.timeMs);
}

function groupOf({ attributes, metric }: DataPoint, { by, without, replica }: NaiveRule): string {
  const keeps = (key: string): boolean =>
    (by === undefined || by.includes(key)) && !without.includes(key) && key !== replica;
  const ofResource = metric.resource.attributes.filter(
    ([key]) => keeps(key) || (key === 'service.name' && !without.includes(key)),
  );
  return labelsOf(
    attributes.filter(([key]) => keeps(key)),
    ofResource,
  );
}

function streamOf({ attributes, metric }: DataPoint, { replica }: NaiveRule): string {
  const rest = (all: Attributes): Attributes => all.filter(([key]) => key !== replica);
  return metric.temporality + labelsOf(rest(attributes), rest(metric.resource.attributes));
}

function replicaOf({ metric }: DataPoint, { replica }: NaiveRule): string {
  const found = metric.resource.attributes.find(([key]) => key === replica);
  return found === undefined ? '' : valueText(found[1]);
}

/** Attributes as text, those of the resource behind a bar. */
export function labelsOf(attributes: Attributes, ofResource: Attributes): string {
  const text = (all: Attributes): string => all.map(([key, value]) => `${key}=${valueText(value)}`).join();
  return `${text(attributes)}|${text(ofResource)}`;
}

function numberIn({ value }: DataPoint): number {
  return value.type === 'number' ? value.value : value.count;
}
