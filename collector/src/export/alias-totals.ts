// Keeps sums of aliases from falling: what a source counted before it ended or began anew stays in the sum it was part of.
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import { joinPoints } from './join-points.ts';

/** Sums remembered; beyond, they are not held from falling. */
const MAX_SUMS = 2000;

interface Sum {
  /** By what tells sources apart. */
  last: Map<string, MetricPoint>;
  past: MetricPoint | undefined;
}

/** The sums of all aliases; asked once at each collection, for each. */
export class AliasTotals {
  #sums = new Map<string, Sum>();
  #next = new Map<string, Sum>();

  /** Begins a collection: sums that were not asked for in the last one are forgotten. */
  begin(): void {
    this.#sums = this.#next;
    this.#next = new Map();
  }

  /** Adds up the points of one set of labels. @param parts by what tells sources apart; at least one */
  sumOf(key: string, kind: MetricFamily['kind'], parts: ReadonlyMap<string, MetricPoint>): MetricPoint {
    const known = this.#sums.get(key);
    let past = known?.past;
    for (const [source, before] of known?.last ?? []) {
      const now = parts.get(source);
      if (now !== undefined && countOf(now) >= countOf(before)) continue;
      past = past === undefined ? before : joinPoints(kind, past, before);
    }
    if (this.#next.size < MAX_SUMS) this.#next.set(key, { last: new Map(parts), past });
    const points = [...parts.values(), ...(past === undefined ? [] : [past])];
    return points.reduce((sum, point) => joinPoints(kind, sum, point));
  }
}

function countOf({ value = 0, histogram }: MetricPoint): number {
  return histogram === undefined ? value : histogram.counts.reduce((sum, count) => sum + count, 0);
}
