// Where a body of kept spans ends that receivers still take.
import type { KeptBatch } from '../sample/contract.ts';

/** Largest body made of kept spans, before compression; receivers commonly refuse beyond 20 MiB, some beyond 4. */
const BODY_BYTES = 3 * 1024 * 1024;

/** The row behind the last one that fits into a body with row `from`; at least one row does. */
export function endOfBody(batch: KeptBatch, from: number): number {
  let sizeBytes = 0;
  let row = from;
  while (row < batch.spanCount && (row === from || sizeBytes < BODY_BYTES)) sizeBytes += batch.length[row++] ?? 0;
  return row;
}
