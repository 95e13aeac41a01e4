// Consistent samplers against what they promise, and against the code by which the collector reads thresholds.
import { createTraceState, ROOT_CONTEXT, SpanKind, trace, TraceFlags, type TraceState } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import * as collector from '../../../collector/src/otlp/trace-state.ts';
import { composableAlwaysOff, composableAlwaysOn, composableRuleBased } from '../../../sdk/src/sample/composable.ts';
import {
  createCompositeSampler,
  createConsistentProbabilitySampler,
  createParentConsistentSampler,
} from '../../../sdk/src/sample/consistent-probability.ts';
import { adjustedCount, formatThreshold, thresholdOf } from '../../../sdk/src/sample/threshold.ts';
import { createAlwaysRecordSampler } from '../../../sdk/src/sample/always-record.ts';
import { pick, randomBytes, seeded } from '../../support/random.ts';

const RATIOS = [1, 0.5, 0.1, 0.013, 1e-4, 1e-9, 2 ** -56];
const SPAN_ID = '00f067aa0ba902b7';

interface Parent {
  readonly state?: string;
  readonly isSampled?: boolean;
}

function sample(sampler: Sampler, traceId: string, parent?: Parent, name = 'op', kind = SpanKind.SERVER) {
  const context =
    parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId,
          spanId: SPAN_ID,
          traceFlags: (parent.isSampled ?? true) ? TraceFlags.SAMPLED : TraceFlags.NONE,
          ...(parent.state !== undefined && { traceState: createTraceState(parent.state) }),
        });
  const result = sampler.shouldSample(context, traceId, name, kind, { 'http.route': '/a', n: [1, 2] }, []);
  return { isKept: result.decision === 2, decision: result.decision, state: textOf(result.traceState) };
}

function textOf(state: TraceState | undefined): string | undefined {
  return state?.serialize();
}

function* traceIds(seed: number, count: number): Generator<string> {
  const random = seeded(seed);
  for (let i = 0; i < count; i++) yield randomBytes(random, 16).toString('hex');
}

/** What the collector makes of a tracestate. */
function asCollectorReads(state: string) {
  const bytes = Buffer.from(state);
  collector.readOtState(bytes, 0, bytes.length);
  return { ...collector.otState };
}

describe('thresholds', () => {
  it('are those of the collector, and stand for as many spans', () => {
    const random = seeded(3);
    for (let i = 0; i < 2000; i++) {
      const ratio = i < RATIOS.length ? (RATIOS[i] ?? 1) : random() ** (1 + pick(random, 20));
      const threshold = thresholdOf(ratio) ?? '';
      const theirs = collector.thresholdOf(ratio);
      expect(formatThreshold(threshold)).toBe(collector.formatThreshold(theirs));
      expect(adjustedCount(threshold)).toBeCloseTo(collector.adjustedCount(theirs.high, theirs.low), 6);
    }
  });
});

describe('createConsistentProbabilitySampler', () => {
  it('keeps about the share it is asked for, each standing for as many as there were', () => {
    for (const ratio of [1, 0.5, 0.1, 0.013]) {
      const sampler = createConsistentProbabilitySampler(ratio);
      const count = 20_000;
      let kept = 0;
      let estimated = 0;
      for (const id of traceIds(11, count)) {
        const { isKept, state } = sample(sampler, id);
        if (!isKept) continue;
        kept++;
        const { thresholdHigh, thresholdLow } = asCollectorReads(state ?? '');
        estimated += collector.adjustedCount(thresholdHigh, thresholdLow);
      }
      // Five standard errors: the seed is fixed, so this either holds always or never.
      const error = 5 * Math.sqrt(count * ratio * (1 - ratio)) + 0.0001 * count;
      expect(Math.abs(kept - count * ratio)).toBeLessThanOrEqual(error);
      expect(Math.abs(estimated - count)).toBeLessThanOrEqual(error / ratio);
    }
  });

  it('agrees with the collector on every trace, by id and by rv', () => {
    const random = seeded(5);
    for (const id of traceIds(7, 1500)) {
      const ratio = random();
      const rv = randomBytes(random, 7).toString('hex');
      const threshold = collector.thresholdOf(ratio);
      for (const [digits, parent] of [[id.slice(18)], [rv, { state: `ot=rv:${rv}` }]] as const) {
        const high = Number.parseInt(digits.slice(0, 7), 16);
        const low = Number.parseInt(digits.slice(7), 16);
        const isBelow = collector.isBelow(high, low, threshold.high, threshold.low);
        expect(sample(createConsistentProbabilitySampler(ratio), id, parent).isKept).toBe(!isBelow);
      }
    }
  });

  it('keeps with a lower ratio only traces that a higher one keeps, whatever services call each other', () => {
    const samplers = RATIOS.map(createConsistentProbabilitySampler);
    for (const id of traceIds(13, 1500)) {
      let parent: Parent | undefined;
      let before = true;
      for (const sampler of samplers) {
        const { isKept, state } = sample(sampler, id, parent);
        if (isKept) expect(before).toBe(true);
        before = isKept;
        parent = { isSampled: isKept, ...(state !== undefined && { state }) };
      }
    }
  });

  it('keeps nothing of ratio 0 and everything of ratio 1', () => {
    for (const id of ['0'.repeat(31) + '1', 'F'.repeat(32), 'f'.repeat(32)]) {
      expect(sample(createConsistentProbabilitySampler(0), id).isKept).toBe(false);
      expect(sample(createConsistentProbabilitySampler(1), id)).toMatchObject({ isKept: true, state: 'ot=th:0' });
    }
  });

  it('reads ids in capital letters as the same numbers', () => {
    for (const id of traceIds(17, 200)) {
      const sampler = createConsistentProbabilitySampler(0.4);
      expect(sample(sampler, id.toUpperCase()).isKept).toBe(sample(sampler, id).isKept);
    }
  });
});

