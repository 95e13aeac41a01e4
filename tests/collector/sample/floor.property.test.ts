import { expect, test } from 'vitest';
import { thresholdOf } from '../../../collector/src/otlp/trace-state.ts';
import { DecidedTraffic, meanEstimate } from '../../support/decided-traffic.ts';
import { oneOf, pick, seeded } from '../../support/random.ts';

const FLOOR = { name: 'floor', type: 'floor', key: ['operation'] };
const ERRORS = { name: 'errors', type: 'status' };
const share = (ratio: number): object => ({ name: 'share', type: 'probabilistic', ratio });
const KEEP_ALL = thresholdOf(1);

test('forces the first traces of each key in each minute, whatever chance would do', () => {
  const check = (traces: number): void => {
    const traffic = new DecidedTraffic([{ ...FLOOR, traces }, { ...share(0.5) }], seeded(traces));
    for (let minute = 0; minute < 5; minute++) {
      for (let i = 0; i < 10; i++) {
        for (const operation of ['a', 'b']) {
          const { policy, threshold } = traffic.decide(operation, minute * 60_000 + i * 6000);
          const expected = i < traces ? ['floor', KEEP_ALL] : ['share', thresholdOf(0.5)];
          expect([policy, threshold], `${operation}, minute ${minute}, ${i}`).toEqual(expected);
        }
      }
    }
  };
  check(1);
  check(3);
});

test('counts what another policy forces, and not what is dropped', () => {
  const drop = { name: 'no', type: 'drop', when: { type: 'span_count', min: 10 } };
  const check = (order: readonly Readonly<Record<string, unknown>>[]): void => {
    const traffic = new DecidedTraffic(order, seeded(1));
    const policies: (string | undefined)[] = [];
    const decide = (change: object): void =>
      void policies.push(traffic.decide('a', 1000, { spanCount: 3, ...change }).policy);
    decide({ spanCount: 10 });
    decide({ hasError: true });
    decide({});
    decide({ spanCount: 10, hasError: true });
    decide({});
    decide({});
    expect(policies).toEqual(['no', 'errors', 'floor', 'no', undefined, undefined]);
  };
  const floor = { ...FLOOR, traces: 2 };
  check([ERRORS, drop, floor]);
  check([floor, drop, ERRORS]);
  check([drop, floor, ERRORS]);
});

test('counts for traces alone that its condition holds for', () => {
  const floor = { ...FLOOR, if: { type: 'span_count', min: 5 } };
  const traffic = new DecidedTraffic([ERRORS, floor], seeded(1));
  expect(traffic.decide('a', 0, { spanCount: 3 }).policy).toBeUndefined();
  expect(traffic.decide('a', 0, { spanCount: 3, hasError: true }).policy).toBe('errors');
  expect(traffic.decide('a', 0, { spanCount: 5 }).policy).toBe('floor');
  expect(traffic.decide('a', 0, { spanCount: 5 }).policy).toBeUndefined();
});

test('keeps one of a key in each ten minutes in which it comes, beside a small share', () => {
  const random = seeded(9);
  const policies = [ERRORS, FLOOR, { ...share(0.01) }];
  const traffic = new DecidedTraffic(policies, random);
  const present = new Set<string>();
  const kept = new Set<string>();
  const names = Array.from({ length: 60 }, (_, i) => `operation ${i}`);
  for (let ms = 0; ms < 7_200_000; ms += 1 + pick(random, 400)) {
    // Most operations come rarely; what is frequent changes from time to time.
    const name = random() < 0.7 ? (names[Math.floor(ms / 900_000)] ?? '') : oneOf(random, names);
    const place = `${Math.floor(ms / 600_000)} ${name}`;
    present.add(place);
    if (traffic.decide(name, ms, { hasError: random() < 0.01 }).kept) kept.add(place);
  }
  expect(present.size).toBeGreaterThan(500);
  expect([...present].filter((place) => !kept.has(place))).toEqual([]);
});

test('lets keys beyond its table share one floor, and counts them', () => {
  const traffic = new DecidedTraffic([FLOOR], seeded(3));
  const [floor] = traffic.policies;
  for (let i = 0; i < 10_000; i++) expect(traffic.decide(`key ${i}`, 0).kept).toBe(true);
  expect(floor?.overflowed?.()).toBe(0);
  expect(traffic.decide('one more', 1).kept).toBe(true);
  expect(traffic.decide('and one more', 2).kept).toBe(false);
  expect(traffic.decide('key 1', 3).kept).toBe(false);
  expect(floor?.overflowed?.()).toBe(2);
  expect(traffic.decide('and one more', 60_000).kept).toBe(true);
  expect(floor?.overflowed?.()).toBe(2);
});

test('keeps a new path once within the time given', () => {
  const traffic = new DecidedTraffic([{ name: 'path', type: 'new_path', within: '10m' }], seeded(4));
  const check = (name: string, minute: number, expected: boolean): void =>
    expect(traffic.decide(name, minute * 60_000).kept, `${name} at ${minute}`).toBe(expected);
  check('a', 0, true);
  check('a', 1, false);
  check('b', 5, true);
  check('a', 9.9, false);
  check('a', 10, true);
  check('b', 12, true);
  check('b', 19, false);
});

test('keeps estimates of counts true beside shares and forced keeps', () => {
  const seeds = Array.from({ length: 500 }, (_, i) => seeded(i + 1));
  const check = (...policies: readonly object[]): void => {
    const written = policies as readonly Readonly<Record<string, unknown>>[];
    const mean = meanEstimate(written, seeds, { traces: 1000, seconds: 240, operations: 30 });
    expect(Math.abs(mean - 1), JSON.stringify(policies)).toBeLessThan(0.01);
  };
  check(FLOOR, share(0.1));
  check(ERRORS, { ...FLOOR, traces: 5 }, share(0.1));
  check(ERRORS, { name: 'path', type: 'new_path', within: '1m' }, FLOOR, share(0.1));
}, 30_000);
