import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { DataPoint, MetricBatch } from '../../../collector/src/model/data-point.ts';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { receiveInstruments } from '../../../collector/src/receive/instruments.ts';
import { MetricIntake } from '../../../collector/src/receive/metric-intake.ts';
import { takeMetrics } from '../../../collector/src/receive/take-metrics.ts';
import { metricsBody, metricsJson } from '../../support/metric-traffic.ts';
import { seeded } from '../../support/random.ts';
import { redactionOf } from '../../support/redaction.ts';
import { testHost } from '../../support/test-host.ts';

/** Beyond what is read at once. */
const LARGE_POINTS = 9000;

/** A delta sum of so many points, each with its number as value; `bad` more have none. */
function body(count: number, { bad = 0, name = 'requests' } = {}): Buffer {
  return metricsBody(request(count, { bad, name }));
}

function request(count: number, { bad = 0, name = 'requests' } = {}): Record<string, unknown> {
  const dataPoints = Array.from({ length: count + bad }, (_, i) => {
    const attributes = [{ key: 'user', value: { stringValue: `user ${i % 50}` } }];
    return { attributes, timeUnixNano: '1800000000000000000', ...(i < count ? { asInt: i } : {}) };
  });
  const sum = { dataPoints, aggregationTemporality: 1, isMonotonic: true };
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, sum }] }] }] };
}

