// What a process uses: an hour of it, and no more.
import { describe, expect, it } from 'vitest';
import { ResourceMonitor, type ResourceMonitorOptions, type ResourceReading } from '../../../sdk/src/monitor/entry.ts';
import { RESOURCE_KEYS, watchProcess } from '../../../sdk/src/monitor/resource-reading.ts';
import { ManualMonitorClock } from '../../support/monitor-clock.ts';

const QUIET = Object.fromEntries(RESOURCE_KEYS.map((key) => [key, 0])) as Record<keyof ResourceReading, number>;

/** @param figures of the i-th reading */
function rig(figures: (i: number) => Partial<ResourceReading>, options: ResourceMonitorOptions = {}) {
  const clock = new ManualMonitorClock();
  const log = { reads: 0, open: 0 };
  const source = (): ReturnType<typeof watchProcess> => {
    log.open++;
    return {
      read: (atMs) => ({ ...QUIET, rssBytes: 1e8, ...figures(log.reads++), atMs }),
      close: () => log.open--,
    };
  };
  return { clock, log, monitor: new ResourceMonitor({ clock, source, ...options }) };
}

describe('ResourceMonitor', () => {
  it('reads each second, from start to stop', () => {
    const { clock, log, monitor } = rig((i) => ({ cpuCores: i }));
    expect([monitor.current(), monitor.history(), monitor.statistics()]).toEqual([undefined, [], undefined]);
    monitor.start();
    monitor.start();
    clock.advance(10_000);
    expect(monitor.current()).toMatchObject({ cpuCores: 9, atMs: 1_010_000 });
    expect(monitor.history(1_008_000).map(({ cpuCores }) => cpuCores)).toEqual([7, 8, 9]);
    monitor.stop();
    monitor.stop();
    expect([log.open, clock.timers]).toEqual([0, 0]);
    clock.advance(10_000);
    expect(monitor.history()).toHaveLength(10);
    monitor.start();
    clock.advance(1000);
    expect(monitor.history()).toHaveLength(11);
  });

  it('keeps one hour', () => {
    const { clock, monitor } = rig((i) => ({ handles: i }));
    monitor.start();
    clock.advance(5_000_000);
    expect(monitor.history()).toHaveLength(3600);
    expect(monitor.statistics()).toMatchObject({
      readings: 3600,
      handles: { min: 1400, max: 4999, mean: 3199.5, p95: 4819 },
    });
    monitor.stop();
    clock.advance(1_800_000);
    expect(monitor.statistics()).toMatchObject({ readings: 1801, handles: { min: 3199, max: 4999 } });
  });

  it('reads less often while nothing changes, if asked', () => {
    const { clock, log, monitor } = rig((i) => ({ cpuCores: i >= 12 && i < 15 ? i : 0.01 }), { adaptive: true });
    monitor.start();
    clock.advance(61_000);
    expect(monitor.intervalMs).toBe(10_000);
    expect(log.reads).toBeLessThan(12);
    clock.advance(39_000);
    expect(monitor.intervalMs).toBeLessThan(10_000);
    const { clock: other, log: reads, monitor: plain } = rig(() => ({}));
    plain.start();
    other.advance(100_000);
    expect(reads.reads).toBe(100);
  });

  it('reads this process', () => {
    const clock = { atMs: 1_700_000_000_000, monotonicMs: performance.now() };
    const source = watchProcess(clock.monotonicMs);
    let sum = 0;
    for (let i = 0; i < 3e6; i++) sum += Math.sqrt(i);
    const reading = source.read(clock.atMs, performance.now());
    source.close();
    expect(sum).toBeGreaterThan(0);
    expect(Object.keys(reading).sort()).toEqual([...RESOURCE_KEYS].sort());
    for (const key of RESOURCE_KEYS) expect(reading[key], key).toBeGreaterThanOrEqual(0);
    expect(reading.cpuCores).toBeGreaterThan(0);
    expect(reading.eventLoopUtilization).toBeLessThanOrEqual(1);
    expect(reading.rssBytes).toBeGreaterThan(reading.heapUsedBytes / 2);
    expect(reading.heapUsedBytes).toBeLessThan(reading.heapLimitBytes);
  });
});
