import { expect, test } from 'vitest';
import { type PolicyConfig, sampleConfig } from '../../../collector/src/sample/config.ts';
import { createPolicies, decide, type TraceFacts, verdict } from '../../../collector/src/sample/sampler.ts';
import { formatThreshold } from '../../../collector/src/otlp/trace-state.ts';

const QUIET: TraceFacts = { spanCount: 3, hasError: false, longestEntryMs: 5 };

interface Row {
  readonly config: PolicyConfig;
  /** Facts on which the policy has a say, and the threshold it then names. */
  readonly says: readonly (readonly [Partial<TraceFacts>, string])[];
  /** Facts on which it has none. */
  readonly silent: readonly Partial<TraceFacts>[];
}

/** What every policy type does. A type without a row does not compile. */
const CONFORMANCE: { readonly [T in PolicyConfig['type']]: Row } = {
  status: {
    config: { name: 'errors', type: 'status', status: 'error' },
    says: [[{ hasError: true }, '0']],
    silent: [{}, { longestEntryMs: 1e9 }],
  },
  latency: {
    config: { name: 'slow', type: 'latency', over: 1000 },
    says: [
      [{ longestEntryMs: 1000.000001 }, '0'],
      [{ longestEntryMs: 1e9 }, '0'],
    ],
    silent: [{}, { longestEntryMs: 1000 }, { hasError: true }],
  },
  probabilistic: {
    config: { name: 'share', type: 'probabilistic', ratio: 0.1 },
    says: [
      [{}, 'e666'],
      [{ hasError: true, longestEntryMs: 1e9 }, 'e666'],
    ],
    silent: [],
  },
};

test('evaluates every policy type as its row says', () => {
  for (const [type, { config, says, silent }] of Object.entries(CONFORMANCE)) {
    const [policy] = createPolicies([config]);
    expect(policy?.name, type).toBe(config.name);
    for (const [facts, threshold] of says) {
      const answer = policy?.evaluate({ ...QUIET, ...facts });
      expect(answer === undefined ? undefined : formatThreshold(answer), `${type} ${JSON.stringify(facts)}`).toBe(
        threshold,
      );
    }
    for (const facts of silent)
      expect(policy?.evaluate({ ...QUIET, ...facts }), `${type} ${JSON.stringify(facts)}`).toBeUndefined();
  }
});

test('has a row for every policy type the configuration takes, and for no other', () => {
  const types = sampleConfig.parse({}).policies.map(({ type }) => type);
  for (const type of types) expect(Object.keys(CONFORMANCE)).toContain(type);
  for (const { config } of Object.values(CONFORMANCE)) {
    const { success } = sampleConfig.safeParse({ policies: [asWritten(config)] });
    expect(success, config.type).toBe(true);
  }
  expect(sampleConfig.safeParse({ policies: [{ name: 'x', type: 'unheard_of' }] }).success).toBe(false);
});

/** The configuration as an operator writes it. */
function asWritten(config: PolicyConfig): object {
  return config.type === 'latency' ? { ...config, over: `${config.over}ms` } : config;
}

test('lets the lowest threshold decide, and the first listed where two are equal', () => {
  const check = (facts: Partial<TraceFacts>, randomHigh: number, expected: string | undefined): void => {
    const policies = createPolicies([
      { name: 'tenth', type: 'probabilistic', ratio: 0.1 },
      { name: 'slow', type: 'latency', over: 1000 },
      { name: 'errors', type: 'status', status: 'error' },
      { name: 'half', type: 'probabilistic', ratio: 0.5 },
    ]);
    const kept = decide(policies, { ...QUIET, ...facts }, randomHigh, 0);
    expect(kept ? policies[verdict.policy]?.name : undefined).toBe(expected);
  };
  check({}, 0x8000000, 'half');
  check({}, 0x7ffffff, undefined);
  check({}, 0xfffffff, 'half');
  check({ hasError: true }, 0, 'errors');
  check({ hasError: true, longestEntryMs: 5000 }, 0, 'slow');
});

test('compares randomness down to its last bit', () => {
  const policies = createPolicies([{ name: 'one third', type: 'probabilistic', ratio: 1 / 3 }]);
  expect(decide(policies, QUIET, 0xaaab000, 0)).toBe(true);
  expect(decide(policies, QUIET, 0xaaaafff, 0xfffffff)).toBe(false);
});

test('keeps nothing where no policy has a say', () => {
  const policies = createPolicies([{ name: 'errors', type: 'status', status: 'error' }]);
  expect(decide(policies, QUIET, 0xfffffff, 0xfffffff)).toBe(false);
  expect(verdict.policy).toBe(-1);
});
