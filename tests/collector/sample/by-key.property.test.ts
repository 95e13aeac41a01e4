import { expect, test } from 'vitest';
import { thresholdOf } from '../../../collector/src/otlp/trace-state.ts';
import { fairRate } from '../../../collector/src/sample/by-key.ts';
import { DecidedTraffic, meanEstimate } from '../../support/decided-traffic.ts';
import { seeded } from '../../support/random.ts';

const BY_KEY = { name: 'keyed', type: 'by_key', key: ['operation'] };

test('fills the budget from the rarest key up', () => {
  const check = (rates: readonly number[], budget: number, expected: number): void =>
    expect(fairRate(rates, budget)).toBeCloseTo(expected, 12);
  check([], 10, Infinity);
  check([3, 3, 3], 10, Infinity);
  check([5, 5], 10, Infinity);
  check([100], 10, 10);
  check([100, 1], 10, 9);
  check([1, 100, 100], 11, 5);
  check([4, 4, 100], 9, 3);
  const random = seeded(1);
  for (let i = 0; i < 500; i++) {
    const rates = Array.from({ length: 1 + Math.floor(random() * 50) }, () => 1000 * random() ** 8);
    const budget = 200 * random() + 0.001;
    const most = fairRate(rates, budget);
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    const shared = rates.reduce((sum, rate) => sum + Math.min(rate, most), 0);
    expect(shared).toBeCloseTo(Math.min(total, budget), 6);
  }
});

test('keeps rare keys whole and cuts frequent ones to one rate, within the budget', () => {
  for (const method of ['ema', 'window']) {
    const traffic = new DecidedTraffic([{ ...BY_KEY, traces_per_second: 20, method }], seeded(2));
    const kept = new Map<string, number>();
    for (let ms = 0; ms < 600_000; ms += 10) {
      const names = ['frequent', ...(ms % 50 === 0 ? ['middle'] : []), ...(ms % 10_000 === 0 ? ['rare'] : [])];
      for (const name of names) {
        const { kept: isKept } = traffic.decide(name, ms);
        if (isKept && ms >= 120_000) kept.set(name, (kept.get(name) ?? 0) + 1);
      }
    }
    const perSecond = (name: string): number => (kept.get(name) ?? 0) / 480;
    expect(perSecond('rare'), method).toBe(0.1);
    // (20 - 0.1) / 2 each.
    expect(perSecond('middle'), method).toBeGreaterThan(9.4);
    expect(perSecond('middle'), method).toBeLessThan(10.5);
    expect(perSecond('frequent'), method).toBeGreaterThan(9.4);
    expect(perSecond('frequent'), method).toBeLessThan(10.5);
  }
});

test('keeps an unseen key whole up to its first window, then writes the exact share', () => {
  const traffic = new DecidedTraffic([{ ...BY_KEY, traces_per_second: 1 }], seeded(3));
  for (let i = 0; i < 30; i++) expect(traffic.decide('new', i * 500).threshold).toEqual(thresholdOf(1));
  const { threshold } = traffic.decide('new', 15_000);
  // 30 traces in 15 seconds share 1 a second: a half, to the last digit.
  expect(threshold).toEqual(thresholdOf(0.5, 14));
  expect(traffic.decide('newer', 15_000).threshold).toEqual(thresholdOf(1));
});

test('changes shares between windows only, from what was there before', () => {
  const traffic = new DecidedTraffic([{ ...BY_KEY, traces_per_second: 1 }], seeded(4));
  const seen = new Set<string>();
  for (let ms = 0; ms < 15_000; ms += 600) traffic.decide('a', ms);
  // Much changes within the window, the share does not.
  for (let i = 0; i < 30; i++) seen.add(JSON.stringify(traffic.decide('a', 15_000 + i).threshold));
  expect([...seen]).toEqual([JSON.stringify(thresholdOf(0.6, 14))]);
});

test('ends a window early where a burst would use up more than twice its budget', () => {
  const traffic = new DecidedTraffic([{ ...BY_KEY, traces_per_second: 10 }], seeded(5));
  let kept = 0;
  for (let ms = 0; ms < 15_000; ms++) if (traffic.decide('burst', ms).kept) kept++;
  // 300 traces, what comes until a second is over, and then 10 a second.
  expect(kept).toBeLessThan(1200);
  expect(traffic.decide('burst', 15_000).threshold).not.toEqual(thresholdOf(1));
});

test('forgets slowly with ema, and after the last window with window', () => {
  const check = (method: string, restMs: number, ratio: number): void => {
    const config = { ...BY_KEY, traces_per_second: 1, method, windows: 2, adjust_every: '10s' };
    const traffic = new DecidedTraffic([config], seeded(6));
    for (let i = 0; i < 20; i++) traffic.decide('a', i * 500);
    traffic.decide('other', 10_000);
    traffic.decide('other', 10_000 + restMs);
    const { threshold } = traffic.decide('a', 10_000 + restMs);
    expect(threshold, `${method} ${restMs}`).toEqual(thresholdOf(ratio, 14));
  };
  check('ema', 0, 0.5);
  // Half of 2 a second, which is all of the budget but what the other key has.
  check('ema', 10_000, 0.9);
  check('ema', 40_000, 1);
  check('window', 0, 0.5);
  check('window', 10_000, 0.95);
  check('window', 30_000, 1);
});

test('lets keys beyond its table share a place, and counts them', () => {
  const traffic = new DecidedTraffic([{ ...BY_KEY, traces_per_second: 1, adjust_every: '1s' }], seeded(7));
  const [policy] = traffic.policies;
  for (let i = 0; i < 10_000; i++) traffic.decide(`key ${i}`, 0);
  expect(policy?.overflowed?.()).toBe(0);
  for (let i = 0; i < 1000; i++) traffic.decide(`further ${i}`, 500);
  expect(policy?.overflowed?.()).toBe(1000);
  const { threshold } = traffic.decide('unseen', 1000);
  expect(threshold).not.toEqual(thresholdOf(1));
  expect(threshold).toEqual(traffic.decide('unseen as well', 1000).threshold);
  // After some time without them all have their own place again.
  for (let ms = 2000; ms < 60_000; ms += 1000) traffic.decide('key 1', ms);
  traffic.decide('unseen', 60_000);
  expect(policy?.overflowed?.()).toBe(1002);
});

test('does not count what is dropped', () => {
  const drop = { name: 'no', type: 'drop', when: { type: 'status' } };
  const traffic = new DecidedTraffic([drop, { ...BY_KEY, traces_per_second: 1 }], seeded(8));
  for (let i = 0; i < 150; i++) traffic.decide('a', i * 100, { hasError: i % 10 !== 0 });
  expect(traffic.decide('a', 15_000).threshold).toEqual(thresholdOf(1));
});

test('keeps estimates of counts true, with errors forced and a floor, by either method', () => {
  for (const method of ['ema', 'window']) {
    const policies = [
      { name: 'errors', type: 'status' },
      { name: 'floor', type: 'floor', key: ['operation'] },
      { ...BY_KEY, traces_per_second: 2, method, adjust_every: '5s' },
    ];
    const seeds = Array.from({ length: 500 }, (_, i) => seeded(i + 1));
    const mean = meanEstimate(policies, seeds, { traces: 1000, seconds: 100, operations: 30 });
    expect(Math.abs(mean - 1), `${method}: ${mean}`).toBeLessThan(0.01);
  }
}, 30_000);
