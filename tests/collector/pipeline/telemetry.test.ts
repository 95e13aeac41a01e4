import { expect, it } from 'vitest';
import type { Instruments } from '../../../collector/src/pipeline/contract.ts';
import { Telemetry } from '../../../collector/src/pipeline/telemetry.ts';

const INSTRUMENTS = {
  spans: { kind: 'counter', unit: '{span}', description: '' },
  dropped: {
    kind: 'counter',
    unit: '{span}',
    description: '',
    attributes: { signal: ['metrics', 'logs'], reason: ['full', 'late'] },
  },
  delivered: { kind: 'counter', unit: '{span}', description: '', attributes: { exporter: 'config' } },
  size: { kind: 'gauge', unit: 'By', description: '' },
} as const satisfies Instruments;

function declared(): Telemetry {
  const telemetry = new Telemetry();
  telemetry.declare('stage', INSTRUMENTS);
  return telemetry;
}

it('shows every combination of closed values from the start, and those of the configuration once they are there', () => {
  const telemetry = declared();
  const shown = [...telemetry.all()].map(({ name, points }) => [name, [...points].length]);
  expect(shown).toEqual([
    ['spans', 1],
    ['dropped', 4],
    ['delivered', 0],
    ['size', 1],
  ]);
  telemetry.add('stage', 'delivered', 2, { exporter: 'a' });
  expect(telemetry.points('stage', 'delivered')).toEqual([{ attributes: { exporter: 'a' }, value: 2 }]);
});

it('adds to counters, sets gauges, and reads both back', () => {
  const telemetry = declared();
  telemetry.add('stage', 'spans', 2);
  telemetry.add('stage', 'spans', 3);
  telemetry.set('stage', 'size', 9);
  telemetry.set('stage', 'size', 4);
  telemetry.add('stage', 'dropped', 1, { signal: 'logs', reason: 'late' });
  expect([telemetry.read('stage', 'spans'), telemetry.read('stage', 'size')]).toEqual([5, 4]);
  expect(telemetry.read('stage', 'dropped', { signal: 'logs', reason: 'late' })).toBe(1);
  expect(telemetry.read('stage', 'dropped', { signal: 'logs', reason: 'full' })).toBe(0);
  expect(telemetry.read('stage', 'nothing')).toBe(0);
  expect(telemetry.points('other', 'spans')).toEqual([]);
});

it('refuses what was not declared', () => {
  const telemetry = declared();
  expect(() => telemetry.add('stage', 'nothing', 1)).toThrow(/undeclared instrument stage\.nothing/);
  expect(() => telemetry.add('stage', 'dropped', 1, { signal: 'logs', reason: 'tired' })).toThrow(/reason=tired/);
  expect(() => telemetry.add('stage', 'dropped', 1, { reason: 'late', signal: 'logs' })).toThrow(/declared order/);
  expect(() => telemetry.add('stage', 'spans', 1, { exporter: 'a' })).toThrow(/declared order/);
});
