// One reading of this process, by means that cost microseconds. Node's own modules are asked for when reading begins, so
// that importing this loads nothing.

/** What a process used between two readings, and what it holds. */
export interface ResourceReading {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Since the reading before, milliseconds. */
  readonly intervalMs: number;
  /** Cores in use, of all threads: 1.5 is one and a half. */
  readonly cpuCores: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** At which the process would run out of heap. */
  readonly heapLimitBytes: number;
  /** Held outside of the heap by objects in it. */
  readonly externalBytes: number;
  /** Share of the time in which the event loop did something, 0..1. */
  readonly eventLoopUtilization: number;
  /** How much later than due a timer was, in the mean and at most; milliseconds. */
  readonly eventLoopDelayMeanMs: number;
  readonly eventLoopDelayMaxMs: number;
  /** In garbage collection; milliseconds, and how often. */
  readonly gcMs: number;
  readonly gcCount: number;
  /** Sockets, timers, servers and requests that keep the process alive. */
  readonly handles: number;
}

export type ResourceKey = keyof ResourceReading;

/** In the order of the columns of a history. */
export const RESOURCE_KEYS = [
  'atMs',
  'intervalMs',
  'cpuCores',
  'rssBytes',
  'heapUsedBytes',
  'heapLimitBytes',
  'externalBytes',
  'eventLoopUtilization',
  'eventLoopDelayMeanMs',
  'eventLoopDelayMaxMs',
  'gcMs',
  'gcCount',
  'handles',
] as const satisfies readonly ResourceKey[];

/** Where readings come from. */
export interface ResourceSource {
  /** @param atMs milliseconds since the epoch @param monotonicMs the same moment */
  read(atMs: number, monotonicMs: number): ResourceReading;
  /** Ends what it watches. */
  close(): void;
}

/** The delay of the event loop is measured by a timer of its own. */
const DELAY_RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** Begins to watch this process. About 70 us a reading in a process with few handles, most of it for memory. */
export function watchProcess(monotonicMs: number): ResourceSource {
  const v8 = process.getBuiltinModule('node:v8');
  const {
    monitorEventLoopDelay,
    performance: timing,
    PerformanceObserver,
  } = process.getBuiltinModule('node:perf_hooks');
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  let [gcMs, gcCount] = [0, 0];
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gcMs += duration;
      gcCount++;
    }
  });
  collections.observe({ entryTypes: ['gc'] });
  let last = { monotonicMs, cpu: process.cpuUsage(), loop: timing.eventLoopUtilization() };
  return {
    read(atMs, nowMs) {
      const now = { monotonicMs: nowMs, cpu: process.cpuUsage(), loop: timing.eventLoopUtilization() };
      const intervalMs = now.monotonicMs - last.monotonicMs;
      const cpuMs = (now.cpu.user - last.cpu.user + now.cpu.system - last.cpu.system) / 1000;
      const heap = v8.getHeapStatistics();
      // Counted from due to due, so what a timer is late is what is beyond its period.
      const lateMs = (ns: number): number =>
        delay.count === 0 ? 0 : Math.max(0, ns / NS_PER_MS - DELAY_RESOLUTION_MS);
      const reading: ResourceReading = {
        atMs,
        intervalMs,
        cpuCores: intervalMs > 0 ? Math.max(0, cpuMs / intervalMs) : 0,
        rssBytes: process.memoryUsage.rss(),
        heapUsedBytes: heap.used_heap_size,
        heapLimitBytes: heap.heap_size_limit,
        externalBytes: heap.external_memory,
        eventLoopUtilization: timing.eventLoopUtilization(now.loop, last.loop).utilization,
        eventLoopDelayMeanMs: lateMs(delay.mean),
        eventLoopDelayMaxMs: lateMs(delay.max),
        gcMs,
        gcCount,
        handles: process.getActiveResourcesInfo().length,
      };
      last = now;
      [gcMs, gcCount] = [0, 0];
      delay.reset();
      return reading;
    },
    close() {
      delay.disable();
      collections.disconnect();
    },
  };
}
