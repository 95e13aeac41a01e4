import { expect, test } from 'vitest';
import { sampleConfig } from '../../../collector/src/sample/config.ts';
import type { TraceFacts } from '../../../collector/src/sample/facts.ts';
import type { PolicyConfig } from '../../../collector/src/sample/policy-config.ts';
import { judge, type PolicyClass, verdict } from '../../../collector/src/sample/sampler.ts';
import { formatThreshold } from '../../../collector/src/otlp/trace-state.ts';
import { facts } from '../../support/facts.ts';
import { testSampler } from '../../support/sampler.ts';

interface Row {
  /** As an operator writes it, without name and type. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly class: PolicyClass;
  readonly drops?: boolean;
  /** Facts on which the policy has a say, and the threshold it then names. */
  readonly says: readonly (readonly [Partial<TraceFacts>, string])[];
  /** Facts on which it has none. */
  readonly silent: readonly Partial<TraceFacts>[];
}

/** A policy that depends on single spans: its one matcher has bit 0. */
const MATCHED: Pick<Row, 'class' | 'says' | 'silent'> = {
  class: 'forced',
  says: [
    [{ matched: 1 }, '0'],
    [{ matched: 3 }, '0'],
  ],
  silent: [{}, { matched: 2 }, { hasError: true, longestEntryMs: 1e9 }],
};

const FAILED = { type: 'status', status: 'error' };
const SLOW = { type: 'latency', over: '1s' };

/** What every policy type does. A type without a row does not compile. */
const CONFORMANCE: { readonly [T in PolicyConfig['type']]: Row } = {
  status: {
    config: { status: 'error' },
    class: 'forced',
    says: [[{ hasError: true }, '0']],
    silent: [{}, { longestEntryMs: 1e9 }],
  },
  latency: {
    config: { over: '1s' },
    class: 'forced',
    says: [
      [{ longestEntryMs: 1000.000001 }, '0'],
      [{ longestEntryMs: 1e9 }, '0'],
    ],
    silent: [{}, { longestEntryMs: 1000 }, { hasError: true }, { rootMs: 1e9 }],
  },
  duration: {
    config: { min: '1s', max: '2s' },
    class: 'forced',
    says: [
      [{ rootMs: 1000 }, '0'],
      [{ rootMs: 2000 }, '0'],
    ],
    silent: [{}, { rootMs: 999.999 }, { rootMs: 2000.001 }, { rootMs: -1 }, { longestEntryMs: 1500 }],
  },
  span_count: {
    config: { min: 10, max: 11 },
    class: 'forced',
    says: [
      [{ spanCount: 10 }, '0'],
      [{ spanCount: 11 }, '0'],
    ],
    silent: [{}, { spanCount: 9 }, { spanCount: 12 }],
  },
  numeric_attribute: { config: { key: 'http.response.status_code', min: 400, max: 499 }, ...MATCHED },
  string_attribute: { config: { key: 'http.route', values: ['/pay'] }, ...MATCHED },
  boolean_attribute: { config: { key: 'app.cache.hit', value: false }, ...MATCHED },
  trace_flags: { config: { sampled: true }, ...MATCHED },
  service: { config: { names: ['checkout'] }, ...MATCHED },
  operation: { config: { names: ['POST /pay'] }, ...MATCHED },
  not: {
    config: { of: FAILED },
    class: 'forced',
    says: [[{}, '0']],
    silent: [{ hasError: true }],
  },
  and: {
    config: { of: [FAILED, { type: 'not', of: SLOW }], ratio: 0.5 },
    class: 'rest',
    says: [[{ hasError: true, longestEntryMs: 1000 }, '8']],
    silent: [{}, { hasError: true, longestEntryMs: 1001 }, { longestEntryMs: 1001 }],
  },
  or: {
    config: { of: [FAILED, { type: 'and', of: [SLOW, { type: 'span_count', max: 5 }] }] },
    class: 'forced',
    says: [
      [{ hasError: true }, '0'],
      [{ longestEntryMs: 1001, spanCount: 5 }, '0'],
    ],
    silent: [{}, { longestEntryMs: 1001, spanCount: 6 }],
  },
  drop: {
    config: { when: FAILED },
    class: 'forced',
    drops: true,
    says: [[{ hasError: true }, '0']],
    silent: [{}],
  },
  probabilistic: {
    config: { ratio: 0.1 },
    class: 'rest',
    says: [
      [{}, 'e666'],
      [{ hasError: true, longestEntryMs: 1e9 }, 'e666'],
    ],
    silent: [],
  },
  // What those that learn say before they have seen any traffic.
  by_key: { config: { traces_per_second: 0.001 }, class: 'rest', says: [[{}, '0']], silent: [] },
  floor: { config: { traces: 1 }, class: 'floor', says: [[{}, '0']], silent: [] },
  new_path: { config: { within: '1h' }, class: 'floor', says: [[{}, '0']], silent: [] },
  // Told of no violation it has no say; see its own test.
  violation: { config: {}, class: 'rest', says: [], silent: [{}, { hasError: true }] },
  relative_latency: { config: { min_samples: 100 }, ...MATCHED },
  composite: {
    config: { spans_per_second: 10, parts: [{ when: FAILED, share: 0.5 }] },
    class: 'rest',
    says: [[{ hasError: true }, '0']],
    silent: [{}],
  },
};

