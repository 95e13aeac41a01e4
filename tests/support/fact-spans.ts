// Facts whose spans are those of a body sent through a real intake, so that policies read bytes as they come.
import type { TraceFacts, TraceSpan } from '../../collector/src/sample/facts.ts';
import { facts } from './facts.ts';
import { testIntake } from './intake.ts';
import { bodyOf, type TestSpan } from './traffic.ts';

const intake = testIntake();

/** Their bytes stay in the arena until the test ends. */
export function factsOf(spans: readonly TestSpan[], change: Partial<TraceFacts> = {}): TraceFacts {
  const body = bodyOf(spans);
  if (intake.take([body], body.length, 0, 0) !== 'accepted') throw new Error('the body was refused');
  const { batch } = intake;
  const { bytes } = batch.source;
  const seen = Array.from({ length: batch.count }, (_, row): TraceSpan => {
    const [offset = 0, length = 0, flags = 0] = [batch.offset[row], batch.length[row], batch.flags[row]];
    return { bytes, offset, length, flags, context: batch.contexts[batch.context[row] ?? 0] };
  });
  return facts({ spanCount: seen.length, spans: () => seen, ...change });
}
