// What is slow for its own operation, on seeded traffic through the policy as a configuration makes it.
import { expect, test } from 'vitest';
import { Arena } from '../../../collector/src/otlp/arena.ts';
import { ContextTable } from '../../../collector/src/otlp/context-table.ts';
import { ENTRY, SpanBatch } from '../../../collector/src/otlp/span-batch.ts';
import { byteSource } from '../../../collector/src/otlp/wire.ts';
import type { Sampler } from '../../../collector/src/sample/sampler.ts';
import { facts } from '../../support/facts.ts';
import { type Random, seeded } from '../../support/random.ts';
import { testSampler } from '../../support/sampler.ts';

const MINUTE_MS = 60_000;
const WARM_MS = 10 * MINUTE_MS;

/** Entry spans one by one, past the sampler's only matcher. */
class Spans {
  readonly sampler: Sampler;
  readonly #batch: SpanBatch;
  readonly #contexts = new ContextTable(8, 1, (bytes) => ({
    serviceName: Buffer.from(bytes).toString(),
    unsampled: true,
  }));
  nowMs = 0;

  constructor(config: Readonly<Record<string, unknown>> = {}) {
    this.sampler = testSampler([{ name: 'slow', type: 'relative_latency', ...config }]);
    this.#batch = new SpanBatch(new Arena(), this.#contexts);
    for (const service of ['shop', 'stock']) this.#contexts.insert(Buffer.from(service), service.length, 7);
  }

  /** Whether a trace with this span is kept. */
  isKept(name: string, durationMs: number, { service = 0, flags = ENTRY } = {}): boolean {
    const batch = this.#batch;
    const bytes = Buffer.from(name);
    batch.reset(byteSource(bytes));
    batch.count = 1;
    batch.context[0] = service;
    batch.flags[0] = flags;
    batch.nameOffset[0] = 0;
    batch.nameLength[0] = bytes.length;
    batch.startHigh[0] = batch.startLow[0] = 0;
    const ns = Math.round(durationMs * 1e6);
    batch.endHigh[0] = Math.floor(ns / 2 ** 32);
    batch.endLow[0] = ns % 2 ** 32;
    const matched = this.sampler.matchers[0]?.matches(batch, 0, this.nowMs) === true ? 1 : 0;
    return this.sampler.policies[0]?.evaluate(facts({ matched })) !== undefined;
  }
}

interface Operation {
  readonly name: string;
  readonly p99Ms: number;
  /** Of the logarithm. */
  readonly deviation: number;
}

const FAST: Operation = { name: 'GET /cart', p99Ms: 4, deviation: 0.5 };
const SLOW: Operation = { name: 'POST /report', p99Ms: 1000, deviation: 0.8 };

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Log-normal, with the p99 asked for: its deviate is 2.326. */
function healthyMs({ p99Ms, deviation }: Operation, random: Random): number {
  return p99Ms * Math.exp(deviation * (normal(random) - 2.326348));
}

/** 3 to 6 times the healthy p99. */
function slowedMs({ p99Ms }: Operation, random: Random): number {
  return p99Ms * (3 + 3 * random());
}

interface Shares {
  healthy: number;
  slowed: number;
}

/** Share kept of healthy and of slowed spans of each operation, after `WARM_MS`. */
function shares(
  spans: Spans,
  operations: readonly Operation[],
  random: Random,
  { perSecond = 10, minutes = 20, slowedRatio = 0 },
): Shares[] {
  const counts = operations.map(() => ({ healthy: 0, keptHealthy: 0, slowed: 0, keptSlowed: 0 }));
  const beginMs = spans.nowMs;
  const endMs = beginMs + minutes * MINUTE_MS;
  for (; spans.nowMs < endMs; spans.nowMs += 1000 / perSecond) {
    for (const [i, operation] of operations.entries()) {
      const isSlowed = random() < slowedRatio;
      const kept = spans.isKept(operation.name, isSlowed ? slowedMs(operation, random) : healthyMs(operation, random));
      const count = counts[i];
      if (count === undefined) continue;
      count[isSlowed ? 'slowed' : 'healthy']++;
      if (kept) count[isSlowed ? 'keptSlowed' : 'keptHealthy']++;
    }
  }
  return counts.map(({ healthy, keptHealthy, slowed, keptSlowed }) => ({
    healthy: keptHealthy / healthy,
    slowed: keptSlowed / slowed,
  }));
}