/** Evaluates the only policy of a configuration; its threshold as text, undefined where it has no say. */
function evaluate(config: Readonly<Record<string, unknown>>, change: Partial<TraceFacts>): string | undefined {
  const [policy] = testSampler([{ name: 'one', ...config }]).policies;
  const answer = policy?.evaluate(facts(change));
  return answer === undefined ? undefined : formatThreshold(answer);
}

test('evaluates every policy type as its row says', () => {
  for (const [type, row] of Object.entries(CONFORMANCE)) {
    const [policy] = testSampler([{ name: 'one', type, ...row.config }]).policies;
    expect([policy?.name, policy?.class, policy?.drops ?? false], type).toEqual(['one', row.class, row.drops ?? false]);
    for (const [change, threshold] of row.says)
      expect(evaluate({ type, ...row.config }, change), `${type} ${JSON.stringify(change)}`).toBe(threshold);
    for (const change of row.silent)
      expect(evaluate({ type, ...row.config }, change), `${type} ${JSON.stringify(change)}`).toBeUndefined();
  }
});

test('has a say only where the condition under `if` holds, whatever the type', () => {
  for (const [type, { config, says }] of Object.entries(CONFORMANCE)) {
    for (const [change, threshold] of says) {
      const restricted = { type, ...config, if: { type: 'span_count', max: 1000 } };
      expect(evaluate(restricted, change), type).toBe(threshold);
      expect(evaluate({ ...restricted, if: { type: 'span_count', min: 1000 } }, change), type).toBeUndefined();
    }
  }
});

test('keeps a share of what a condition holds for where a ratio is given', () => {
  const check = (ratio: number, expected: string, expectedClass: PolicyClass): void => {
    const [policy] = testSampler([{ name: 'some', ...FAILED, ratio }]).policies;
    expect([policy?.class, evaluate({ ...FAILED, ratio }, { hasError: true })]).toEqual([expectedClass, expected]);
    expect(evaluate({ ...FAILED, ratio }, {})).toBeUndefined();
  };
  check(1, '0', 'forced');
  check(0.5, '8', 'rest');
  check(0.25, 'c', 'rest');
});

test('holds `invert` for traces in which no span matches', () => {
  const config = { type: 'string_attribute', key: 'user.tier', values: ['free'], invert: true };
  expect(evaluate(config, { matched: 1 })).toBeUndefined();
  expect(evaluate(config, { matched: 0 })).toBe('0');
});

test('looks for the same thing once, however often it is asked for', () => {
  const paid = { type: 'string_attribute', key: 'tier', values: ['paid'] };
  const { matchers, policies } = testSampler([
    { name: 'a', ...paid },
    { name: 'b', ...paid, invert: true, if: { type: 'service', names: ['shop'] } },
    { name: 'c', type: 'or', of: [paid, { type: 'service', names: ['shop'] }] },
    { name: 'd', type: 'drop', when: { type: 'not', of: { ...paid, on: 'span' } } },
  ]);
  expect(matchers).toHaveLength(3);
  const said = (matched: number): boolean[] =>
    policies.map((policy) => policy.evaluate(facts({ matched })) !== undefined);
  expect(said(0b000)).toEqual([false, false, false, true]);
  expect(said(0b001)).toEqual([true, false, true, true]);
  expect(said(0b010)).toEqual([false, true, true, true]);
  expect(said(0b111)).toEqual([true, false, true, false]);
});

