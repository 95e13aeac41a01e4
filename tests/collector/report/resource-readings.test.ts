import { expect, it } from 'vitest';
import { resourceOf } from '../../../collector/src/model/data-point.ts';
import { joinResources, oneOfDay } from '../../../collector/src/report/resource-days.ts';
import { ResourceReadings } from '../../../collector/src/report/resource-readings.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BEGAN_MS = 500_000 * HOUR_MS;
const OWN = { service: 'evenkeel', isMonotonic: false } as const;

function rig() {
  const readings = new ResourceReadings(resourceOf([['service.name', 'evenkeel']]));
  return {
    readings,
    read: (minute: number, name: string, value: number, shape: PointShape = {}): void => {
      readings.take([dataPoint({ ...OWN, name, value, timeMs: BEGAN_MS + minute * MINUTE_MS, ...shape })]);
    },
    sample(fromMinute: number, toMinute: number): void {
      for (let minute = fromMinute; minute < toMinute; minute++) readings.sample(BEGAN_MS + minute * MINUTE_MS);
    },
    all: () => readings.facts(BEGAN_MS, BEGAN_MS + 48 * HOUR_MS),
  };
}

it('counts each minute alike, however seldom a reading that does not change is sent', () => {
  const { read, sample, all } = rig();
  read(0, 'system.memory.utilization', 0.2, { unit: '1' });
  sample(0, 10);
  read(10, 'system.memory.utilization', 0.8, { unit: '1' });
  sample(10, 15);
  const [facts] = all();
  expect(facts).toMatchObject({ name: 'system.memory.utilization', unit: '1', limit: 1, max: 0.8 });
  expect(facts?.mean).toBeCloseTo((10 * 0.2 + 5 * 0.8) / 15, 9);
  // A quarter of an hour later it is no reading any more.
  sample(15, 120);
  expect(all()[0]?.points.map(({ timeMs }) => timeMs)).toEqual([BEGAN_MS]);
  expect(all()[0]?.mean).toBeCloseTo((10 * 0.2 + 16 * 0.8) / 26, 9);
});

it('makes rates of counters, and nothing of a counter that began anew', () => {
  const { read, sample, all } = rig();
  const counter = { unit: 'By', isMonotonic: true } as const;
  [0, 600, 1200, 30, 90].forEach((value, minute) => {
    read(minute, 'system.network.io', value, counter);
    sample(minute, minute + 1);
  });
  const [facts] = all();
  expect(facts).toMatchObject({ name: 'system.network.io', unit: 'By/s', max: 10 });
  expect(facts?.mean).toBeCloseTo((10 + 10 + 1) / 3, 9);
  expect(facts).not.toHaveProperty('limit');
});

it('tells senders and attributes apart, and leaves single processors and other metrics out', () => {
  const { read, sample, all } = rig();
  read(0, 'process.memory.usage', 5, { unit: 'By', service: 'shop', instance: 'a' });
  read(0, 'process.memory.usage', 6, { unit: 'By', service: 'shop', instance: 'b' });
  read(0, 'system.memory.usage', 7, { unit: 'By', attributes: { 'system.memory.state': 'used' } });
  read(0, 'system.cpu.utilization', 0.1, { unit: '1', attributes: { 'cpu.logical_number': 3 } });
  read(0, 'http.server.active_requests', 3);
  sample(0, 1);
  expect(all().map(({ name, mean }) => `${name} ${mean}`)).toEqual([
    'shop/a process.memory.usage 5',
    'shop/b process.memory.usage 6',
    'system.memory.usage {system.memory.state=used} 7',
  ]);
});

it('names a file system by where it is mounted, and knows no limit of what is spare', () => {
  const { read, sample, all } = rig();
  const mount = { 'system.device': '/dev/vda', 'system.filesystem.mode': 'rw', 'system.filesystem.mountpoint': '/' };
  read(0, 'system.filesystem.utilization', 0.5, { unit: '1', attributes: mount });
  read(0, 'system.filesystem.utilization', 0.7, { unit: '1', attributes: { ...mount, 'system.device': '/dev/vdb' } });
  read(0, 'system.memory.utilization', 0.9, { unit: '1', attributes: { 'system.memory.state': 'free' } });
  read(0, 'system.cpu.time', 9, { unit: 's', isMonotonic: true });
  sample(0, 2);
  expect(all().map(({ name, max, limit }) => `${name} ${max} ${limit}`)).toEqual([
    'system.filesystem.utilization {system.filesystem.mountpoint=/} 0.7 1',
    'system.memory.utilization {system.memory.state=free} 0.9 undefined',
  ]);
});

it('is bounded, and forgets what is two days old', () => {
  const { read, sample, all, readings } = rig();
  for (let i = 0; i < 400; i++) read(0, 'system.disk.io', i, { attributes: { 'system.device': `${i}` } });
  sample(0, 1);
  expect(all()).toHaveLength(300);
  sample(60 * 50, 60 * 50 + 1);
  expect(all()).toEqual([]);
  read(60 * 50, 'system.memory.usage', 1);
  readings.sample(BEGAN_MS + 50 * HOUR_MS);
  expect(readings.facts(0, Infinity)).toHaveLength(1);
});

it('joins the hours of before a restart and after it, and days to one point each', () => {
  const part = (hours: readonly number[], value: number) => ({
    name: 'x',
    unit: '1',
    mean: value,
    max: value * 2,
    points: hours.map((hour) => ({ timeMs: hour * HOUR_MS, value })),
  });
  const [joined] = joinResources([part([0, 1], 4), part([1, 2], 8)]);
  expect(joined).toMatchObject({ max: 16, points: [{ value: 4 }, { value: 6 }, { value: 8 }] });
  expect(joined?.mean).toBe(6);
  expect(oneOfDay(part([5, 6], 3)).points).toEqual([{ timeMs: 5 * HOUR_MS, value: 3 }]);
});
