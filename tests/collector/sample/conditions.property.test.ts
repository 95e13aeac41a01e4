// Conditions against their plain twin in tests/support/naive-conditions.ts, on random spans of every shape.
import { expect, test } from 'vitest';
import { sampleConfig } from '../../../collector/src/sample/config.ts';
import { createSampler } from '../../../collector/src/sample/sampler.ts';
import { TraceBuffer } from '../../../collector/src/sample/trace-buffer.ts';
import { decodeBody, type DecodedSpan } from '../../support/decoded.ts';
import { releaseBatch, testIntake } from '../../support/intake.ts';
import { mutate } from '../../support/mutate.ts';
import { holds, matches, type WrittenCondition } from '../../support/naive-conditions.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';
import { bodyOf, traffic } from '../../support/traffic.ts';

const ON = ['span', 'resource', 'any'] as const;

/** Conditions that look at single spans. Each is true of some spans of the traffic below and false of others. */
const OF_SPANS: readonly WrittenCondition[] = [
  { type: 'numeric_attribute', key: 'http.status', min: 200, max: 200 },
  { type: 'numeric_attribute', key: 'http.status', min: 0.25, max: 1.5, on: 'span' },
  { type: 'numeric_attribute', key: 'count.1', min: 500_000 },
  { type: 'numeric_attribute', key: 'ratio.3', max: 0.5 },
  { type: 'numeric_attribute', key: 'negative', min: -500_000_000, max: -1 },
  { type: 'numeric_attribute', key: 'infinite', min: 1 },
  { type: 'numeric_attribute', key: 'infinite', max: 0 },
  { type: 'string_attribute', key: 'http.route', values: ['/a', '/größe', '/again'] },
  { type: 'string_attribute', key: 'http.route', values: [''] },
  { type: 'string_attribute', key: 'http.status', values: ['200'] },
  { type: 'string_attribute', key: 'text.4', pattern: '^(grün|日.)$' },
  { type: 'string_attribute', key: 'long', pattern: 'ä{3}' },
  { type: 'string_attribute', key: 'telemetry.sdk.language', values: ['nodejs'], on: 'resource' },
  { type: 'string_attribute', key: 'host.name', pattern: 'straße', on: 'any' },
  { type: 'boolean_attribute', key: 'flag.2' },
  { type: 'boolean_attribute', key: 'flag.2', value: false },
  { type: 'boolean_attribute', key: 'http.status', on: 'span' },
  { type: 'trace_flags', sampled: true },
  { type: 'trace_flags', sampled: false },
  { type: 'service', names: ['service-0', 'größe', 'unknown_service'] },
  { type: 'operation', names: ['GET /größe', 'operation 1', 'operation 2', 'operation 3'] },
];

const OF_TRACES: readonly WrittenCondition[] = [
  { type: 'status' },
  { type: 'latency', over: '50ms' },
  { type: 'duration', min: '1ms', max: '1s' },
  { type: 'duration', max: '10ms' },
  { type: 'span_count', min: 3, max: 8 },
  { type: 'string_attribute', key: 'http.route', pattern: 'b', invert: true },
];

const SHAPE = { traces: 400, maxSpans: 12, operations: 30, attributes: 6, slowRatio: 0.1, rich: true } as const;

/** The matchers of conditions, each with its own condition. */
function matchersOf(conditions: readonly WrittenCondition[]): ReturnType<typeof createSampler>['matchers'] {
  const policies = conditions.map((condition, i) => ({ name: `p${i}`, ...condition }));
  const { matchers } = createSampler(sampleConfig.parse({ policies }).policies, seeded(1));
  expect(matchers).toHaveLength(conditions.length);
  return matchers;
}

test('looks at each span as the plain twin does', () => {
  const matchers = matchersOf(OF_SPANS);
  const random = seeded(3);
  const intake = testIntake();
  const seen = OF_SPANS.map(() => new Set<boolean>());
  for (const [index, spans] of traffic({ ...SHAPE, seed: 11 }).entries()) {
    const body = bodyOf(spans);
    const decoded = decodeBody(body);
    expect(intake.take([body], body.length, index, index)).toBe('accepted');
    expect(intake.batch.count).toBe(decoded.length);
    for (const [row, span] of decoded.entries()) {
      // As the buffer does, which no longer asks for what it has found in a trace.
      for (const [i, condition] of OF_SPANS.entries()) {
        if (random() < 0.3) continue;
        const found = matchers[i]?.matches(intake.batch, row, index) ?? false;
        expect(found, JSON.stringify([condition, span])).toBe(matches(condition, span));
        seen[i]?.add(found);
      }
    }
    releaseBatch(intake.batch);
  }
  // Each condition had both answers, else it was no test of it.
  expect(seen.map((answers) => answers.size)).toEqual(OF_SPANS.map(() => 2));
});

