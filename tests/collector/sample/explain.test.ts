import { expect, it } from 'vitest';
import { type PolicyConfig, policies as policiesSchema } from '../../../collector/src/sample/policy-config.ts';
import { explain } from '../../../collector/src/sample/explain.ts';
import type { DecisionRecord } from '../../../collector/src/sample/ledger.ts';
import { thresholdOf } from '../../../collector/src/otlp/trace-state.ts';
import { OUTSIDE_SHARE } from '../../support/decision-record.ts';

const SHARE = thresholdOf(0.1);
const DEFAULTS = policiesSchema.parse(undefined);

/** A healthy trace of which the share of a tenth was not kept. */
const HEALTHY: DecisionRecord = {
  ...OUTSIDE_SHARE,
  thresholdHigh: SHARE.high,
  thresholdLow: SHARE.low,
  randomHigh: 0x3fa0123,
  randomLow: 0x4567890,
};

const FORCED = { thresholdHigh: 0, thresholdLow: 0, kept: true };

function parse(configs: readonly object[]): PolicyConfig[] {
  return policiesSchema.parse(configs.map((config, i) => ({ name: `p${i}`, ...config })));
}

it('says of a dropped trace what each policy made of it', () => {
  const { summary, policies, decision } = explain(DEFAULTS, HEALTHY);
  expect(summary).toBe(
    'Dropped: no policy kept it; share kept the largest share: randomness 3fa0… is below threshold e666 (keeps 10 %). It was decided some time after its root span.',
  );
  expect(policies).toEqual([
    { name: 'errors', type: 'status', finding: 'silent', decided: false, text: 'none of its spans failed' },
    {
      name: 'slow',
      type: 'latency',
      finding: 'silent',
      decided: false,
      text: 'its longest entry span took 230 ms, not more than 1 s',
    },
    {
      name: 'share',
      type: 'probabilistic',
      finding: 'below',
      decided: true,
      text: 'randomness 3fa0… is below threshold e666 (keeps 10 %)',
    },
    {
      name: 'violation',
      type: 'violation',
      finding: 'silent',
      decided: false,
      text: 'its operation was not in violation',
    },
  ]);
  expect(decision).toMatchObject({
    kept: false,
    policy: 'share',
    threshold: 'e666',
    randomness: '3fa01234567890',
    explicitRandomness: false,
    spanCount: 12,
    rootMs: 230,
    decidedMs: 1_800_000_000_000,
  });
  expect(decision.ratio).toBeCloseTo(0.1, 4);
  expect(decision.keptFromRatio).toBeCloseTo(1 - 0x3fa0 / 2 ** 16, 4);
});

it('sums a decision up in one sentence', () => {
  const check = (change: Partial<DecisionRecord>, summary: string, configs = DEFAULTS): void => {
    expect(explain(configs, { ...HEALTHY, ...change }).summary).toContain(summary);
  };
  check({ ...FORCED, policy: 0, hasError: true }, 'Kept by errors: it has an error span. ');
  check(
    { ...FORCED, policy: 1, longestEntryMs: 90_000, cause: 'wait' },
    'Kept by slow: its longest entry span took 90 s, more than 1 s. It was decided after the longest wait.',
  );
  check(
    { kept: true, randomHigh: 0xf000000 },
    'Kept by share: randomness f000… is not below threshold e666 (keeps 10 %). ',
  );
  check({ policy: -1, thresholdHigh: 0, thresholdLow: 0 }, 'Dropped: no policy had a say. ');
  const capped = { policy: 0, hasError: true, capped: true, thresholdHigh: 0xf000000, thresholdLow: 0 };
  check(
    capped,
    'Dropped by the hard caps, though errors keeps it: it has an error span; randomness 3fa0… is below threshold f (keeps 6.25 %, down from 100 % by the hard caps). ',
  );
  check(
    { thresholdHigh: 0xff00000, thresholdLow: 0 },
    'share kept the largest share: randomness 3fa0… is below threshold ff (keeps 0.391 %, down from 10 % by the budget or overload). ',
  );
  const dropping = parse([{ type: 'drop', when: { type: 'span_count', max: 20 } }, { type: 'status' }]);
  check({ policy: 0, drops: true }, 'Dropped by p0: it has 12 spans, at most 20. ', dropping);
  check({ ...FORCED, policy: 9 }, 'Kept by a policy that is not configured any more. ');
  for (const [cause, text] of [
    ['error', 'some time after its first error'],
    ['budget', 'early, to free memory'],
    ['size', 'at once, because it had grown too large'],
    ['stop', 'when the sidecar stopped'],
  ] as const)
    check({ cause }, `It was decided ${text}.`);
});