test('keeps what takes three times the p99 of its operation and next to nothing healthy, whatever that p99 is', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const spans = new Spans();
    const random = seeded(seed);
    const all = [FAST, SLOW];
    shares(spans, all, random, { minutes: WARM_MS / MINUTE_MS });
    for (const slowedRatio of [0, 0.001, 0.05, 0]) {
      for (const [i, { healthy, slowed }] of shares(spans, all, random, { slowedRatio }).entries()) {
        const where = `seed ${seed}, ${all[i]?.name}, ${slowedRatio} slowed`;
        expect(healthy, where).toBeLessThanOrEqual(0.005);
        if (slowedRatio > 0) expect(slowed, where).toBeGreaterThanOrEqual(0.95);
      }
    }
  }
});

test('holds where an operation has one span a second, or hundreds', () => {
  for (const [perSecond, minutes] of [
    [1, 300],
    [200, 5],
  ] as const) {
    const spans = new Spans();
    const random = seeded(21);
    shares(spans, [FAST, SLOW], random, { perSecond, minutes: perSecond === 1 ? 30 : 5 });
    for (const { healthy, slowed } of shares(spans, [FAST, SLOW], random, { perSecond, minutes, slowedRatio: 0.05 })) {
      expect(healthy, `${perSecond} a second`).toBeLessThanOrEqual(0.005);
      expect(slowed, `${perSecond} a second`).toBeGreaterThanOrEqual(0.95);
    }
  }
});

test('does not call more and more slow as what is slow is left out', () => {
  const spans = new Spans();
  const random = seeded(5);
  const heavy: Operation = { name: 'heavy tail', p99Ms: 100, deviation: 1.5 };
  shares(spans, [heavy], random, { minutes: 10 });
  const hours = Array.from({ length: 6 }, () => shares(spans, [heavy], random, { minutes: 60 })[0]?.healthy ?? 1);
  // 0.47 % of such traffic is above 1.5 times its p99.
  expect(Math.max(...hours)).toBeLessThan(0.007);
  expect(hours[5]).toBeLessThan((hours[0] ?? 0) * 1.3);
});

test('keeps a share at most, and learns within minutes that an operation takes longer now', () => {
  const spans = new Spans();
  const random = seeded(6);
  const before: Operation = { name: 'GET /cart', p99Ms: 40, deviation: 0.3 };
  const after: Operation = { ...before, p99Ms: 400 };
  shares(spans, [before], random, { minutes: 10 });
  const minutes = Array.from({ length: 6 }, () => shares(spans, [after], random, { minutes: 1 })[0]?.healthy ?? 1);
  // What the share left unused in one window comes on top, once.
  expect(minutes[0]).toBeGreaterThan(0.1);
  expect(minutes[0]).toBeLessThanOrEqual(0.152);
  for (const share of minutes.slice(1)) expect(share).toBeLessThanOrEqual(0.1);
  for (const share of minutes.slice(3)) expect(share).toBeLessThan(0.005);
  // What is slow now is slow by the new measure.
  expect(spans.isKept('GET /cart', 500)).toBe(false);
  expect(spans.isKept('GET /cart', 1200)).toBe(true);
});

