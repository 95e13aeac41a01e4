// A trace buffer between a real intake and a decoder, with spans made to measure.
import { expect } from 'vitest';
import { SpanEncoder } from '../../collector/src/otlp/encode.ts';
import { TraceBuffer, type TraceBufferOptions } from '../../collector/src/sample/trace-buffer.ts';
import type { TraceIntake } from '../../collector/src/receive/trace-intake.ts';
import { decodeBody } from './decoded.ts';
import { testIntake } from './intake.ts';
import { testSampler } from './sampler.ts';
import { bodyOf, type TestSpan, traffic } from './traffic.ts';

const KEEP_HALF = [
  { name: 'errors', type: 'status' },
  { name: 'slow', type: 'latency', over: '1s' },
  { name: 'share', type: 'probabilistic', ratio: 0.5 },
] as const;

/** Trace ids by their randomness: the first digit of the last seven bytes decides against a threshold of 8. */
export const LOW = 0x10;
export const HIGH = 0x90;

interface Kept {
  readonly traceId: string;
  readonly policy: string;
  readonly late: boolean;
  readonly spans: string[];
  readonly states: (string | undefined)[];
}

interface Scene {
  readonly intake: TraceIntake;
  readonly buffer: TraceBuffer;
  readonly kept: Kept[];
  add(nowMs: number, ...spans: TestSpan[]): void;
}

export function scene(options: Partial<TraceBufferOptions> = {}): Scene {
  const intake = testIntake({ unsampled: ['shop'] });
  const encoder = new SpanEncoder();
  const kept: Kept[] = [];
  const buffer = new TraceBuffer(
    {
      sampler: testSampler(KEEP_HALF),
      decisionWaitMs: 30_000,
      afterRootMs: 6000,
      maxPendingBytes: 64 * 1024 * 1024,
      maxDecisions: 1000,
      seed: 5,
      ...options,
    },
    intake.arena,
    intake.contexts,
    (batch) => {
      for (let t = 0; t < batch.traceCount; t++) {
        const [from = 0, to = 0] = [batch.traceStart[t], batch.traceStart[t + 1]];
        const spans = decodeBody(encoder.encode(batch, from, to));
        kept.push({
          traceId: batch.traceIds[t] ?? '',
          policy: batch.policies[t] ?? '',
          late: batch.late[t] ?? false,
          spans: spans.map((each) => each.span.name ?? ''),
          states: spans.map((each) => each.span.traceState),
        });
      }
    },
  );
  return {
    intake,
    buffer,
    kept,
    add(nowMs, ...spans) {
      const body = bodyOf(spans);
      expect(intake.take([body], body.length, nowMs, nowMs)).toBe('accepted');
      buffer.add(intake.batch, nowMs);
    },
  };
}

const ROOT_PARENT = Buffer.alloc(0);
const [[model] = []] = traffic({ seed: 1, traces: 1, maxSpans: 1, attributes: 3 });

/** A span of trace `n`; not a root unless it says so. */
export function span(n: number, randomness: number, change: Partial<TestSpan> = {}): TestSpan {
  if (model === undefined) throw new Error('no span');
  const traceId = Buffer.alloc(16, n);
  traceId[9] = randomness;
  const times = { startNs: 1_000_000_000n, endNs: 1_005_000_000n };
  const parentSpanId = Buffer.alloc(8, 9);
  return {
    ...model,
    ...times,
    service: 'shop',
    kind: 1,
    statusCode: 0,
    traceId,
    parentSpanId,
    name: `span ${n}`,
    ...change,
  };
}

/** Links of a span to traces, as `change` takes them. */
export function linksTo(...traceIds: readonly Uint8Array[]): Pick<TestSpan, 'more'> {
  return { more: { links: traceIds.map((traceId) => ({ traceId, spanId: Buffer.alloc(8, 1) })) } };
}

export function root(n: number, randomness: number, change: Partial<TestSpan> = {}): TestSpan {
  return span(n, randomness, { kind: 2, parentSpanId: ROOT_PARENT, name: `root ${n}`, ...change });
}
