// What is said of resources.
import { describe, expect, it } from 'vitest';
import type { Sender } from '../../../collector/src/resource/instances.ts';
import { nameOf, saturationText, timeText, valueText } from '../../../collector/src/resource/words.ts';

const HOUR = 3_600_000;
const left = (hours: number) => ({ ms: hours * HOUR, earliestMs: 0, latestMs: 0 });

const HOST: Sender = { key: 'a', name: 'evenkeel', isOwn: true, attributes: {} };

describe('a name', () => {
  it('has what tells series apart', () => {
    const place = {
      'system.device': '/dev/vda',
      'system.filesystem.mode': 'rw',
      'system.filesystem.mountpoint': '/var',
    };
    expect(nameOf(HOST, 'system.filesystem.utilization', place)).toBe('system.filesystem.utilization /var');
    expect(nameOf(HOST, 'process.memory.usage', {})).toBe('evenkeel process.memory.usage');
    expect(nameOf({ ...HOST, name: 'shop', isOwn: false }, 'system.disk.io', { 'system.device': 'sda' })).toBe(
      'shop system.disk.io sda',
    );
  });
});

describe('values', () => {
  it.each([
    [0.873, '1', '87 %'],
    [0.0123, '1', '1.2 %'],
    [3 * 2 ** 30, 'By', '3 GiB'],
    [1.5 * 2 ** 20, 'By/s', '1.5 MiB/s'],
    [0.02, 's', '20 ms'],
    [12.34, '{item}', '12 item'],
    [250, '{operation}/s', '250 operation/s'],
    [7, '', '7'],
  ])('%d %s is %s', (value, unit, text) => expect(valueText(value, unit)).toBe(text));

  it('of time are as somebody would say them', () => {
    expect([0.01, 0.5, 1.4, 3.2, 47, 50].map((hours) => timeText(hours * HOUR))).toEqual([
      '1 min', '30 min', '84 min', '3 h', '47 h', '2 days',
    ]); // prettier-ignore
  });
});

describe('a limit', () => {
  it('is near, and has so long', () => {
    expect(saturationText(0.83, left(3.2), false)).toBe('will be full in about 3 h and is 83 % full');
    expect(saturationText(0.83, undefined, false)).toBe('is 83 % full');
    expect(saturationText(0.83, left(24 * 400), false)).toBe('is 83 % full');
    expect(saturationText(1, left(0), false)).toBe('is full');
    expect(saturationText(0.97, left(1), true)).toBe('is 97 % busy');
  });
});
