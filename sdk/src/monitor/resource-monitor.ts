// Reads what this process uses, each second, and keeps an hour of it. Keeps no process alive.
import { checkNumbers } from '../creation-checks.ts';
import { type MonitorClock, PROCESS_CLOCK } from './clock.ts';
import { ResourceHistory, type ResourceStatistics } from './resource-history.ts';
import { type ResourceReading, type ResourceSource, watchProcess } from './resource-reading.ts';

export interface ResourceMonitorOptions {
  /** 1000; at least 100. */
  readonly intervalMs?: number;
  /** While nothing changes the interval doubles, up to `maxIntervalMs`; with the first change it is `intervalMs` again. */
  readonly adaptive?: boolean;
  /** 10 000. */
  readonly maxIntervalMs?: number;
  readonly clock?: MonitorClock;
  /** Where readings come from; this process unless given. @param monotonicMs now */
  readonly source?: (monotonicMs: number) => ResourceSource;
}

const HOUR_MS = 3_600_000;
const DEFAULT_INTERVAL_MS = 1000;
const LEAST_INTERVAL_MS = 100;
const DEFAULT_MAX_INTERVAL_MS = 10_000;
/** What a timer can wait. */
const TIMER = { most: 2 ** 31 - 1 };
/** An hour at the default; at shorter intervals less is held. */
const CAPACITY = 3600;

/** What counts as a change between two readings: of amounts a share of them, of shares and cores a difference. */
const CHANGES: readonly (readonly [keyof ResourceReading, 'share' | 'difference', number])[] = [
  ['cpuCores', 'difference', 0.05],
  ['eventLoopUtilization', 'difference', 0.05],
  ['eventLoopDelayMaxMs', 'difference', 20],
  ['rssBytes', 'share', 0.02],
  ['heapUsedBytes', 'share', 0.1],
  ['externalBytes', 'share', 0.1],
  ['handles', 'share', 0.1],
];

/** Reads the resources of this process; an hour of them takes 375 kB. */
export class ResourceMonitor {
  readonly #clock: MonitorClock;
  readonly #watch: (monotonicMs: number) => ResourceSource;
  readonly #leastMs: number;
  readonly #mostMs: number;
  #history: ResourceHistory | undefined;
  #source: ResourceSource | undefined;
  #intervalMs: number;
  #cancel: (() => void) | undefined;

  constructor(options: ResourceMonitorOptions = {}) {
    checkNumbers('ResourceMonitor', options, { intervalMs: TIMER, maxIntervalMs: TIMER });
    this.#clock = options.clock ?? PROCESS_CLOCK;
    this.#watch = options.source ?? watchProcess;
    this.#leastMs = Math.max(LEAST_INTERVAL_MS, options.intervalMs ?? DEFAULT_INTERVAL_MS);
    const mostMs = options.maxIntervalMs ?? DEFAULT_MAX_INTERVAL_MS;
    this.#mostMs = options.adaptive === true ? Math.max(this.#leastMs, mostMs) : this.#leastMs;
    this.#intervalMs = this.#leastMs;
  }

  /** Begins to read; a second call changes nothing. What was read before a stop stays. */
  start(): void {
    if (this.#source !== undefined) return;
    this.#history ??= new ResourceHistory(CAPACITY);
    this.#source = this.#watch(this.#clock.monotonicMs());
    this.#intervalMs = this.#leastMs;
    this.#readLater(this.#source, this.#history);
  }

  stop(): void {
    this.#cancel?.();
    this.#source?.close();
    this.#source = undefined;
  }

  /** Until the next reading, milliseconds. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** The last reading; undefined before the first. */
  current(): ResourceReading | undefined {
    return this.#history?.last();
  }

  /** Readings of the last hour, the oldest first. @param fromMs milliseconds since the epoch; earlier ones are left out */
  history(fromMs = 0): ResourceReading[] {
    return this.#history?.since(this.#notBefore(fromMs)) ?? [];
  }

  /** Mean, least, most and p95 of each figure over the last hour, or since `fromMs`; undefined without readings. */
  statistics(fromMs = 0): ResourceStatistics | undefined {
    return this.#history?.statistics(this.#notBefore(fromMs));
  }

  #notBefore(fromMs: number): number {
    return Math.max(fromMs, this.#clock.nowMs() - HOUR_MS);
  }

  #readLater(source: ResourceSource, history: ResourceHistory): void {
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      const before = history.last();
      const now = source.read(this.#clock.nowMs(), this.#clock.monotonicMs());
      history.add(now);
      const isSteady = before !== undefined && !isChanged(before, now);
      this.#intervalMs = isSteady ? Math.min(this.#mostMs, 2 * this.#intervalMs) : this.#leastMs;
      this.#readLater(source, history);
    });
  }
}

function isChanged(before: ResourceReading, now: ResourceReading): boolean {
  return CHANGES.some(([key, by, least]) => {
    const difference = Math.abs(now[key] - before[key]);
    return difference > (by === 'share' ? least * Math.max(1, before[key]) : least);
  });
}
