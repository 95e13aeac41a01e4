// The suite: every shape of call that an instrumentation has to leave as it is and time to its real end.
import { Trial } from './checks.ts';
import { CALL_ROWS } from './calls.ts';
import { HOSTILE_ROWS } from './hostile.ts';
import { ITERATOR_ROWS } from './iterators.ts';
import { STREAM_ROWS } from './streams.ts';
import type { RowResult, Subject } from './subject.ts';

export type { AnyFunction, FinishedSpan, RowResult, Subject } from './subject.ts';

/** One shape of call. */
export interface Row {
  /** Stable. */
  readonly id: string;
  readonly title: string;
  /** Throws when it does not hold. */
  run(trial: Trial): Promise<void> | void;
}

/** All rows, in the order in which they are run. */
export const CONFORMANCE_ROWS: readonly Row[] = [...CALL_ROWS, ...ITERATOR_ROWS, ...STREAM_ROWS, ...HOSTILE_ROWS];

/** A row that is not over by then hangs; milliseconds. */
const ROW_TIMEOUT_MS = 3000;

/**
 * Puts an instrumentation to every row, one after another.
 *
 * @returns one result a row, in order; never rejects
 */
export async function runConformance(subject: Subject): Promise<readonly RowResult[]> {
  const results: RowResult[] = [];
  for (const { id, title, run } of CONFORMANCE_ROWS) {
    await Promise.resolve(subject.takeSpans()).catch(() => []);
    results.push({ id, title, ...(await outcome(async () => run(new Trial(subject)))) });
  }
  return results;
}

async function outcome(work: () => Promise<void>): Promise<Pick<RowResult, 'holds' | 'detail'>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), ROW_TIMEOUT_MS);
  });
  try {
    await Promise.race([work(), late]);
    return { holds: true };
  } catch (thrown) {
    return { holds: false, detail: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    clearTimeout(timer);
  }
}
