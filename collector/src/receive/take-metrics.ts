// Takes an inflated body of metrics: reads it through, tells whether it came before, and hands on its points piece by piece.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataPoint, MetricBatch } from '../model/data-point.ts';
import type { Consumer, Host } from '../pipeline/contract.ts';
import type { BodyFormat } from './answer.ts';
import type { receiveInstruments } from './instruments.ts';
import type { MetricIntake, OpenedMetrics } from './metric-intake.ts';

/** Read at once; what is larger is read through before any of its points is handed on, with a pause after each piece. */
const AT_ONCE_BYTES = 256 * 1024;

/** Where metrics go. */
export interface MetricsPath {
  readonly metrics: MetricIntake;
  readonly host: Host<keyof typeof receiveInstruments>;
  readonly next: Consumer<MetricBatch>;
}

/**
 * Takes one body. A repeat is answered as its first time was, and counted as a repeat only.
 *
 * @param body read until the answer, and not after
 * @returns how many points were left out
 * @throws Malformed, Refusal with nothing handed on
 */
export async function takeMetrics(body: Buffer, format: BodyFormat, path: MetricsPath): Promise<number> {
  if (body.length > AT_ONCE_BYTES) return path.metrics.inTurn(() => takeOpened(body, format, path, inPauses));
  return takeOpened(body, format, path, atOnce);
}

/** Reads a body through and answers its points; what a small one holds is kept, a large one is read again. */
type ReadThrough = (opened: OpenedMetrics) => Pieces | Promise<Pieces>;
type Pieces = AsyncIterable<readonly DataPoint[]> | Iterable<readonly DataPoint[]>;

function atOnce({ decoder }: OpenedMetrics): Pieces {
  return [...decoder.pieces()];
}

async function inPauses({ decoder }: OpenedMetrics): Promise<Pieces> {
  for await (const _ of paused(decoder.pieces()));
  return paused(decoder.pieces());
}

async function* paused(pieces: Iterable<readonly DataPoint[]>): AsyncGenerator<readonly DataPoint[]> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}

async function takeOpened(
  body: Buffer,
  format: BodyFormat,
  { metrics, host, next }: MetricsPath,
  readThrough: ReadThrough,
): Promise<number> {
  const opened = metrics.open(body, format, host.clock.nowMs());
  const { decoder, redacted } = opened;
  try {
    const pieces = await readThrough(opened);
    const { accepted, rejected } = decoder;
    if (metrics.isRepeat(body, host.clock.monotonicMs())) {
      host.count('duplicates', 1);
      host.count('duplicate_points', accepted);
      return rejected;
    }
    for (const [rule, count] of redacted) host.count('redacted', count, { rule });
    if (rejected > 0) host.count('rejected_points', rejected);
    for await (const points of pieces) {
      if (points.length === 0) continue;
      host.count('points', points.length);
      await next.consume({ signal: 'metrics', points });
    }
    return rejected;
  } finally {
    opened.close();
  }
}
