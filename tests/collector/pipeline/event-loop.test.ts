import { expect, it } from 'vitest';
import {
  EventLoop,
  LEAST_WINDOW_MS,
  type LoopProbe,
  RESOLUTION_MS,
} from '../../../collector/src/pipeline/event-loop.ts';
import { ManualClock } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';
import { startCollector } from '../../support/running-collector.ts';

/** Delays of a loop, told by hand. */
class ToldProbe implements LoopProbe {
  #enabled = false;
  #betweenNs: number[] = [];

  enable(): void {
    this.#enabled = true;
  }
  disable(): void {
    this.#enabled = false;
  }
  reset(): void {
    this.#betweenNs = [];
  }
  fire(...delaysMs: number[]): void {
    if (this.#enabled) this.#betweenNs.push(...delaysMs.map((delayMs) => (RESOLUTION_MS + delayMs) * 1e6));
    this.#betweenNs.sort((a, b) => a - b);
  }
  get count(): number {
    return this.#betweenNs.length;
  }
  get max(): number {
    return this.#betweenNs.at(-1) ?? 0;
  }
  percentile(percentile: number): number {
    return this.#betweenNs[Math.ceil((percentile / 100) * this.count) - 1] ?? 0;
  }
  utilizationRatio(): number {
    return 0.25;
  }
}

async function rig() {
  const clock = new ManualClock();
  const probe = new ToldProbe();
  const eventLoop = new EventLoop(clock, probe);
  await eventLoop.start();
  const read = (): Record<string, number | undefined> =>
    Object.fromEntries(
      eventLoop.families().map(({ name, points }) => [name.replace('nodejs.eventloop.', ''), [...points][0]?.value]),
    );
  return { clock, probe, eventLoop, read };
}

const rounded = (values: Record<string, number | undefined>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value?.toFixed(6))]));

it('shows the delay beyond the time between two firings, in seconds', async () => {
  const { probe, read } = await rig();
  probe.fire(...Array<number>(98).fill(1), 20, 70);
  expect(rounded(read())).toEqual({ 'delay.p50': 0.001, 'delay.p99': 0.02, 'delay.max': 0.07, utilization: 0.25 });
});

it('shows no delay where a timer fired early', async () => {
  const { probe, read } = await rig();
  probe.fire(-1);
  expect(read()['delay.max']).toBe(0);
});

it('shows nothing while nothing was measured, and after it stopped', async () => {
  const { probe, read, eventLoop } = await rig();
  expect(read()).toEqual({});
  await eventLoop.stop();
  probe.fire(5);
  expect(read()).toEqual({});
});

it('begins a new window with a reading, but not before the last one is old enough', async () => {
  const { clock, probe, read } = await rig();
  probe.fire(90);
  clock.advance(LEAST_WINDOW_MS - 1);
  expect(rounded(read())['delay.max']).toBe(0.09);
  clock.advance(1);
  expect(rounded(read())['delay.max']).toBe(0.09);
  probe.fire(3);
  expect(rounded(read())['delay.max']).toBe(0.003);
});

it('is on the metrics page of a sidecar where monitoring, which else gives it, is off', async () => {
  const running = await startCollector('monitoring: false');
  // The probe is the runtime's own, and the first firing of its timer only begins the count.
  let page = '';
  await eventually('the first measurement', async () => {
    page = await running.metrics();
    return page.includes('nodejs_eventloop_delay_p99_seconds ');
  });
  for (const name of ['delay_p50_seconds', 'delay_max_seconds', 'utilization_ratio'])
    expect(page).toContain(`\n# TYPE nodejs_eventloop_${name} gauge\nnodejs_eventloop_${name} `);
});
