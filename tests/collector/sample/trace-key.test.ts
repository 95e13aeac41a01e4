import { expect, test } from 'vitest';
import type { Policy } from '../../../collector/src/sample/sampler.ts';
import { KEY_SEPARATOR, type KeyPart, TraceKeys } from '../../../collector/src/sample/trace-key.ts';
import { factsOf } from '../../support/fact-spans.ts';
import { facts } from '../../support/facts.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';
import { testSpan } from '../../support/test-span.ts';
import { HIGH, root as rootOf, scene } from '../../support/trace-scene.ts';
import type { TestAttribute, TestSpan } from '../../support/traffic.ts';

const KIND = { internal: 1, server: 2, client: 3, consumer: 5 };

function keyOf(parts: readonly KeyPart[], spans: readonly TestSpan[]): string[] {
  return new TraceKeys().of(parts).of(factsOf(spans)).split(KEY_SEPARATOR);
}

test('takes service, operation and status of the root, else of the earliest entry span, else of the earliest', () => {
  const check = (spans: readonly TestSpan[], expected: readonly string[]): void => {
    expect(keyOf(['service', 'operation', 'status'], spans)).toEqual(expected);
    expect(keyOf(['service', 'operation', 'status'], spans.toReversed())).toEqual(expected);
  };
  const root = testSpan({ service: 'shop', name: 'GET /cart', startMs: 500, kind: KIND.internal });
  const early = testSpan({ service: 'stock', name: 'take', child: true, kind: KIND.consumer, startMs: 100 });
  const late = testSpan({ service: 'pay', name: 'POST /pay', child: true, startMs: 200, error: true });
  const inner = testSpan({ service: 'db', name: 'query', child: true, kind: KIND.client, startMs: 50 });
  const first = testSpan({ service: 'db', name: 'open', child: true, kind: KIND.internal, startMs: 40, error: true });
  check([inner, late, root, early], ['shop', 'GET /cart', 'unset']);
  check([inner, late, early], ['stock', 'take', 'unset']);
  check([inner, late], ['pay', 'POST /pay', 'error']);
  check([inner, first], ['db', 'open', 'error']);
  check([{ ...root, statusCode: 1 }], ['shop', 'GET /cart', 'ok']);
  check([{ ...root, name: '' }], ['shop', '', 'unset']);
  check([{ ...root, name: 'größe'.repeat(100) }], ['shop', 'größe'.repeat(100).slice(0, 183), 'unset']);
  expect(new TraceKeys().of(['service']).of(facts())).toBe('');
});

test('takes an attribute from the main span, then any span, then a resource', () => {
  const tier = (value: Record<string, unknown>): TestAttribute => ({ key: 'tier', value });
  const gold = tier({ stringValue: 'gold' });
  const resource = (...resourceAttributes: TestAttribute[]): Partial<TestSpan> => ({
    source: { key: JSON.stringify(resourceAttributes), resourceAttributes },
  });
  const check = (root: Partial<TestSpan>, child: Partial<TestSpan>, expected: string): void => {
    const spans = [
      { ...testSpan({ trace: 'one' }), ...root },
      { ...testSpan({ trace: 'one', child: true, service: 'stock' }), ...child },
    ];
    expect(keyOf([{ attribute: 'tier' }], spans)).toEqual([expected]);
    expect(keyOf([{ attribute: 'tier' }], spans.toReversed())).toEqual([expected]);
  };
  check({ attributes: [gold] }, { attributes: [tier({ stringValue: 'free' })] }, 'gold');
  check({}, { attributes: [{ key: 'tie', value: { stringValue: 'x' } }, gold] }, 'gold');
  check(resource(tier({ stringValue: 'of the root' })), { attributes: [gold] }, 'gold');
  check(resource(tier({ stringValue: 'root' })), resource(gold), 'root');
  check({}, resource(gold), 'gold');
  check({}, {}, '');
  check({ attributes: [tier({ stringValue: '' })] }, { attributes: [gold] }, '');
  check({ attributes: [tier({ intValue: -7 })] }, {}, '-7');
  check({ attributes: [tier({ doubleValue: 0.5 })] }, {}, '0.5');
  check({ attributes: [tier({ boolValue: true })] }, {}, 'true');
  check({ attributes: [tier({ boolValue: false })] }, {}, 'false');
  check({ attributes: [tier({ bytesValue: Buffer.alloc(9) })] }, {}, '9 bytes');
  check({ attributes: [tier({ stringValue: 'x'.repeat(5000) })] }, {}, 'x'.repeat(256));
});

