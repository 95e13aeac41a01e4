import { expect, test } from 'vitest';
import {
  adjustedCount,
  formatThreshold,
  type Half56,
  otState,
  readOtState,
  thresholdOf,
  withThreshold,
} from '../../../collector/src/otlp/trace-state.ts';
import { randomBytes, seeded } from '../../support/random.ts';

function half(hex: string): Half56 {
  const padded = hex.padEnd(14, '0');
  return { high: Number.parseInt(padded.slice(0, 7), 16), low: Number.parseInt(padded.slice(7), 16) };
}

/** Reads a tracestate; `th` and `rv` as 14 digits, `-` where absent. */
function read(traceState: string): string {
  // Neighbours on both sides, as in the arena: nothing outside the text may be read.
  const bytes = Buffer.from(`;rv:99999999999999${traceState};th:7,ot=th:7`);
  readOtState(bytes, 18, Buffer.byteLength(traceState));
  const digits = (high: number, low: number): string =>
    high.toString(16).padStart(7, '0') + low.toString(16).padStart(7, '0');
  const th = otState.hasThreshold ? digits(otState.thresholdHigh, otState.thresholdLow) : '-';
  const rv = otState.hasRandom ? digits(otState.randomHigh, otState.randomLow) : '-';
  return `${th} ${rv}`;
}

test('computes thresholds as the reference encoder does', () => {
  const check = (ratio: number, precision: number, expected: string): void =>
    expect(formatThreshold(thresholdOf(ratio, precision)), `${ratio} at ${precision}`).toBe(expected);
  check(1, 14, '0');
  check(0.5, 14, '8');
  check(0.25, 14, 'c');
  check(0.75, 14, '4');
  check(1 / 3, 14, 'aaaaaaaaaaaaac');
  check(2 / 3, 14, '55555555555558');
  check(2 ** -56, 14, 'ffffffffffffff');
  check(2 ** -55, 14, 'fffffffffffffe');
  check(0.1, 4, 'e666');
  check(0.01, 4, 'fd70a');
  check(0.001, 4, 'ffbe77');
  check(1 / 3, 4, 'aaab');
  check(2 / 3, 4, '5555');
  check(1 / 3, 1, 'b');
  check(0.5, 1, '8');
  check(1 - 2 ** -53, 14, '00000000000008');
});

test('rounds a threshold by at most half a digit of its precision and never past the largest', () => {
  const random = seeded(5);
  for (let i = 0; i < 5000; i++) {
    const ratio = Math.max(random() ** (1 + (i % 8)), 2 ** -56);
    const precision = 1 + (i % 14);
    const { high, low } = thresholdOf(ratio, precision);
    const threshold = (BigInt(high) << 28n) | BigInt(low);
    expect(threshold >= 0n && threshold < 2n ** 56n).toBe(true);
    const exact = 2n ** 56n - BigInt(Math.round(ratio * 2 ** 56));
    const leading = /^f*/.exec(exact.toString(16).padStart(14, '0'))?.[0].length ?? 0;
    const unit = 2n ** BigInt(4 * Math.max(0, 14 - leading - precision));
    const error = threshold > exact ? threshold - exact : exact - threshold;
    expect(error * 2n <= unit || threshold === 2n ** 56n - 1n, `${ratio} at ${precision}`).toBe(true);
  }
});

test('reads th and rv of the ot member and nothing else', () => {
  const check = (traceState: string, expected: string): void => expect(read(traceState), traceState).toBe(expected);
  check('ot=th:8', '80000000000000 -');
  check('ot=th:0', '00000000000000 -');
  check('ot=th:c;rv:d1a2b3c4d5e6f7', 'c0000000000000 d1a2b3c4d5e6f7');
  check('ot=rv:d1a2b3c4d5e6f7;th:c', 'c0000000000000 d1a2b3c4d5e6f7');
  check('ot=rv:00000000000000', '- 00000000000000');
  check('ot=th:ffffffffffffff', 'ffffffffffffff -');
  check('ot=th:123456789abcde', '123456789abcde -');
  check('vendor=1,ot=th:8', '80000000000000 -');
  check('vendor=1, \tot=th:8 ,other=2', '80000000000000 -');
  check('ot=x:1;th:8;y:2', '80000000000000 -');
  check('ot=th:8,ot=th:4', '80000000000000 -');
});

test('counts ill-formed values as absent', () => {
  const check = (traceState: string): void => expect(read(traceState), traceState).toBe('- -');
  check('');
  check('ot=');
  check('ot=th:');
  check('ot=th:8g');
  check('ot=th:A');
  check('ot=th: 8');
  check('ot=th:8 0');
  check('ot=th:123456789abcdef');
  check('ot=rv:1234');
  check('ot=rv:123456789abcdef');
  check('ot=rv:D1A2B3C4D5E6F7');
  check('ot=t');
  check('ot=th');
  check('foo=ot=th:8');
  check('xot=th:8');
  check('ott=th:8');
  check('OT=th:8');
  check('ot=xth:8');
});

test('writes a threshold back in the form it is read in', () => {
  const random = seeded(6);
  for (let i = 0; i < 2000; i++) {
    const hex = randomBytes(random, 7)
      .toString('hex')
      .slice(0, 1 + (i % 14))
      .padEnd(14, '0');
    const text = formatThreshold(half(hex));
    expect(text).toMatch(/^(0|[0-9a-f]*[1-9a-f])$/);
    expect(read(`ot=th:${text}`)).toBe(`${hex} -`);
  }
});

test('puts a threshold in and takes it out without touching the rest', () => {
  const check = (before: string, threshold: string | undefined, after: string): void =>
    expect(withThreshold(before, threshold === undefined ? undefined : half(threshold)), before).toBe(after);
  check('', '8', 'ot=th:8');
  check('', undefined, '');
  check('ot=th:4', '8', 'ot=th:8');
  check('ot=th:4', undefined, '');
  check('ot=th:4;rv:d1a2b3c4d5e6f7', undefined, 'ot=rv:d1a2b3c4d5e6f7');
  check('ot=rv:d1a2b3c4d5e6f7', '0', 'ot=th:0;rv:d1a2b3c4d5e6f7');
  check('a=1,ot=th:4;x:y,b=2', 'c', 'ot=th:c;x:y,a=1,b=2');
  check('a=1, ot=th:4 ,b=2', undefined, 'a=1,b=2');
  check('a=ot=th:4', '8', 'ot=th:8,a=ot=th:4');
});

test('gives the count one kept span stands for', () => {
  const check = (threshold: string, count: number): void => {
    const { high, low } = half(threshold);
    expect(adjustedCount(high, low)).toBe(count);
  };
  check('0', 1);
  check('8', 2);
  check('c', 4);
  check('ffffffffffffff', 2 ** 56);
  check('e666', 2 ** 16 / (2 ** 16 - 0xe666));
});