it('says what is true of the trace, whether a condition holds or not', () => {
  const check = (condition: object, change: Partial<DecisionRecord>, expected: [boolean, string]): void => {
    const [finding] = explain(parse([condition]), { ...HEALTHY, policy: -1, ...change }).policies;
    expect([finding?.finding === 'keeps', finding?.text]).toEqual(expected);
  };
  check({ type: 'duration', min: '1s' }, {}, [false, 'its root span took 230 ms, not at least 1 s']);
  check({ type: 'duration', min: '1s' }, { rootMs: 1500 }, [true, 'its root span took 1.5 s, at least 1 s']);
  check({ type: 'duration', min: '1s' }, { rootMs: -1 }, [false, 'no root span had come']);
  check({ type: 'duration', min: '10ms', max: '1s' }, {}, [true, 'its root span took 230 ms, from 10 ms to 1 s']);
  check({ type: 'span_count', min: 20 }, {}, [false, 'it has 12 spans, not at least 20']);
  check({ type: 'span_count', min: 1 }, { spanCount: 1 }, [true, 'it has 1 span, at least 1']);
  const text = { type: 'string_attribute', key: 'tenant', values: ['a', 'b'] };
  check(text, { matched: 1 }, [true, 'a span has a text tenant of "a" or "b"']);
  check(text, {}, [false, 'no span has a text tenant of "a" or "b"']);
  check({ ...text, invert: true }, {}, [true, 'no span has a text tenant of "a" or "b"']);
  check({ ...text, invert: true }, { matched: 1 }, [false, 'a span has a text tenant of "a" or "b"']);
  check({ type: 'string_attribute', key: 'k', pattern: '^x+$' }, {}, [false, 'no span has a text k matching ^x+$']);
  check({ type: 'numeric_attribute', key: 'http.status', min: 500 }, {}, [
    false,
    'no span has a number http.status at least 500',
  ]);
  check({ type: 'boolean_attribute', key: 'debug' }, { matched: 1 }, [true, 'a span has debug = true']);
  check({ type: 'trace_flags' }, {}, [false, 'no span has its sampled flag set']);
  check({ type: 'service', names: ['a', 'b', 'c', 'd', 'e'] }, {}, [
    false,
    'no span is of service "a" or "b" or "c" or 2 more',
  ]);
  check({ type: 'operation', names: ['GET /'] }, { matched: 1 }, [true, 'an entry span is named "GET /"']);
  check({ type: 'not', of: { type: 'status' } }, {}, [true, 'none of its spans failed']);
  const both = { type: 'and', of: [{ type: 'status' }, { type: 'span_count', min: 5 }] };
  check(both, {}, [false, 'none of its spans failed']);
  check(both, { hasError: true }, [true, 'it has an error span, and it has 12 spans, at least 5']);
  const either = { type: 'or', of: [{ type: 'status' }, { type: 'span_count', min: 5 }] };
  check(either, {}, [true, 'it has 12 spans, at least 5']);
});

it('knows which matched bit belongs to which condition, where conditions share them too', () => {
  const service = { type: 'service', names: ['shop'] };
  const debug = { type: 'boolean_attribute', key: 'debug' };
  const configs = parse([
    { type: 'drop', when: debug, if: service },
    { type: 'and', of: [service, { type: 'trace_flags' }] },
    { type: 'status', if: { type: 'operation', names: ['GET /'] } },
  ]);
  const holds = (matched: number): string[] =>
    explain(configs, { ...HEALTHY, policy: -1, hasError: true, matched })
      .policies.filter(({ finding }) => finding !== 'silent')
      .map(({ name }) => name);
  // In the order in which they are met: debug 1, service 2, flags 4, operation 8.
  expect(holds(0)).toEqual([]);
  expect(holds(1)).toEqual([]);
  expect(holds(3)).toEqual(['p0']);
  expect(holds(6)).toEqual(['p1']);
  expect(holds(8)).toEqual(['p2']);
  expect(holds(15)).toEqual(['p0', 'p1', 'p2']);
});

it('says so where a policy has no say, and combines a condition with a share', () => {
  const configs = parse([
    { type: 'status', if: { type: 'span_count', min: 100 } },
    { type: 'latency', over: '10ms', ratio: 0.5 },
  ]);
  const { policies } = explain(configs, { ...HEALTHY, policy: 1, thresholdHigh: 0x8000000, thresholdLow: 0 });
  expect(policies.map(({ finding, text }) => [finding, text])).toEqual([
    ['silent', 'it has no say here: it has 12 spans, not at least 100'],
    [
      'below',
      'its longest entry span took 230 ms, more than 10 ms; randomness 3fa0… is below threshold 8 (keeps 50 %)',
    ],
  ]);
});