test('gives bits to conditions by configuration alone, whatever else looks at spans', () => {
  const paid = { type: 'string_attribute', key: 'tier', values: ['paid'] };
  const { policies, matchers } = testSampler([
    { name: 'slow', type: 'relative_latency' },
    { name: 'paid', ...paid, if: { type: 'service', names: ['shop'] } },
  ]);
  expect(matchers).toHaveLength(3);
  expect(policies[1]?.evaluate(facts({ matched: 0b011 }))).toBeDefined();
  expect(policies[1]?.evaluate(facts({ matched: 0b101 }))).toBeUndefined();
});

/** Judges a trace by policies as written. */
function verdictOn(
  policies: readonly Readonly<Record<string, unknown>>[],
  change: Partial<TraceFacts> = {},
): { policy: string | undefined; threshold: string; drops: boolean } {
  const sampler = testSampler(policies);
  judge(sampler.policies, facts(change));
  return {
    policy: sampler.policies[verdict.policy]?.name,
    threshold: formatThreshold(verdict.threshold),
    drops: verdict.drops,
  };
}

test('lets the lowest threshold decide, and the first listed where two are equal', () => {
  const check = (change: Partial<TraceFacts>, policy: string, threshold: string): void => {
    const policies = [
      { name: 'tenth', type: 'probabilistic', ratio: 0.1 },
      { name: 'slow', ...SLOW },
      { name: 'errors', ...FAILED },
      { name: 'half', type: 'probabilistic', ratio: 0.5 },
      { name: 'also-half', type: 'probabilistic', ratio: 0.5 },
    ];
    expect(verdictOn(policies, change)).toEqual({ policy, threshold, drops: false });
  };
  check({}, 'half', '8');
  check({ hasError: true }, 'errors', '0');
  check({ hasError: true, longestEntryMs: 5000 }, 'slow', '0');
});

test('lets the class that caps fill first decide where thresholds are equal, wherever it is listed', () => {
  const all = { name: 'all', type: 'probabilistic', ratio: 1 };
  const floor = { name: 'floor', type: 'floor' };
  const errors = { name: 'errors', ...FAILED };
  const check = (policies: readonly Readonly<Record<string, unknown>>[], hasError: boolean, expected: string): void => {
    expect(verdictOn(policies, { hasError }).policy).toBe(expected);
    expect(verdictOn(policies.toReversed(), { hasError }).policy).toBe(expected);
  };
  check([all, floor, errors], true, 'errors');
  check([all, floor, errors], false, 'floor');
  check([all, errors], false, 'all');
});

test('lets an explicit drop win, wherever it is listed, and the first of two', () => {
  const errors = { name: 'errors', ...FAILED };
  const health = { name: 'health', type: 'drop', when: { type: 'operation', names: ['GET /health'] } };
  const short = { name: 'short', type: 'drop', when: { type: 'span_count', max: 1 } };
  const check = (policies: readonly object[], expected: string | undefined): void => {
    const change = { hasError: true, matched: 1, spanCount: 1 };
    const { policy, drops } = verdictOn(policies as Readonly<Record<string, unknown>>[], change);
    expect([policy, drops]).toEqual([expected, expected !== 'errors']);
  };
  check([health, errors], 'health');
  check([errors, health], 'health');
  check([errors, short, health], 'short');
  check([errors, { ...short, if: { type: 'not', of: FAILED } }], 'errors');
});

test('names no policy where none has a say', () => {
  expect(verdictOn([{ name: 'errors', ...FAILED }])).toMatchObject({ policy: undefined, drops: false });
});

test('keeps errors, slow traces, a tenth of the rest and half of what is in violation unless configured', () => {
  expect(sampleConfig.parse({}).policies).toMatchObject([
    { name: 'errors', type: 'status', status: 'error', ratio: 1 },
    { name: 'slow', type: 'latency', over: 1000, ratio: 1 },
    { name: 'share', type: 'probabilistic', ratio: 0.1 },
    { name: 'violation', type: 'violation', ratio: 0.5 },
  ]);
});