/** A trace as a tree: each span's service, name and the place of its parent in the list. */
type Tree = readonly (readonly [service: string, name: string, parent: number])[];

function traceOf(tree: Tree, random: Random): TestSpan[] {
  const spans = tree.map(([service, name]) => testSpan({ service, name, trace: 'one', kind: KIND.internal }));
  for (const [i, [, , parent]] of tree.entries()) {
    const [span, above] = [spans[i], spans[parent]];
    if (span !== undefined && above !== undefined) span.parentSpanId = above.spanId;
  }
  return spans
    .map((span) => ({ span, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ span }) => span);
}

test('gives traces one path where their sets of (service, name, name of the parent) are equal, and only there', () => {
  const random = seeded(1);
  const byPath = new Map<string, string>();
  const keys = new TraceKeys();
  let repeated = 0;
  for (let i = 0; i < 3000; i++) {
    const tree: Tree = Array.from({ length: 1 + pick(random, 4) }, (_, at) => [
      oneOf(random, ['shop', 'stock']),
      oneOf(random, ['', 'a', 'b']),
      at === 0 ? -1 : pick(random, at),
    ]);
    const edges = tree.map(([service, name, parent]) => JSON.stringify([service, name, tree[parent]?.[1] ?? null]));
    const expected = [...new Set(edges)].sort().join();
    const path = keys.of(['path']).of(factsOf(traceOf(tree, random)));
    if (byPath.has(path)) repeated++;
    expect(byPath.get(path) ?? expected, path).toBe(expected);
    byPath.set(path, expected);
  }
  expect(new Set(byPath.values()).size).toBe(byPath.size);
  expect(repeated).toBeGreaterThan(1000);
});

test('reads a trace once for all policies with the same parts, and anew for the next trace', () => {
  const keys = new TraceKeys();
  let walks = 0;
  const counted = (name: string): ReturnType<typeof facts> => {
    const { spans } = factsOf([testSpan({ name })]);
    return facts({
      spans() {
        walks++;
        return spans();
      },
    });
  };
  const one = counted('one');
  expect(keys.of(['operation'])).toBe(keys.of(['operation']));
  expect([keys.of(['operation']).of(one), keys.of(['service', 'operation']).of(one)]).toEqual([
    'one',
    `shop${KEY_SEPARATOR}one`,
  ]);
  keys.of(['operation']).of(one);
  expect(walks).toBe(1);
  // The same object, refilled for the next decision.
  one.spans = factsOf([testSpan({ name: 'two' })]).spans;
  expect(keys.of(['operation']).of(one)).toBe('one');
  one.serial++;
  expect(keys.of(['operation']).of(one)).toBe('two');
});

test('reads the key of each trace anew as its spans come', () => {
  const keys = new TraceKeys();
  const key = keys.of(['operation']);
  const seen: string[] = [];
  const watcher: Policy = {
    name: 'watcher',
    class: 'rest',
    evaluate: () => undefined,
    arrived: (_, each) => void seen.push(key.of(each)),
  };
  const { add } = scene({ sampler: { policies: [watcher], matchers: [], waits: [], keys } });
  add(0, rootOf(1, HIGH, { name: 'first' }), rootOf(2, HIGH, { name: 'second' }));
  expect(seen).toEqual(['first', 'second']);
});