function intakeOf(rules: Parameters<typeof redactionOf>[0] = []) {
  const own = testHost('receive', receiveInstruments);
  const redaction = rules.length === 0 ? undefined : redactionOf(rules);
  const metrics = new MetricIntake({ duplicateWindowMs: 60_000, random: seeded(3), redaction });
  const batches: (readonly DataPoint[])[] = [];
  let consume: (batch: MetricBatch) => Promise<void> = async ({ points }) => void batches.push(points);
  const next = { consume: (batch: MetricBatch) => consume(batch) };
  return {
    own,
    batches,
    /** Values of the points handed on, in order. */
    values: () => batches.flat().map(({ value }) => (value.type === 'number' ? value.value : undefined)),
    consumeWith: (other: typeof consume) => (consume = other),
    take: (bytes: Buffer, format: 'protobuf' | 'json' = 'protobuf') =>
      takeMetrics(bytes, format, { metrics, host: own.host, next }),
    counts: () => {
      const names = ['points', 'rejected_points', 'duplicates', 'duplicate_points'] as const;
      return names.map((name) => own.read(name));
    },
  };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a body of metrics', () => {
  it.each([3, LARGE_POINTS])('with %i points is handed on and counted, once however often it comes', async (count) => {
    const { take, values, counts } = intakeOf();
    expect(await take(body(count, { bad: 2 }))).toBe(2);
    expect(values()).toEqual(numbers(count));
    expect(counts()).toEqual([count, 2, 0, 0]);
    // Answered as before, so that the sender hears of what it has to mend.
    expect(await take(body(count, { bad: 2 }))).toBe(2);
    expect(values()).toHaveLength(count);
    expect(counts()).toEqual([count, 2, 1, count]);
    expect(await take(body(count, { name: 'other' }))).toBe(0);
    expect(counts()).toEqual([2 * count, 2, 1, count]);
  });

  it('is taken in JSON', async () => {
    const { take, values, counts } = intakeOf();
    const json = metricsJson(seeded(1), request(5, { bad: 1 }));
    expect(await take(json, 'json')).toBe(1);
    expect(await take(json, 'json')).toBe(1);
    expect(values()).toEqual(numbers(5));
    expect(counts()).toEqual([5, 1, 1, 5]);
  });

  it.each([3, LARGE_POINTS])('with %i points leaves no trace where its end is malformed', async (count) => {
    const { take, batches, counts } = intakeOf();
    const sound = body(count);
    const malformed = Buffer.concat([sound, Buffer.from([0x0a, 0x05, 0x12])]);
    for (const _ of [1, 2]) await expect(take(malformed)).rejects.toThrow(Malformed);
    expect(batches).toEqual([]);
    expect(counts()).toEqual([0, 0, 0, 0]);
    await take(sound);
    expect(counts()).toEqual([count, 0, 0, 0]);
    // What came between does not make it forget.
    await expect(take(malformed)).rejects.toThrow(Malformed);
    await take(sound);
    expect(counts()).toEqual([count, 0, 1, count]);
  });

  it('that is large lets others be served meanwhile', async () => {
    const { take, batches } = intakeOf();
    let turns = 0;
    const done = new AbortController();
    const others = (async () => {
      for (; !done.signal.aborted; turns++) await nextTurn();
    })();
    await take(body(LARGE_POINTS));
    done.abort();
    await others;
    expect(batches.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(2000);
    // It is walked through twice.
    expect(turns).toBeGreaterThanOrEqual(2 * batches.length - 2);
  });

  it('that is large waits for the one before, and a small one does not', async () => {
    const { take, batches, counts } = intakeOf();
    const order: string[] = [];
    const named = async (name: string, count: number): Promise<void> => {
      await take(body(count, { name }));
      order.push(name);
    };
    await Promise.all([named('first', LARGE_POINTS), named('second', LARGE_POINTS), named('small', 3)]);
    expect(order).toEqual(['small', 'first', 'second']);
    const names = batches.flat().map(({ metric }) => metric.name);
    expect(names.lastIndexOf('first')).toBeLessThan(names.indexOf('second'));
    expect(counts()).toEqual([2 * LARGE_POINTS + 3, 0, 0, 0]);
  });

  it('that comes again while it is being read is a repeat', async () => {
    const { take, counts } = intakeOf();
    await Promise.all([take(body(LARGE_POINTS)), take(body(LARGE_POINTS))]);
    expect(counts()).toEqual([LARGE_POINTS, 0, 1, LARGE_POINTS]);
  });

  it('is counted as far as it was handed on where whoever is next fails, and holds up nobody', async () => {
    const { take, batches, consumeWith, counts } = intakeOf();
    consumeWith(async ({ points }) => {
      batches.push(points);
      if (batches.length === 2) throw new Error('out of order');
    });
    await expect(take(body(LARGE_POINTS, { bad: 1 }))).rejects.toThrow('out of order');
    expect(counts()).toEqual([batches.flat().length, 1, 0, 0]);
    await take(body(LARGE_POINTS, { name: 'other' }));
    expect(counts()).toEqual([batches.flat().length, 1, 0, 0]);
    // Some of it was added, and would be a second time.
    await take(body(LARGE_POINTS, { bad: 1 }));
    expect(counts()).toEqual([batches.flat().length, 1, 1, LARGE_POINTS]);
  });
});

describe('redaction', () => {
  const rule = { name: 'users', keys: ['user'], action: 'drop' as const };

  it('is done before points are made, and counted with its own body only', async () => {
    const { take, batches, own } = intakeOf([rule]);
    await Promise.all([take(body(LARGE_POINTS)), take(body(7)), take(body(LARGE_POINTS, { name: 'other' }))]);
    expect(own.counts('redacted')).toEqual({ users: 2 * LARGE_POINTS + 7 });
    expect(new Set(batches.flat().map(({ attributes }) => JSON.stringify(attributes)))).toEqual(
      new Set([JSON.stringify([['user', 'redacted']])]),
    );
  });

  it('of a malformed body or a repeat is not counted', async () => {
    const { take, own } = intakeOf([rule]);
    await expect(take(Buffer.concat([body(4), Buffer.from([0x0a, 0x05, 0x12])]))).rejects.toThrow(Malformed);
    expect(own.counts('redacted')).toEqual({});
    await take(body(4));
    await take(body(4));
    expect(own.counts('redacted')).toEqual({ users: 4 });
  });
});
