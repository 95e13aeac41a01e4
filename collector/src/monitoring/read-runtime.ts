// The runtime of this process: its event loop, heap and garbage collection.
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import type { Attributes } from '../model/attributes.ts';
import { rowsOnce } from './read-memory.ts';
import type { Reader } from './reader.ts';
import type { ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

const shared = { component: 'runtime', since: 'process', kind: 'gauge', follows: 'level', isInteger: false } as const;
/** Of an event loop's delay less than a twentieth of this, 5 ms, is of no interest. */
const LEAST_DELAY_S = 0.1;
const delay = { ...shared, unit: 's', isRatio: false, leastScale: LEAST_DELAY_S } as const;

/** A window has 200 firings of the probe's timer, so that one in a hundred is something. */
const WINDOW_MS = 10_000;
const WINDOW = `, in windows of ${WINDOW_MS / 1000} s.`;

const P50: SeriesSpec = {
  ...delay,
  name: 'nodejs.eventloop.delay.p50',
  description: `Delay of the event loop that half of what is due exceeds${WINDOW}`,
};
const P99: SeriesSpec = {
  ...delay,
  name: 'nodejs.eventloop.delay.p99',
  description: `Delay of the event loop that one in a hundred of what is due exceeds${WINDOW}`,
};
const MAX: SeriesSpec = {
  ...delay,
  name: 'nodejs.eventloop.delay.max',
  description: `Longest delay of the event loop in the last ${WINDOW_MS / 1000} to ${(2 * WINDOW_MS) / 1000} s.`,
};
const UTILIZATION: SeriesSpec = {
  ...shared,
  name: 'nodejs.eventloop.utilization',
  unit: '1',
  description: 'Share of the time since the last point in which the event loop ran.',
  isRatio: true,
  isMean: true,
};

/** What the runtime measures of its loop. */
export interface LoopFigures {
  enable(): void;
  disable(): void;
  /** Begins a new window. */
  reset(): void;
  /** Firings in the window. */
  readonly count: number;
  /** Seconds of delay; 0..100. */
  delaySeconds(percentile: number): number;
  /** Milliseconds the loop ran, and waited, so far. */
  utilization(): { readonly active: number; readonly idle: number };
}

export function loopReader(table: ReadingTable, loop: LoopFigures): Reader {
  const row = rowsOnce(table);
  let beganMs = NaN;
  let hasShown = false;
  let last = { active: 0, idle: 0 };
  let beforeS = 0;
  return {
    name: 'event loop',
    component: 'runtime',
    isDear: false,
    metrics: [P50, P99, MAX, UTILIZATION],
    start() {
      loop.enable();
      last = loop.utilization();
    },
    read(nowMs) {
      const now = loop.utilization();
      const active = now.active - last.active;
      const passed = active + now.idle - last.idle;
      if (passed > 0) table.set(row(UTILIZATION, 0, []), active / passed);
      last = now;
      if (Number.isNaN(beganMs)) beganMs = nowMs;
      if (loop.count === 0) return;
      // A stall is shown at once, and until the next window is full: gone with its own it could be gone within a second. The
      // rest is shown when the window is full.
      const longestS = loop.delaySeconds(100);
      table.set(row(MAX, 0, []), Math.max(beforeS, longestS));
      const isFull = nowMs - beganMs >= WINDOW_MS;
      if (hasShown && !isFull) return;
      hasShown = true;
      table.set(row(P50, 0, []), loop.delaySeconds(50));
      table.set(row(P99, 0, []), loop.delaySeconds(99));
      if (!isFull) return;
      beganMs = nowMs;
      beforeS = longestS;
      loop.reset();
    },
    stop: () => loop.disable(),
  };
}

const space = { ...shared, kind: 'up_down', unit: 'By', isRatio: false, isInteger: true } as const;
/** Young objects come and go by megabytes; less than a twentieth of this is of no interest. */
const LEAST_HEAP_BYTES = 64 * 1024 * 1024;
const HEAP_USED: SeriesSpec = {
  ...space,
  name: 'v8js.memory.heap.used',
  description: 'Memory of living and not yet collected objects, by space.',
  leastScale: LEAST_HEAP_BYTES,
};
const HEAP_LIMIT: SeriesSpec = {
  ...space,
  name: 'v8js.memory.heap.limit',
  description: 'Memory the heap has taken, by space.',
  leastScale: LEAST_HEAP_BYTES,
};

export function heapReader(
  table: ReadingTable,
  spaces: typeof getHeapSpaceStatistics = getHeapSpaceStatistics,
): Reader {
  const row = rowsOnce(table);
  return {
    name: 'heap',
    component: 'runtime',
    isDear: false,
    metrics: [HEAP_USED, HEAP_LIMIT],
    read() {
      for (const [i, { space_name, space_used_size, space_size }] of spaces().entries()) {
        if (space_size === 0) continue;
        const attributes: Attributes = [['v8js.heap.space.name', space_name]];
        table.set(row(HEAP_USED, i, attributes), space_used_size);
        table.set(row(HEAP_LIMIT, i, attributes), space_size);
      }
    },
  };
}

const GC: SeriesSpec = {
  ...shared,
  kind: 'histogram',
  name: 'v8js.gc.duration',
  unit: 's',
  description: 'Duration of garbage collections by type.',
  isRatio: true,
};
/** As the conventions advise. */
const GC_BOUNDS_S = [0.01, 0.1, 1, 10];

/** By the numbers of `perf_hooks.constants.NODE_PERFORMANCE_GC_*`. */
const GC_TYPES: Readonly<Record<number, string>> = { 1: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' };

/** Watches collections; replaced in tests. @returns ends watching */
export type WatchCollections = (seen: (kind: number, durationMs: number) => void) => () => void;

const watchCollections: WatchCollections = (seen) => {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen(kindOf(entry), entry.duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
};

/** The types of the runtime leave out what it tells. */
function kindOf(entry: Pick<PerformanceEntry, 'duration'> & { readonly detail?: unknown }): number {
  const { detail } = entry;
  return typeof detail === 'object' && detail !== null && 'kind' in detail ? Number(detail.kind) : 0;
}

/** Told by the runtime of each collection; how many there were is the count of the histogram. */
export function collectionsReader(table: ReadingTable, watch: WatchCollections = watchCollections): Reader {
  const types = Object.values(GC_TYPES).map((type) => ({ type, row: -1, counts: GC_BOUNDS_S.map(() => 0), sum: 0 }));
  for (const each of types) each.counts.push(0);
  let end = (): void => {};
  return {
    name: 'garbage collection',
    component: 'runtime',
    isDear: false,
    metrics: [GC],
    start() {
      for (const each of types)
        each.row = table.add({
          spec: GC,
          attributes: [['v8js.gc.type', each.type]],
          histogram: () => ({ bounds: GC_BOUNDS_S, counts: [...each.counts], sum: each.sum }),
        });
      end = watch((kind, durationMs) => {
        const seen = types.find(({ type }) => type === GC_TYPES[kind]);
        if (seen === undefined) return;
        const seconds = durationMs / 1000;
        const place = GC_BOUNDS_S.findIndex((bound) => seconds <= bound);
        const bucket = place < 0 ? GC_BOUNDS_S.length : place;
        seen.counts[bucket] = (seen.counts[bucket] ?? 0) + 1;
        seen.sum += seconds;
      });
    },
    read() {
      for (const { row, sum } of types) table.set(row, sum);
    },
    stop: () => end(),
  };
}