test('looks at spans of odd but sound layouts as the plain twin does', () => {
  const matchers = matchersOf(OF_SPANS);
  const random = seeded(4);
  const intake = testIntake();
  let looked = 0;
  for (const spans of traffic({ ...SHAPE, seed: 12 })) {
    const body = mutate(random, Buffer.from(bodyOf(spans)));
    let decoded: DecodedSpan[];
    try {
      decoded = decodeBody(body);
      if (intake.take([body], body.length, 1, 1) !== 'accepted') continue;
    } catch {
      continue;
    }
    if (intake.batch.count === decoded.length) {
      for (const [row, span] of decoded.entries()) {
        looked++;
        const found = OF_SPANS.map((_, i) => matchers[i]?.matches(intake.batch, row, 1));
        expect(found, JSON.stringify(span)).toEqual(OF_SPANS.map((condition) => matches(condition, span)));
      }
    }
    releaseBatch(intake.batch);
  }
  expect(looked).toBeGreaterThan(500);
});

/** Any condition the configuration can say. */
function anyCondition(random: Random): WrittenCondition {
  const leaf = (): WrittenCondition => {
    const one = oneOf(random, [...OF_SPANS, ...OF_TRACES]);
    return 'key' in one && random() < 0.3 ? { ...one, on: oneOf(random, ON) } : one;
  };
  const simple = (): WrittenCondition => (random() < 0.4 ? { type: 'not', of: leaf() } : leaf());
  const all = (): WrittenCondition => ({ type: 'and', of: Array.from({ length: 1 + pick(random, 3) }, simple) });
  switch (pick(random, 4)) {
    case 0:
      return simple();
    case 1:
      return all();
    default:
      return { type: 'or', of: Array.from({ length: 1 + pick(random, 3) }, () => (random() < 0.5 ? all() : simple())) };
  }
}

test('decides traces by conditions however they are combined, as the plain twin does', () => {
  const random = seeded(5);
  const seen = new Set<string>();
  for (let round = 0; round < 30; round++) {
    const [when, first, second, third] = [0, 1, 2, 3].map(() => anyCondition(random));
    if (when === undefined || first === undefined || second === undefined || third === undefined) return;
    const policies = [
      { name: 'first', ...first, if: third },
      { name: 'second', ...second },
      { name: 'never', type: 'drop', when: { type: 'and', of: [{ type: 'span_count', min: 4 }] }, if: when },
    ];
    const expectedOf = (spans: readonly DecodedSpan[]): string => {
      if (spans.length >= 4 && holds(when, spans)) return 'never';
      if (holds(first, spans) && holds(third, spans)) return 'first';
      return holds(second, spans) ? 'second' : 'none';
    };
    const intake = testIntake();
    const sampler = createSampler(sampleConfig.parse({ policies }).policies, seeded(1));
    const options = { sampler, decisionWaitMs: 10, afterRootMs: 10, maxPendingBytes: 2 ** 40, maxDecisions: 1000 };
    const buffer = new TraceBuffer({ ...options, seed: 1 }, intake.arena, intake.contexts, () => {});
    for (const spans of traffic({ ...SHAPE, traces: 40, seed: round })) {
      const body = bodyOf(spans);
      expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
      buffer.add(intake.batch, 0);
      buffer.tick(10);
      const id = spans[0]?.traceId ?? Buffer.alloc(16);
      const words = [id.readUInt32BE(0), id.readUInt32BE(4), id.readUInt32BE(8), id.readUInt32BE(12)] as const;
      const { policy, kept } = buffer.ledger.read(buffer.ledger.find(...words));
      const name = sampler.policies[policy]?.name ?? 'none';
      const expected = expectedOf(decodeBody(body));
      expect(name, JSON.stringify([policies, decodeBody(body)])).toBe(expected);
      expect(kept).toBe(name === 'first' || name === 'second');
      seen.add(name);
    }
  }
  expect([...seen].sort()).toEqual(['first', 'never', 'none', 'second']);
});