describe('the tracestate', () => {
  const half = createConsistentProbabilitySampler(0.5);
  const HIGH = 'f'.repeat(32);
  const LOW = '0'.repeat(31) + '1';
  const of = (state: string, id = HIGH): string | undefined => sample(half, id, { state }).state;

  it('keeps other members and other fields, ours in front', () => {
    expect(of('a=1,ot=th:c;rv:ffffffffffffff;x:y,b=2')).toBe('ot=th:8;rv:ffffffffffffff;x:y,a=1,b=2');
    expect(of('a=1')).toBe('ot=th:8,a=1');
    expect(of('ot=th:zz,a=1')).toBe('ot=th:8,a=1');
  });

  it('loses the threshold where the span is not kept', () => {
    expect(of('a=1,ot=th:c;rv:00000000000001', HIGH)).toBe('ot=rv:00000000000001,a=1');
    expect(of('ot=th:c,a=1', LOW)).toBe('a=1');
  });

  it('drops the oldest of 33 members, and what would make it longer than the API reads', () => {
    const many = Array.from({ length: 32 }, (_, i) => `k${i}=${i}`).join(',');
    expect(of(many)).toBe(`ot=th:8,${many.split(',').slice(0, 31).join(',')}`);
    const long = `a=${'v'.repeat(250)},b=${'w'.repeat(250)}`;
    expect(of(long)).toBe(`ot=th:8,a=${'v'.repeat(250)}`);
  });

  it('gives up foreign fields of ot before randomness where 256 characters are not enough', () => {
    const value = `th:c;x:${'y'.repeat(230)};rv:fffffffffffff0`;
    const tenth = createConsistentProbabilitySampler(0.1);
    expect(sample(tenth, HIGH, { state: `ot=${value}` }).state).toBe('ot=th:e666;rv:fffffffffffff0');
  });
});

describe('createParentConsistentSampler', () => {
  const tenth = createParentConsistentSampler(0.1);
  const HIGH = 'f'.repeat(32);
  const LOW = '0'.repeat(31) + '1';

  it('decides where a trace begins', () => {
    expect(sample(tenth, HIGH)).toMatchObject({ isKept: true, state: 'ot=th:e666' });
    expect(sample(tenth, LOW).isKept).toBe(false);
  });

  it('follows the parent and passes its threshold on', () => {
    expect(sample(tenth, HIGH, { state: 'ot=th:c,a=1' })).toMatchObject({ isKept: true, state: 'ot=th:c,a=1' });
    expect(sample(tenth, HIGH, { state: 'ot=th:0', isSampled: false })).toMatchObject({ isKept: false, state: '' });
    expect(sample(tenth, LOW, { isSampled: false }).isKept).toBe(false);
  });

  it('claims nothing where the parent does not say how it decided, or cannot have decided so', () => {
    expect(sample(tenth, LOW, {})).toMatchObject({ isKept: true, state: undefined });
    expect(sample(tenth, LOW, { state: 'a=1' })).toMatchObject({ isKept: true, state: 'a=1' });
    expect(sample(tenth, LOW, { state: 'ot=th:c,a=1' })).toMatchObject({ isKept: true, state: 'a=1' });
  });
});

describe('rules', () => {
  const sampler = createCompositeSampler(
    composableRuleBased(
      [
        { name: /^health/gy, sampler: 0 },
        { name: 'pay', kind: SpanKind.SERVER, sampler: composableAlwaysOn() },
        { fits: ({ parent, name }) => parent === undefined && name.length > 5, sampler: 0.75 },
        { attributes: { 'http.route': '/a', n: [1, 2] }, kind: SpanKind.CLIENT, sampler: 0.5 },
      ],
      composableAlwaysOff(),
    ),
  );
  const state = (name: string, kind?: SpanKind) => sample(sampler, 'f'.repeat(32), undefined, name, kind).state;

  it('go by name, kind, attributes or whatever else; the first that fits counts', () => {
    expect([
      state('health'),
      state('health'),
      state('pay'),
      state('pay', SpanKind.CLIENT),
      state('x'),
      state('longer'),
    ]).toEqual([undefined, undefined, 'ot=th:0', 'ot=th:8', undefined, 'ot=th:4']);
  });

  it('describe themselves', () => {
    expect(sampler.toString()).toBe(
      'CompositeSampler{RuleBased{Probability{0},AlwaysOn,Probability{0.75},Probability{0.5},AlwaysOff}}',
    );
  });
});

describe('createAlwaysRecordSampler', () => {
  const root = createConsistentProbabilitySampler(0.1);
  const sampler = createAlwaysRecordSampler(root);

  it('records what is not sampled, and changes nothing else', () => {
    for (const id of traceIds(23, 200)) {
      for (const parent of [undefined, { state: 'ot=th:c,a=1' }]) {
        const inner = sample(root, id, parent);
        expect(sample(sampler, id, parent)).toEqual({ ...inner, decision: inner.isKept ? 2 : 1 });
      }
    }
  });
});
