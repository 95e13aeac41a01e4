// Single spans for tests that care about a few of their properties only.
import { createHash } from 'node:crypto';
import type { TestSpan } from './traffic.ts';

/** What a test may say of a span; the rest is plain. */
export interface SpanShape {
  readonly service?: string;
  readonly name?: string;
  /** Any text: spans of one text are of one trace. Or 32 hexadecimal digits, taken as they are. */
  readonly trace?: string;
  readonly durationMs?: number;
  readonly startMs?: number;
  readonly error?: boolean;
  readonly kind?: number;
  /** Has a parent elsewhere, so it is no root. */
  readonly child?: boolean;
  readonly traceState?: string;
}

let made = 0;

/** A root span of kind SERVER that takes 5 ms, unless said otherwise; its span id is new. */
export function testSpan(shape: SpanShape = {}): TestSpan {
  const { service = 'shop', name = 'GET /cart', trace = `trace ${made}`, durationMs = 5, kind = 2 } = shape;
  const startNs = BigInt(shape.startMs ?? 1_800_000_000_000) * 1_000_000n;
  return {
    service,
    name,
    kind,
    traceId: traceIdOf(trace),
    spanId: createHash('sha256').update(`span ${made++}`).digest().subarray(0, 8),
    parentSpanId: shape.child === true ? Buffer.from('00f067aa0ba902b7', 'hex') : Buffer.alloc(0),
    ...(shape.traceState === undefined ? {} : { traceState: shape.traceState }),
    startNs,
    endNs: startNs + BigInt(Math.round(durationMs * 1e6)),
    statusCode: shape.error === true ? 2 : 0,
    attributes: [],
  };
}

/** The trace id that a text stands for. */
export function traceIdOf(trace: string): Buffer {
  if (/^[0-9a-f]{32}$/.test(trace)) return Buffer.from(trace, 'hex');
  return createHash('sha256').update(trace).digest().subarray(0, 16);
}

/**
 * Tells whether a sampling ratio of a power of two keeps a trace id: its low 56 bits are its randomness.
 * @see OpenTelemetry specification, TraceState: Probability Sampling
 */
export function isInShare(traceId: Buffer, ratio: number): boolean {
  const random = BigInt(`0x${traceId.subarray(9).toString('hex')}`);
  return random >= 2n ** 56n - BigInt(ratio * 2 ** 56);
}
