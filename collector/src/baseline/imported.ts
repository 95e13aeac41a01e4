// An operation that goes on from a baseline of a document as if it had learned it itself.
import { CallRate } from './call-rate.ts';
import { Drift } from './drift.ts';
import type { Learned } from './learned.ts';
import { Learning } from './learning.ts';
import { Operation, type WatchOptions } from './operation.ts';
import type { RecordedOperation } from './recorded-run.ts';

/** Why an operation of a document is not taken. */
export type NotImported = 'no_service' | 'too_few_calls' | 'learned' | 'max_operations';

/** Whose it is, as operations that are watched are named, and what is known of it. */
export interface Imported {
  readonly service: string;
  readonly name: string;
  /** SPAN_KIND_… */
  readonly kind: string;
  readonly operation: Operation;
}

const KINDS: readonly string[] = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
/**
 * Where a document does not tell the longest gap that was normal: so many times that of independent calls, which is the
 * logarithm of their number. Calls that come in bursts are then not taken for a stop between two.
 */
const UNKNOWN_GAP = 3;

/** @returns why not, where a document does not say whose it is, or nothing was learned */
export function importOf(options: WatchOptions, recorded: RecordedOperation): Imported | NotImported {
  const { service, name, kind, learned } = recorded;
  const spanKind = (kind ?? '').replace(/^SPAN_KIND_/, '').toUpperCase();
  if (service === undefined || service === '' || !KINDS.includes(spanKind)) return 'no_service';
  if (learned === undefined) return 'too_few_calls';
  const operation = importedOperation(options, recorded, learned);
  return { service, name, kind: `SPAN_KIND_${spanKind}`, operation };
}

/** Makes an operation that watches at once; a whole baseline stays until twice as much was learned here. */
function importedOperation(
  options: WatchOptions,
  { isProvisional, version, usualMissed }: RecordedOperation,
  learned: Learned,
): Operation {
  const gap = usualMissed ?? UNKNOWN_GAP * Math.log(Math.max(2, learned.calls));
  const rate = new CallRate();
  rate.longestMissed = gap;
  const learning = new Learning(options.seasonMs, options.learnUntilMs).snapshot();
  return Operation.restored(options, {
    timeMs: NaN,
    version: isProvisional ? 0 : 1,
    early: 0,
    ...(version === undefined ? {} : { serviceVersion: version }),
    former: [],
    learned,
    isWhole: !isProvisional,
    trial: { latency: 0, errors: 0 },
    rate: rate.snapshot(),
    learning: isProvisional ? learning : { ...learning, wholeMs: learned.toMs - learned.fromMs },
    watches: {
      latency: { drift: new Drift(learned).snapshot(), violated: undefined },
      errors: undefined,
      silence: { usualMissed: gap, state: undefined },
    },
  });
}