it('tells of policies that learn what the decision shows', () => {
  const configs = parse([
    { type: 'relative_latency' },
    { type: 'floor', traces: 3 },
    { type: 'new_path', within: '10m' },
    { type: 'by_key' },
    { type: 'service', names: ['shop'] },
  ]);
  const check = (change: Partial<DecisionRecord>, expected: [number, string, string][]): void => {
    const { policies } = explain(configs, { ...HEALTHY, policy: -1, ...change });
    for (const [i, finding, text] of expected)
      expect([policies[i]?.finding, policies[i]?.text]).toEqual([finding, text]);
  };
  const zero = { kept: true, thresholdHigh: 0, thresholdLow: 0 };
  check({ ...zero, policy: 1 }, [
    [0, 'silent', 'no entry span was slow for its own operation; its longest entry span took 230 ms'],
    [1, 'keeps', 'it was among the first 3 of its key in a minute'],
    [2, 'unknown', 'what it had learned by then is not remembered'],
  ]);
  check({ ...zero, policy: 2 }, [[2, 'keeps', 'it was the first of its path in 10 min']]);
  // The service condition has the first bit, though it comes last.
  check({ ...zero, policy: 0, matched: 2 }, [
    [0, 'keeps', 'an entry span was slow for its own operation; its longest entry span took 230 ms'],
    [4, 'silent', 'no span is of service "shop"'],
  ]);
  check({ policy: 3, thresholdHigh: 0x8000000, thresholdLow: 0 }, [
    [1, 'silent', 'it was not among the first 3 of its key in a minute'],
    [2, 'silent', 'it was not the first of its path in 10 min'],
    [3, 'below', 'its key was kept at this share; randomness 3fa0… is below threshold 8 (keeps 50 %)'],
  ]);
  check({ ...zero, policy: 3 }, [[3, 'keeps', 'its key was kept at this share']]);
  const linked = { ...HEALTHY, kept: true, linked: true, policy: -1, thresholdHigh: 0x123, thresholdLow: 0x4567 };
  expect(explain(configs, linked).summary).toContain(
    'Kept because a kept trace links to it: the one whose id ends in 00001230004567. ',
  );
  expect(explain(configs, { ...HEALTHY, ...zero, policy: -1 }).summary).toContain(
    'Kept because somebody asked to keep it. ',
  );
});

it('tells which part of a composite policy a trace belonged to', () => {
  const composite = {
    type: 'composite',
    spans_per_second: 10,
    parts: [
      { name: 'checkout', when: { type: 'service', names: ['checkout'] }, share: 0.5 },
      { when: { type: 'span_count', min: 50 }, share: 0.3 },
    ],
  };
  const check = (change: Partial<DecisionRecord>, finding: string, text: string, config: object = composite): void => {
    const { policies } = explain(parse([config, { type: 'status' }]), { ...HEALTHY, ...change });
    expect([policies[0]?.finding, policies[0]?.text]).toEqual([finding, text]);
  };
  const half = { policy: 0, thresholdHigh: 0x8000000, thresholdLow: 0 };
  const below = 'randomness 3fa0… is below threshold 8 (keeps 50 %)';
  check({ ...half, matched: 1 }, 'below', `it belongs to checkout: a span is of service "checkout"; ${below}`);
  check({ ...half, spanCount: 50 }, 'below', `it belongs to part 2: it has 50 spans, at least 50; ${below}`);
  check({ ...half }, 'below', `it belongs to the rest; ${below}`, { ...composite, rest: 0.2 });
  check(
    { policy: 1, matched: 1 },
    'unknown',
    'it belongs to checkout: a span is of service "checkout"; what share it had by then is not remembered',
  );
  check({ policy: 1 }, 'silent', 'it belongs to none of its parts');
  check({ ...FORCED, policy: 0, matched: 1 }, 'keeps', 'it belongs to checkout: a span is of service "checkout"');
});

it('says which of the configured waits ended the waiting', () => {
  const known = { waits: ['batch', 'failed'] };
  const check = (change: Partial<DecisionRecord>, text: string, wait?: string): void => {
    const { summary, decision } = explain(DEFAULTS, { ...HEALTHY, ...change }, known);
    expect(summary).toContain(`It was decided ${text}.`);
    expect(decision.wait).toBe(wait);
  };
  check({ cause: 'root', wait: 0 }, 'some time after its root span, as the wait batch says', 'batch');
  check(
    { cause: 'match', wait: 1 },
    'some time after a wait of its own came to apply, as the wait failed says',
    'failed',
  );
  check({ cause: 'wait', wait: -1 }, 'after the longest wait');
  check({ cause: 'wait', wait: 7 }, 'after the longest wait');
});
