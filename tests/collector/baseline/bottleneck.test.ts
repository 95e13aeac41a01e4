import { describe, expect, it } from 'vitest';
import { type BottleneckAnswer, findBottleneck } from '../../../collector/src/baseline/bottleneck.ts';
import type { KeptTrace } from '../../../collector/src/baseline/trace-tree.ts';
import {
  called,
  charge,
  failed,
  many,
  type PlainCall,
  query,
  type Step,
  traceOf,
  tracesOf,
} from '../../support/plain-traces.ts';
import { seeded } from '../../support/random.ts';

const ORDERS = { service: 'shop', name: 'GET /orders', kind: 'SPAN_KIND_SERVER' };
type Make = (noise: () => number, i: number) => Step[];

const requests = (prefix: string, count: number, make: Make): KeptTrace[] =>
  tracesOf(prefix, count, (noise, i) => called('shop GET /orders server', ...make(noise, i)));

/** @param before and during: steps of one request */
function ask(before: Make, during: Make, count = 12): BottleneckAnswer {
  const kind = 'latency';
  return findBottleneck({
    operation: ORDERS,
    kind,
    before: requests('b', count, before),
    during: requests('d', count, during),
  });
}

describe('what explains an operation that takes longer', () => {
  it('is the deepest callee that takes longer itself', () => {
    const make =
      (lengthMs: number): Make =>
      (noise) => [5 * noise(), query('SELECT orders', 10 * noise()), charge(lengthMs * noise()), 3];
    const { bottleneck, evidence } = ask(make(12), make(480));
    expect(bottleneck).toMatchObject({ operation: 'pay INSERT payments', kind: 'slow_dependency' });
    expect(bottleneck?.share).toBeGreaterThan(0.95);
    expect(bottleneck?.recommendation).toMatch(
      /^`INSERT payments` of pay takes 4\d\d ms a call instead of 1\d ms: look at its plan, its indexes/,
    );
    expect(evidence).toMatchObject({ callsBefore: 12, callsDuring: 12 });
    expect(evidence.traceIds).toHaveLength(5);
    expect(evidence.compared).toMatch(/^compared 12 calls of shop GET \/orders with 12 calls before it: they take/);
  });

  it('is a query asked once for each row', () => {
    const make =
      (count: number): Make =>
      (noise) => [4, query('SELECT users', 8), ...many(count, () => query('SELECT orders', 6 * noise())), 2];
    const { bottleneck } = ask(make(1), make(41));
    expect(bottleneck).toMatchObject({ operation: 'shop SELECT orders', kind: 'repeated_calls' });
    expect(bottleneck?.recommendation).toBe(
      '`SELECT orders` of shop is called 41 times a call of `GET /orders` instead of 1: fetch the rows of all in one query',
    );
  });

  it('counts calls that run side by side, and names the one called too often rather than what it calls', () => {
    const make =
      (count: number): Make =>
      () => [2, ...many(count, () => [charge(10), charge(11)]), 1];
    const { bottleneck } = ask(make(1), make(15));
    expect(bottleneck).toMatchObject({ operation: 'shop POST /charge', kind: 'repeated_calls' });
    expect(bottleneck?.recommendation).toContain(
      '30 times a call of `GET /orders` instead of 2: ask for all in one call',
    );
    expect(bottleneck?.share).toBeGreaterThan(0.9);
  });

  it('is what is tried again and again, with the pauses between', () => {
    const lookup = (lengthMs: number): PlainCall => called('shop GET /stock client', lengthMs);
    const { bottleneck } = ask(
      (noise) => [3, lookup(10 * noise()), 2],
      (noise) => [
        3,
        failed(lookup(50 * noise()), 'ETIMEDOUT'),
        100,
        failed(lookup(50 * noise()), 'ETIMEDOUT'),
        200,
        lookup(12),
        2,
      ],
    );
    expect(bottleneck).toMatchObject({ operation: 'shop GET /stock', kind: 'retries' });
    expect(bottleneck?.share).toBeGreaterThan(0.95);
    expect(bottleneck?.recommendation).toBe(
      '`GET /stock` of shop is called 3 times a call of `GET /orders` instead of 1, and 100 % of the calls before the ' +
        'last fail (`ETIMEDOUT`): find out why it fails, and retry fewer times, with growing pauses',
    );
  });

  it('is a callee that fails slowly', () => {
    const { bottleneck } = ask(
      () => [3, charge(10), called('shop GET /stock client', 8), 2],
      (_, i) => [
        3,
        charge(10),
        (i % 3 === 0 ? (call: PlainCall) => call : failed)(called('shop GET /stock client', 900)),
        2,
      ],
    );
    expect(bottleneck).toMatchObject({ operation: 'shop GET /stock', kind: 'errors' });
    expect(bottleneck?.recommendation).toBe(
      '`GET /stock` of shop fails in 67 % of its calls instead of 0 %: find out why it fails',
    );
  });

  it('is a callee that fails, where another is called in its place', () => {
    const { bottleneck } = ask(
      () => [3, called('shop GET /fast client', 8), 2],
      () => [3, failed(called('shop GET /fast client', 2), '503'), called('shop GET /slow client', 300), 2],
    );
    expect(bottleneck).toMatchObject({ operation: 'shop GET /fast', kind: 'errors' });
    expect(bottleneck?.recommendation).toBe(
      '`GET /fast` of shop fails in 100 % of its calls instead of 0 % (`503`), and `GET /slow` of shop is called in its place: find out why it fails',
    );
  });

  it('is its own code', () => {
    const make =
      (ownMs: number): Make =>
      (noise) => [3, query('SELECT orders', 10 * noise()), ownMs * noise()];
    const { bottleneck } = ask(make(5), make(250));
    expect(bottleneck).toMatchObject({ operation: 'shop GET /orders', kind: 'own_code' });
    expect(bottleneck?.recommendation).toMatch(
      /^`GET \/orders` of shop spends 2\d\d ms a call in its own code instead of/,
    );
    const alone = ask(
      () => [20],
      () => [90],
    );
    expect(alone.bottleneck).toMatchObject({ operation: 'shop GET /orders', kind: 'own_code', share: 1 });
  });

  it('is waiting before a call', () => {
    const make =
      (waitMs: number): Make =>
      (noise) => [3, query('SELECT users', 6), waitMs * noise(), query('SELECT orders', 10), 4];
    const { bottleneck } = ask(make(1), make(380));
    expect(bottleneck).toMatchObject({ operation: 'shop GET /orders', kind: 'waiting' });
    expect(bottleneck?.recommendation).toMatch(
      /^`GET \/orders` of shop waits 3\d\d ms a call before `SELECT orders` instead of [\d.]+ ms: look for a used-up pool, a queue or a lock/,
    );
  });

  it('is a call that a cache used to spare', () => {
    const make =
      (every: number): Make =>
      (noise, i) => [
        3,
        called('shop GET client', 1),
        ...(i % every === 0 ? [query('SELECT orders', 90 * noise())] : []),
        2,
      ];
    const { bottleneck } = ask(make(10), make(1), 20);
    expect(bottleneck).toMatchObject({ operation: 'shop SELECT orders', kind: 'cache_loss' });
    expect(bottleneck?.recommendation).toMatch(
      /^`SELECT orders` of shop is part of 100 % of the calls of `GET \/orders` instead of 10 %: look at the cache/,
    );
  });

  it('is a new call with all below it', () => {
    const { bottleneck } = ask(
      () => [5],
      () => [5, charge(80), 1],
    );
    expect(bottleneck).toMatchObject({ operation: 'shop POST /charge', kind: 'cache_loss', share: 1 });
  });

  it('is a service in which everything is slower', () => {
    const make =
      (factor: number): Make =>
      (noise) => {
        const step = (name: string): PlainCall => called(`pay ${name} internal`, 12 * factor * noise());
        const charged = called('pay POST /charge server', ...['check', 'rate', 'sign', 'book', 'log'].map(step));
        return [5, query('SELECT orders', 10 * noise()), called('shop POST /charge client', 1, charged, 1), 3];
      };
    const { bottleneck, evidence } = ask(make(1), make(4));
    expect(bottleneck).toMatchObject({ operation: 'pay POST /charge', kind: 'slow_service' });
    expect(bottleneck?.recommendation).toMatch(
      /^5 operations of pay, which `POST \/charge` of pay leads into, add 1\d\d ms together: look at what they share/,
    );
    expect(evidence.added.every(({ share }) => share < 0.3)).toBe(true);
  });

  it('is what only some calls wait for', () => {
    const make =
      (isSlow: (i: number) => boolean): Make =>
      (noise, i) => [3, query('SELECT users', 10 * noise()), charge((isSlow(i) ? 300 : 10) * noise()), 2];
    const { bottleneck } = ask(make(() => false), make((i) => i % 10 === 0), 40); // prettier-ignore
    expect(bottleneck).toMatchObject({ operation: 'pay INSERT payments', kind: 'slow_dependency' });
  });

  it('weighs traces by what they stand for', () => {
    // One in a hundred was slow before, too: it was kept for that, and nine of the others stand for a hundred each.
    const was = requests('b', 9, () => [2, query('SELECT orders', 10)]).map((trace) => ({
      ...trace,
      adjustedCount: 100,
    }));
    const slow = requests('s', 9, () => [2, query('SELECT orders', 400)]);
    const now = requests('d', 9, () => [2, query('SELECT orders', 40)]);
    const answer = (before: readonly KeptTrace[]): BottleneckAnswer =>
      findBottleneck({ operation: ORDERS, kind: 'latency', before, during: now });
    expect(answer([...was, ...slow]).bottleneck).toMatchObject({ operation: 'shop SELECT orders' });
    expect(answer([...was.map(({ traceId, spans }) => ({ traceId, spans })), ...slow]).bottleneck).toBeUndefined();
  });
});

