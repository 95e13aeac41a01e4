import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../../collector/src/config/load.ts';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { resourceOf } from '../../../collector/src/model/data-point.ts';
import { monitoringConfig } from '../../../collector/src/monitoring/config.ts';
import { monitoringInstruments } from '../../../collector/src/monitoring/instruments.ts';
import type { Reader } from '../../../collector/src/monitoring/reader.ts';
import type { ReadingTable } from '../../../collector/src/monitoring/reading-table.ts';
import type { SeriesSpec } from '../../../collector/src/monitoring/series-spec.ts';
import { MonitoringStage } from '../../../collector/src/monitoring/stage.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';

const shared = { component: 'network', unit: '1', description: '', isRatio: false, since: 'boot' } as const;
const LEVEL: SeriesSpec = { ...shared, name: 'level', kind: 'up_down', follows: 'level', isInteger: true };
const COUNTER: SeriesSpec = { ...shared, name: 'counter', kind: 'counter', follows: 'slope', isInteger: true };
const DEAR: SeriesSpec = { ...LEVEL, component: 'disk', name: 'dear' };

/** A machine of two cheap series and a dear one, as tests set them. */
interface Machine {
  level: number;
  counter: number;
  dear: number;
  sentinel: number;
  /** What reading of the cheap ones ends in. */
  failure: Error | undefined;
  /** Seconds in which the dear one was read. */
  readonly dearReads: number[];
}

interface Rig extends TestHost<typeof monitoringInstruments> {
  readonly machine: Machine;
  readonly stage: MonitoringStage;
  readonly points: DataPoint[];
  /** What was handed on together, as `value value@second`, of when that was. */
  readonly batches: string[];
  /** As `value@second`, of one series. */
  of(name: string): string[];
  seconds(count: number, each?: (second: number) => void): void;
}

async function rig(block: object = {}): Promise<Rig> {
  const test = testHost('monitoring', monitoringInstruments);
  const machine: Machine = { level: 100, counter: 0, dear: 5, sentinel: 1, failure: undefined, dearReads: [] };
  const points: DataPoint[] = [];
  const batches: string[] = [];
  const beganMs = test.clock.nowMs();
  const stage = new MonitoringStage(monitoringConfig.parse(block), test.host, {
    consume: async (batch) => {
      points.push(...batch.points);
      const values = batch.points.map(({ value }) => (value.type === 'number' ? value.value : ''));
      batches.push(`${values.join(' ')}@${(test.clock.nowMs() - beganMs) / 1000}`);
    },
  });
  stage.resource = resourceOf([['service.name', 'evenkeel']]);
  stage.makeReaders = (table) => readersOf(table, machine, () => test.clock.monotonicMs() / 1000);
  await stage.start();
  onTestFinished(() => stage.stop());
  return {
    ...test,
    machine,
    stage,
    points,
    batches,
    of: (name) =>
      points
        .filter(({ metric }) => metric.name === name)
        .map(({ value, timeMs }) => `${value.type === 'number' ? value.value : ''}@${(timeMs - beganMs) / 1000}`),
    seconds(count, each = () => {}) {
      for (let i = 0; i < count; i++) {
        each(i);
        test.clock.advance(1000);
      }
    },
  };
}

function readersOf(table: ReadingTable, machine: Machine, second: () => number): Reader[] {
  const level = table.add({ spec: LEVEL, attributes: [] });
  const counter = table.add({ spec: COUNTER, attributes: [] });
  const dear = table.add({ spec: DEAR, attributes: [] });
  return [
    {
      name: 'cheap',
      component: 'network',
      isDear: false,
      metrics: [LEVEL, COUNTER],
      read() {
        if (machine.failure !== undefined) throw machine.failure;
        table.set(level, machine.level);
        table.set(counter, machine.counter);
      },
    },
    {
      name: 'dear',
      component: 'disk',
      isDear: true,
      metrics: [DEAR],
      read() {
        machine.dearReads.push(second());
        table.set(dear, machine.dear);
      },
      sentinel: () => machine.sentinel,
    },
  ];
}

