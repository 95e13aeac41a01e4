// How late the event loop runs what is due, and how busy it is: as metrics, by names of OpenTelemetry's conventions.
// The runtime measures by itself; only how often it is read goes by the Clock.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { MetricFamily } from '../model/metric-family.ts';
import type { LoopFigures } from '../monitoring/read-runtime.ts';
import type { Clock } from './contract.ts';

/**
 * A timer this far apart tells the delay. Each firing wakes an idle process: at 10 ms that costs 0.26 % of a core, more
 * than the idle sidecar itself, at 50 ms 0.1 %; a minute still has 1200 of them.
 */
export const RESOLUTION_MS = 50;
/** A reading begins a new window only when the last one is this old, so that two readers leave each other something. */
export const LEAST_WINDOW_MS = 10_000;

/** What the runtime measures since `reset`. */
export interface LoopProbe {
  enable(): void;
  disable(): void;
  reset(): void;
  readonly count: number;
  /** Nanoseconds between firings of a timer of RESOLUTION_MS; 0..100. */
  percentile(percentile: number): number;
  readonly max: number;
  /** Share of the time spent running, 0..1. */
  utilizationRatio(): number;
}

const WINDOW = `, in a window that a reading ends once it is ${LEAST_WINDOW_MS / 1000} s old.`;

/** What is shown, as data. */
export const EVENT_LOOP_GAUGES: readonly (Pick<MetricFamily, 'name' | 'unit' | 'description'> & {
  readonly read: (probe: LoopProbe) => number;
})[] = [
  {
    name: 'nodejs.eventloop.delay.p50',
    unit: 's',
    description: `Delay of the event loop that half of what is due exceeds${WINDOW}`,
    read: (probe) => delaySeconds(probe.percentile(50)),
  },
  {
    name: 'nodejs.eventloop.delay.p99',
    unit: 's',
    description: `Delay of the event loop that one in a hundred of what is due exceeds${WINDOW}`,
    read: (probe) => delaySeconds(probe.percentile(99)),
  },
  {
    name: 'nodejs.eventloop.delay.max',
    unit: 's',
    description: `Longest delay of the event loop${WINDOW}`,
    read: (probe) => delaySeconds(probe.max),
  },
  {
    name: 'nodejs.eventloop.utilization',
    unit: '1',
    description: `Share of the time the event loop ran${WINDOW}`,
    read: (probe) => probe.utilizationRatio(),
  },
];

/** The runtime's own probe of the loop it is made in. */
export function systemLoopProbe(): LoopProbe {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let begun = performance.eventLoopUtilization();
  return {
    enable: () => void histogram.enable(),
    disable: () => void histogram.disable(),
    reset() {
      histogram.reset();
      begun = performance.eventLoopUtilization();
    },
    get count() {
      return histogram.count;
    },
    percentile: (percentile) => histogram.percentile(percentile),
    get max() {
      return histogram.max;
    },
    utilizationRatio: () => performance.eventLoopUtilization(begun).utilization,
  };
}

/** The runtime's own probe, for whoever keeps windows of its own. */
export function systemLoopFigures(): LoopFigures {
  const probe = systemLoopProbe();
  return {
    enable: () => probe.enable(),
    disable: () => probe.disable(),
    reset: () => probe.reset(),
    get count() {
      return probe.count;
    },
    delaySeconds: (percentile) => delaySeconds(percentile === 100 ? probe.max : probe.percentile(percentile)),
    utilization: () => performance.eventLoopUtilization(),
  };
}

/** Reads a probe in windows: a reading shows what was since the last window began, and begins the next. */
export class EventLoop {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #probe: LoopProbe;
  #beganMs = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>, probe: LoopProbe) {
    this.#clock = clock;
    this.#probe = probe;
  }

  async start(): Promise<void> {
    this.#probe.enable();
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#probe.disable();
  }

  /** What the metrics page shows; nothing while nothing was measured. */
  families(): MetricFamily[] {
    if (this.#probe.count === 0) return [];
    const families = EVENT_LOOP_GAUGES.map(({ read, ...described }): MetricFamily => ({
      ...described,
      kind: 'gauge',
      points: [{ attributes: {}, value: read(this.#probe) }],
    }));
    if (this.#clock.monotonicMs() - this.#beganMs >= LEAST_WINDOW_MS) this.#begin();
    return families;
  }

  #begin(): void {
    this.#probe.reset();
    this.#beganMs = this.#clock.monotonicMs();
  }
}

/** The time between firings is the timer's own and the delay; only the delay is told. */
function delaySeconds(betweenNs: number): number {
  return Math.max(0, betweenNs / 1e9 - RESOLUTION_MS / 1000);
}