test('learns the same where there are four spans a minute, if slower', () => {
  const spans = new Spans();
  const random = seeded(7);
  const before: Operation = { name: 'nightly', p99Ms: 40, deviation: 0.3 };
  shares(spans, [before], random, { perSecond: 1 / 15, minutes: 120 });
  const after = { ...before, p99Ms: 400 };
  expect(shares(spans, [after], random, { perSecond: 1 / 15, minutes: 10 })[0]?.healthy).toBeGreaterThan(0.2);
  shares(spans, [after], random, { perSecond: 1 / 15, minutes: 30 });
  expect(shares(spans, [after], random, { perSecond: 1 / 15, minutes: 120 })[0]?.healthy).toBeLessThan(0.01);
});

test('learns only from what is older than a minute, and says nothing before it knows enough', () => {
  const check = (count: number, waitMs: number, expected: boolean): void => {
    const spans = new Spans();
    for (let i = 0; i < count; i++) spans.isKept('GET /cart', 10);
    spans.nowMs += waitMs;
    expect(spans.isKept('GET /cart', 100), `${count}, ${waitMs}`).toBe(expected);
  };
  check(200, 60_000, false);
  check(200, 89_999, false);
  check(200, 90_000, true);
  check(199, 90_000, false);
  check(199, 3_000_000, false);
  check(200, 3_000_000, true);
});

test('asks for both, the factor and the excess', () => {
  const check = (config: object, normalMs: number, durationMs: number, expected: boolean): void => {
    const spans = new Spans({ min_samples: 100, ...config });
    for (let i = 0; i < 100; i++) spans.isKept('GET /cart', normalMs);
    spans.nowMs += 90_000;
    expect(spans.isKept('GET /cart', durationMs), JSON.stringify([config, normalMs, durationMs])).toBe(expected);
  };
  // A bucket is 9 % wide, and the limit may be off by as much.
  check({}, 1, 5.9, false);
  check({}, 1, 6.2, true);
  check({}, 100, 149, false);
  check({}, 100, 170, true);
  check({ times: 3 }, 100, 299, false);
  check({ times: 3 }, 100, 340, true);
  check({ times: 1, excess: '1s' }, 100, 1100, false);
  check({ times: 1, excess: '1s' }, 100, 1115, true);
  check({}, 0, 5.1, true);
  check({}, 5_000_000, 6_000_000, false);
});

test('judges entry spans only, each by its own service and name', () => {
  const spans = new Spans({ min_samples: 100 });
  for (let i = 0; i < 100; i++) {
    spans.isKept('query', 10, { service: 0 });
    spans.isKept('query', 1000, { service: 1 });
    spans.isKept('query', 1, { service: 0, flags: 0 });
  }
  spans.nowMs += 90_000;
  expect(spans.isKept('query', 100, { service: 0, flags: 0 })).toBe(false);
  expect(spans.isKept('query', 100, { service: 0 })).toBe(true);
  expect(spans.isKept('query', 100, { service: 1 })).toBe(false);
  expect(spans.isKept('query ', 100, { service: 0 })).toBe(false);
  // Names alike in their first 256 bytes are one.
  const long = 'x'.repeat(256);
  for (let i = 0; i < 100; i++) spans.isKept(`${long}${i}`, 10);
  spans.nowMs += 90_000;
  expect(spans.isKept(`${long}y`, 100)).toBe(true);
});

test('judges operations beyond its table together, counts them, and forgets those that come no more', () => {
  const spans = new Spans({ min_samples: 100 });
  const [policy] = spans.sampler.policies;
  for (let i = 0; i < 4096; i++) spans.isKept(`operation ${i}`, 10);
  expect(policy?.overflowed?.()).toBe(0);
  for (let i = 0; i < 100; i++) spans.isKept(`further ${i}`, 10);
  expect(policy?.overflowed?.()).toBe(100);
  spans.nowMs += 90_000;
  expect(spans.isKept('further still', 100)).toBe(true);
  expect(spans.isKept('operation 1', 100)).toBe(false);
  for (let i = 0; i < 121; i++) {
    spans.nowMs += 30_000;
    spans.isKept('operation 1', 10);
  }
  expect(policy?.overflowed?.()).toBe(101);
  spans.isKept('new', 10);
  expect(policy?.overflowed?.()).toBe(101);
});
