// Kept traces as exporters and the store are handed them, made from spans by the real scan.
import type { KeptBatch } from '../../collector/src/sample/contract.ts';
import { KeptStaging } from '../../collector/src/sample/kept-staging.ts';
import { emptyCounts } from '../../collector/src/sample/sample-counts.ts';
import { UnknownThresholds } from '../../collector/src/sample/unknown-thresholds.ts';
import { testIntake } from './intake.ts';
import { bodyOf, type TestSpan } from './traffic.ts';

/** How the traces of a batch were kept; all alike. */
export interface KeptHow {
  readonly policy?: string;
  readonly late?: boolean;
}

/** A batch of the spans' traces, in the order in which they first appear. */
export function keptBatch(spans: readonly TestSpan[], { policy = 'errors', late = false }: KeptHow = {}): KeptBatch {
  const byTrace = Map.groupBy(spans, ({ traceId }) => traceId.toString('hex'));
  const body = bodyOf([...byTrace.values()].flat());
  const intake = testIntake();
  intake.take([body], body.length, 0, 0);
  const { batch, arena } = intake;
  const staging = new KeptStaging(arena, intake.contexts, emptyCounts(), new UnknownThresholds());
  staging.contexts = batch.contexts;
  const { trace0, trace1, trace2, trace3, segment, offset, length, context } = batch;
  const idOf = (row: number): string =>
    [trace0, trace1, trace2, trace3].map((word) => (word[row] ?? 0).toString(16).padStart(8, '0')).join('');
  const rows = Array.from({ length: batch.count }, (_, row) => row);
  for (const traceId of byTrace.keys()) {
    staging.beginTrace(traceId, policy, late);
    for (const row of rows.filter((each) => idOf(each) === traceId))
      staging.addRow(segment, offset[row] ?? 0, length[row] ?? 0, context[row] ?? 0, undefined);
  }
  return staging;
}