describe('what is pushed', () => {
  it('is everything at the start, with its resource, its unit and since when it counts', async () => {
    const { points, stage } = await rig();
    expect(points.map(({ metric }) => metric.name)).toEqual(['level', 'counter', 'dear']);
    const [level, counter] = points;
    expect(level?.metric).toMatchObject({ resource: stage.resource, kind: 'sum', isMonotonic: false });
    expect(counter?.metric).toMatchObject({ kind: 'sum', isMonotonic: true, temporality: 'cumulative' });
    expect(counter?.startMs).toBeGreaterThan(0);
    expect(counter?.startMs).toBeLessThan(counter?.timeMs ?? 0);
    expect(stage.gives).toEqual(new Set(['level', 'counter', 'dear']));
  });

  it('is what moved at once, and everything within each heartbeat', async () => {
    const { of, seconds, machine } = await rig();
    seconds(200, (second) => {
      if (second === 100) machine.level = 200;
    });
    expect(of('level')).toEqual(['100@0', '100@59', '200@101', '200@160']);
  });

  it('is at least each heartbeat, whatever that is', async () => {
    for (const heartbeat of [1, 2, 10, 60, 300]) {
      const { points, seconds } = await rig({ heartbeat });
      seconds(700);
      for (const name of ['level', 'counter', 'dear']) {
        const times = points.filter(({ metric }) => metric.name === name).map(({ timeMs }) => timeMs);
        const gaps = times.slice(1).map((time, i) => (time - (times[i] ?? 0)) / 1000);
        expect(Math.max(...gaps), `${name} ${heartbeat}`).toBeLessThanOrEqual(heartbeat);
        expect(times.length, `${name} ${heartbeat}`).toBeGreaterThanOrEqual(Math.floor(700 / heartbeat));
      }
    }
  });

  it('is not held where it is urgent, repeated, or the stage stops', async () => {
    const { batches, seconds, machine, stage } = await rig();
    stage.urgent('network', 2000);
    seconds(60, (second) => {
      if (second >= 57) machine.level *= 2;
    });
    // The counter was pushed last while it was urgent, and is taken along.
    expect(batches).toEqual(['100 0 5@0', '100 0@1', '200@58', '400 0 5@59']);
    await stage.stop();
    expect(batches.slice(4)).toEqual(['800@60']);
  });

  it('has a new start time where a counter began anew', async () => {
    const { points, seconds, machine } = await rig();
    seconds(10, () => (machine.counter += 5));
    machine.counter = 3;
    seconds(1);
    const counter = points.filter(({ metric }) => metric.name === 'counter');
    const [before, after] = counter.slice(-2);
    expect(before?.value).toMatchObject({ value: 50 });
    expect(after?.value).toMatchObject({ value: 3 });
    expect(after?.startMs).toBe(before?.timeMs);
  });

  it('is every reading every 5 s where intervals are fixed', async () => {
    const { of, seconds, machine, counts } = await rig({ adaptive_sampling: { enabled: false } });
    seconds(16, () => (machine.counter += 1));
    expect(of('level')).toEqual(['100@0', '100@5', '100@10', '100@15']);
    expect(of('counter')).toEqual(['0@0', '5@5', '10@10', '15@15']);
    expect(machine.dearReads).toEqual([0, 5, 10, 15]);
    expect(counts('interval')).toEqual({ network: 5, disk: 5 });
  });
});

