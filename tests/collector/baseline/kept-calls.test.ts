import { describe, expect, it } from 'vitest';
import { KeptCalls } from '../../../collector/src/baseline/kept-calls.ts';
import { operationKey } from '../../../collector/src/baseline/trace-tree.ts';
import { ManualClock } from '../../support/clock.ts';
import { keptBatch } from '../../support/kept-batch.ts';
import { called, query, traceOf } from '../../support/plain-traces.ts';
import { testSpan } from '../../support/test-span.ts';
import type { TestSpan } from '../../support/traffic.ts';

const keyOf = (service: string, name: string, kind: string): string => operationKey({ service, name, kind });

/** A call of one service by another. */
function callOf(trace: string): [TestSpan, TestSpan] {
  const root = testSpan({ service: 'web', name: 'GET /cart', trace });
  return [root, { ...testSpan({ service: 'shop', name: 'price', trace }), parentSpanId: root.spanId }];
}

describe('who calls whom', () => {
  it('is learned from kept traces as they come by', async () => {
    const clock = new ManualClock();
    const calls = new KeptCalls(clock);
    const [web, shop] = [keyOf('web', 'GET /cart', 'server'), keyOf('shop', 'price', 'server')];
    await calls.consume(keptBatch(callOf('t0')));
    expect(calls.now().isPlaced(shop)).toBe(false);
    await calls.consume(keptBatch(Array.from({ length: 4 }, (_, i) => callOf(`t${i + 1}`)).flat()));
    // It is looked at anew once a second.
    clock.advance(1000);
    expect([...calls.now().calleesOf(web)]).toEqual([shop]);
    expect([...calls.now().callersOf(shop)]).toEqual([web]);
    expect([calls.now().isPlaced(web), calls.now().isPlaced(shop)]).toEqual([true, true]);
  });

  it('is learned at once from traces that somebody looks into', async () => {
    const calls = new KeptCalls(new ManualClock());
    const traces = [traceOf('t', called('shop GET /orders server', 5, query('SELECT orders', 10)), 0)];
    expect(calls.now().calleesOf(keyOf('shop', 'GET /orders', 'server')).size).toBe(0);
    const subject = { key: '', name: '', attributes: {} };
    expect(await calls.learning({ between: async () => traces }).between(subject, 0, 1, 1)).toBe(traces);
    expect([...calls.now().calleesOf(keyOf('shop', 'GET /orders', 'server'))]).toHaveLength(1);
  });

  it('is learned from so many spans a second, and from other traces of each batch', async () => {
    const clock = new ManualClock();
    const calls = new KeptCalls(clock);
    // Of twenty spans each: a second has room for twenty-five of them.
    const flood = keptBatch(
      Array.from({ length: 60 }, (_, i) => {
        const [root, child] = callOf(`f${i}`);
        const children = Array.from({ length: 19 }, () => ({ ...child, spanId: testSpan().spanId }));
        return [{ ...root, name: `GET /cart ${i}` }, ...children];
      }).flat(),
    );
    const known = (): number => {
      const keys = Array.from({ length: 60 }, (_, i) => keyOf('web', `GET /cart ${i}`, 'server'));
      return keys.filter((key) => calls.now().calleesOf(key).size > 0).length;
    };
    await calls.consume(flood);
    await calls.consume(flood);
    expect(known()).toBe(25);
    clock.advance(1000);
    await calls.consume(flood);
    clock.advance(1000);
    expect(known()).toBe(50);
  });
});
