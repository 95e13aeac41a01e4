import { expect, test } from 'vitest';
import * as format from '../../../../collector/src/web/page/format.ts';

function check<T>(write: (value: T) => string, cases: readonly (readonly [T, string])[]): void {
  for (const [value, text] of cases) expect([value, write(value)]).toEqual([value, text]);
}

test('a trace that is cut says what is missing', () => {
  check(format.cutText, [
    [
      { spans: 30_000, shown: 5000, withoutDetail: 0 },
      'Shown are 5,000 of 30,000 spans: the first that failed, and the first of the rest. What was exported is whole.',
    ],
    [
      { spans: 900, shown: 900, withoutDetail: 12 },
      '12 of those shown come without attributes and events. What was exported is whole.',
    ],
  ]);
});

test('durations have three digits and the unit that fits', () => {
  check(format.duration, [
    [0, '0 ms'],
    [-5, '0 ms'],
    [0.000_25, '250 ns'],
    [0.000_000_25, '0.250 ns'],
    [0.0124, '12.4 µs'],
    [0.999_9, '1.00 ms'],
    [4.5, '4.50 ms'],
    [999.4, '999 ms'],
    [999.7, '1.00 s'],
    [12_345, '12.3 s'],
    [59_400, '59.4 s'],
  ]);
});

test('durations from a minute on are two whole units', () => {
  check(format.duration, [
    [59_600, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [5_460_000, '1 h 31 min'],
    [90_000_000, '1 d 1 h'],
    [Number.NaN, '–'],
  ]);
});

test('seconds of the API become durations, and nothing where there was no call', () => {
  check(format.seconds, [
    [0.25, '250 ms'],
    [null, '–'],
  ]);
});

test('a percentage is 0 only at zero and 100 only at all', () => {
  check(format.percent, [
    [0, '0 %'],
    [0.000_01, '<0.01 %'],
    [0.0023, '0.23 %'],
    [0.123_4, '12.3 %'],
    [0.9999, '>99.9 %'],
    [1, '100 %'],
    [1.0004, '100 %'],
    [2.5, '250 %'],
  ]);
});

test('a rate is 0 only without calls', () => {
  check(format.perSecond, [
    [0, '0'],
    [0.004, '<0.01'],
    [0.25, '0.25'],
    [12.34, '12.3'],
    [12_345.6, '12,346'],
  ]);
});

test('counts are separated and agree with their noun', () => {
  check(format.count, [
    [1_234_567, '1,234,567'],
    [12.34, '12.3'],
  ]);
  expect(format.counted(1, 'span')).toBe('1 span');
  expect(format.counted(2000, 'span')).toBe('2,000 spans');
  expect(format.counted(0, 'wish', 'wishes')).toBe('0 wishes');
});

test('sizes are in powers of 1024', () => {
  check(format.bytes, [
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.50 KiB'],
    [256 * 1024 ** 2, '256 MiB'],
    [2048 * 1024 ** 4, '2048 TiB'],
  ]);
});

test('how long ago is told coarsely', () => {
  check(format.ago, [
    [-2000, 'now'],
    [4200, '4 s ago'],
    [119_000, '1 min ago'],
    [7_300_000, '2 h ago'],
    [200_000_000, '2 d ago'],
  ]);
});

test('constants and reasons become words', () => {
  check(format.word, [
    ['SPAN_KIND_SERVER', 'server'],
    ['STATUS_CODE_ERROR', 'error'],
    ['', ''],
  ]);
  expect(format.words('not_sampled')).toBe('not sampled');
});

test('a moment beyond what a date can hold shows as none', () => {
  expect(format.dateTime(8.64e15 + 1)).toBe('–');
});