describe('what is dear', () => {
  it('is read ever more seldom while nothing moves, and at once when its sentinel does', async () => {
    const { machine, seconds, of } = await rig({ component_overrides: { disk: { base_interval: 10 } } });
    seconds(299, (second) => {
      if (second === 150) Object.assign(machine, { sentinel: 2, dear: 50 });
    });
    const [, second = 0, third = 0] = machine.dearReads;
    expect(third - second).toBeGreaterThan(second);
    expect(machine.dearReads).toContain(151);
    expect(of('dear')).toContain('50@151');
  });

  it('is read as often as allowed while it is urgent, and all of it pushed', async () => {
    const { machine, seconds, stage, of } = await rig();
    stage.urgent('disk', 5000);
    seconds(8);
    expect(machine.dearReads.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(of('dear')).toEqual(['5@0', '5@1', '5@2', '5@3', '5@4']);
    expect(of('level')).toEqual(['100@0']);
  });
});

describe('a reading that fails', () => {
  it('is counted once for each reason and left out, and comes back', async () => {
    const { counts, seconds, machine, log, of } = await rig();
    machine.failure = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    seconds(100);
    expect(counts('failures')).toEqual({ 'network/missing': 1 });
    expect(log.filter((line) => line.includes('UNREAD_CHEAP'))).toHaveLength(1);
    machine.failure = Object.assign(new Error('permission denied'), { code: 'EACCES' });
    seconds(100);
    expect(counts('failures')).toEqual({ 'network/missing': 1, 'network/forbidden': 1 });
    machine.failure = undefined;
    machine.level = 500;
    seconds(300);
    expect(of('level').some((point) => point.startsWith('500@'))).toBe(true);
  });
});

it('counts series there is no room for, and keeps the others', async () => {
  const { stage, counts, points, clock } = await rig();
  await stage.stop();
  stage.makeReaders = (table) => [
    {
      name: 'many',
      component: 'network',
      isDear: false,
      metrics: [LEVEL],
      read() {
        for (let i = 0; i < 9000; i++) table.set(table.add({ spec: LEVEL, attributes: [['n', String(i)]] }), i);
      },
    },
  ];
  const before = points.length;
  await stage.start();
  await stage.stop();
  const kept = points.length - before;
  expect(kept).toBeGreaterThan(8000);
  expect(counts('failures')).toEqual({ 'network/too_many_series': 9000 - kept });
  clock.advance(1000);
  expect(points.length - before).toBe(kept);
});

describe('the books', () => {
  it('count each point handed on, and with those saved each that a second of everything would have been', async () => {
    const { points, read, seconds, machine } = await rig();
    // What is handed on together may be more than a second's worth; two seconds without make up for it.
    seconds(602, (second) => {
      if (second > 600) return;
      machine.level = second % 7 === 0 ? 300 : 100;
      machine.counter += second % 11 === 0 ? 100 : 1;
    });
    for (const [component, names] of [
      ['network', ['level', 'counter']],
      ['disk', ['dear']],
    ] as const) {
      const handedOn = points.filter(({ metric }) => (names as readonly string[]).includes(metric.name)).length;
      expect(read('points', { component })).toBe(handedOn);
      expect(read('points_saved', { component }) + handedOn).toBe(603 * names.length);
    }
    expect(read('readings', { component: 'network' })).toBe(603);
    expect(read('readings', { component: 'disk' })).toBe(machine.dearReads.length);
    expect(read('error_ratio', { component: 'network' })).toBeGreaterThan(0);
  });

  it('count a point when it is handed on', async () => {
    const { points, read, seconds, machine } = await rig();
    seconds(20, (second) => {
      machine.level += 100;
      expect(read('points', { component: 'network' }), `${second}`).toBe(points.length - 1);
    });
  });

  it('tell the error of each metric on the metrics page', async () => {
    const { stage, seconds } = await rig();
    seconds(10);
    const [family] = [...stage.collect()];
    expect([...(family?.points ?? [])].map(({ attributes }) => attributes['metric'])).toEqual([
      'level',
      'counter',
      'dear',
    ]);
  });
});

it('is started and stopped twice without harm, and reads nothing after', async () => {
  const { stage, machine, seconds } = await rig();
  await stage.stop();
  await stage.stop();
  seconds(100);
  expect(machine.dearReads).toEqual([0]);
});

describe('a whole sidecar', () => {
  it('leaves what the process shows of itself to monitoring, unless that is off', async () => {
    const shown = async (yaml: string): Promise<string[]> => {
      const page = await (await startCollector(yaml)).metrics();
      return ['process_uptime_seconds', 'process_memory_usage_bytes'].filter((name) => page.includes(`\n${name} `));
    };
    expect(parseConfig('monitoring: false', '').monitoring).toBe(false);
    expect(await shown('monitoring: false')).toEqual(['process_uptime_seconds', 'process_memory_usage_bytes']);
    const page = await (await startCollector('')).metrics();
    expect(page.match(/^# TYPE process_uptime_seconds /gm)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(page).toContain('evenkeel_monitoring_points_total{component="process"}');
  });
});
