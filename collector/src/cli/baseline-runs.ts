// Where a run comes from that is learned from or checked: recorded calls. A source is anything that tells calls to a reader.
import type { RecordedOperation } from '../baseline/recorded-run.ts';
import { RecordedRun } from '../baseline/recorded-run.ts';
import type { Cleaning } from '../baseline/figures.ts';
import { EvenkeelError } from '../errors.ts';
import { type CallReader, openedCalls, readCalls } from './recorded-calls.ts';
import { isProtobufFile, protobufSpans } from './recorded-spans.ts';

/** Tells all its calls in order of their ends; what else asks for a run, a sidecar say, does the same. */
export type RunSource = (reader: CallReader) => Promise<void>;

/** Recorded calls or spans in a file, `-` for standard input. */
export function fileSource(file: string): RunSource {
  if (isProtobufFile(file))
    return async (reader) => {
      reader.meta({});
      for (const call of protobufSpans(file)) reader.take(call);
    };
  return async (reader) => readCalls(await openedCalls(file), reader);
}

/**
 * Reads a run to its end.
 *
 * @param cleaning a baseline ends where its recording says that learning does
 * @throws BAD_RECORDING, also where there is no call
 */
export async function readRun(source: RunSource, cleaning: Cleaning): Promise<RecordedOperation[]> {
  let run = new RecordedRun();
  let untilMs = Infinity;
  await source({
    meta({ seasonMs, learnUntilMs }) {
      run = new RecordedRun(seasonMs);
      if (cleaning === 'baseline') untilMs = learnUntilMs ?? Infinity;
    },
    take: (call) => call.timeMs < untilMs && run.take(call),
  });
  const operations = run.end(cleaning);
  if (operations.length === 0) throw new EvenkeelError('BAD_RECORDING', 'it holds no calls');
  return operations;
}
