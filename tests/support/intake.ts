// The collector's intake as tests drive it: fixed seeds, no duplicates unless asked for, and what came out in plain form.
import { SpanEncoder } from '../../collector/src/otlp/encode.ts';
import type { SpanBatch } from '../../collector/src/otlp/span-batch.ts';
import { MAX_DIMENSIONS } from '../../collector/src/otlp/span-batch.ts';
import { TraceIntake, type TraceIntakeOptions } from '../../collector/src/receive/trace-intake.ts';
import { seeded } from './random.ts';

export function testIntake(options: Partial<TraceIntakeOptions> = {}): TraceIntake {
  return new TraceIntake({
    unsampled: [],
    dimensions: [],
    duplicateWindowMs: 0,
    maxArenaBytes: 512 * 1024 * 1024,
    random: seeded(7),
    ...options,
  });
}

/** One row of a batch, read back as values. */
export interface Row {
  traceId: string;
  name: string;
  traceState: string;
  startNs: bigint;
  endNs: bigint;
  kind: number;
  status: number;
  flags: number;
  service: string;
  dimensions: string[];
}

export function rowsOf(batch: SpanBatch): Row[] {
  const { bytes } = batch.source;
  const text = (offset = 0, length = 0): string =>
    Buffer.from(bytes.subarray(offset, offset + length)).toString('utf8');
  const time = (high = 0, low = 0): bigint => (BigInt(high) << 32n) | BigInt(low);
  return Array.from({ length: batch.count }, (_, row) => ({
    traceId: [batch.trace0, batch.trace1, batch.trace2, batch.trace3]
      .map((word) => (word[row] ?? 0).toString(16).padStart(8, '0'))
      .join(''),
    name: text(batch.nameOffset[row], batch.nameLength[row]),
    traceState: text(batch.stateOffset[row], batch.stateLength[row]),
    startNs: time(batch.startHigh[row], batch.startLow[row]),
    endNs: time(batch.endHigh[row], batch.endLow[row]),
    kind: batch.kind[row] ?? 0,
    status: batch.status[row] ?? 0,
    flags: batch.flags[row] ?? 0,
    service: batch.contexts[batch.context[row] ?? 0]?.serviceName ?? '',
    dimensions: Array.from({ length: MAX_DIMENSIONS }, (__, d) => {
      const place = row * MAX_DIMENSIONS + d;
      const offset = batch.dimensionOffset[place] ?? 0;
      return Buffer.from(bytes.subarray(offset, offset + (batch.dimensionLength[place] ?? 0))).toString('hex');
    }),
  }));
}

const encoder = new SpanEncoder();

/** Frames every span of a batch anew, as the exporters would. */
export function reencode(batch: SpanBatch): Uint8Array {
  const { arena, contexts, offset, length, context, count } = batch;
  const segment = new Uint16Array(count).fill(batch.segment);
  return encoder.encode({ arena, contexts, segment, offset, length, context, suffix: [] }, 0, count);
}

/** Gives back what an accepted batch holds, as its last consumer would. */
export function releaseBatch(batch: SpanBatch): void {
  for (let row = 0; row < batch.count; row++) {
    batch.arena.release(batch.segment, batch.length[row] ?? 0);
    batch.contextTable.release(batch.context[row] ?? 0, 1);
  }
}