describe('where nothing explains it', () => {
  it('says so, and what was compared', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const make =
      (lengthMs: number): Make =>
      () => [1, ...names.map((name) => called(`shop ${name} client`, lengthMs))];
    const { bottleneck, evidence } = ask(make(10), make(30));
    expect(bottleneck).toBeUndefined();
    expect(evidence.added).toHaveLength(5);
    expect(evidence.added.every(({ share }) => share < 0.3)).toBe(true);
    expect(evidence.compared).toBe(
      'compared 12 calls of shop GET /orders with 12 calls before it: they take 151 ms instead of 51 ms in the mean; no operation explains 30 % of it',
    );
  });

  it('names nothing where calls take as long as before, or too few are known', () => {
    const make: Make = (noise) => [3, query('SELECT orders', 10 + noise())];
    expect(ask(make, make).bottleneck).toBeUndefined();
    const few = ask(make, () => [900], 2);
    expect(few.bottleneck).toBeUndefined();
    expect(few.evidence.compared).toContain('too few to tell');
  });

  it('does not build on one slow call', () => {
    const { bottleneck } = ask(
      () => [3, query('SELECT orders', 10)],
      (_, i) => [3, query('SELECT orders', i === 4 ? 2_000 : 10)],
    );
    expect(bottleneck).toBeUndefined();
  });

  it('rarely names what differs by chance', () => {
    const random = seeded(3);
    // Heavy tails: one call in twenty takes over three times the median.
    const heavy = (): number =>
      10 * Math.exp(0.7 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.283 * random()));
    const make: Make = () => [2, ...['a', 'b', 'c', 'd'].map((name) => called(`shop ${name} client`, heavy())), 3];
    let named = 0;
    for (let run = 0; run < 100; run++) if (ask(make, make).bottleneck !== undefined) named++;
    expect(named).toBeLessThanOrEqual(15);
  });

  it('survives hostile names and 10 000 spans', () => {
    const evil = 'SELECT `x`\n\u2028<script>'.padEnd(5_000, 'y');
    const make =
      (lengthMs: number): Make =>
      () => [2, { ...called('shop x client', lengthMs), name: evil, attributes: { 'db.system': 'x' } }];
    const { bottleneck } = ask(make(5), make(100));
    expect(bottleneck?.recommendation).toMatch(/^`SELECT x <script>y+…` of shop takes 100 ms/);
    const loop = (lengthMs: number, count: number): KeptTrace[] =>
      [0, 1, 2].map((i) =>
        traceOf(`${i}`, called('shop GET /orders server', ...many(count, () => query('SELECT orders', lengthMs)))),
      );
    const { bottleneck: large } = findBottleneck({
      operation: ORDERS,
      kind: 'latency',
      before: loop(1, 100),
      during: loop(1, 10_000),
    });
    expect(large).toMatchObject({ operation: 'shop SELECT orders', kind: 'repeated_calls', share: 1 });
  });
});
