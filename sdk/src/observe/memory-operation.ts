// Reads and writes of a program's memory (sessions, earlier answers), named as the GenAI conventions name them.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  type Instrument,
  instrument,
  type Observation,
} from './observe.ts';
import { type AttributesOption, type LowAttributes, LowLimits } from './attributes.ts';
import { bounded } from './bounded-text.ts';
import { type Call, Metering } from './call.ts';
import { asked, countOf, known } from './results.ts';
import { markWorkflow } from './run-context.ts';
import { sizeOf } from './size.ts';
import { GEN_AI_ATTRIBUTE, GEN_AI_METRIC, MEMORY_OPERATION } from '../names.ts';

/** Short words for the operations on a memory store. */
export type MemoryOperation = 'get' | 'put' | 'search' | 'create' | 'update' | 'delete';

/** Options of {@link traceMemoryOperation}. */
export interface MemoryOperationOptions<Args, Low extends LowAttributes = LowAttributes> {
  readonly operation: MemoryOperation;
  /** Identifier of the store, one of few. */
  readonly store: string;
  /** The conversation whose memory it is. */
  readonly session?: (args: Args) => string | undefined;
  /** Identifier of the one record that is read or written. */
  readonly record?: (args: Args) => string | undefined;
  /** Gives the text that is searched for, which may be of users; recorded where this is set. */
  readonly query?: (args: Args) => string | undefined;
  /** Records about how many bytes are read, or written, by a bounded walk. */
  readonly size?: boolean;
  readonly attributes?: AttributesOption<Args, Low>;
  /** CLIENT unless set (convention); INTERNAL suits a store inside the process. */
  readonly kind?: SpanKind;
}

/** Operations whose result is what was remembered. */
const READS: readonly MemoryOperation[] = ['get', 'search'];

/**
 * Traces one operation on a memory store; decorator or wrapper.
 *
 * The span is named by the operation alone, such as `search_memory`; the store is an attribute (convention). Durations
 * go to `evenkeel.memory.operation.duration`, those of reads by whether something was found.
 */
export function traceMemoryOperation<F extends AnyFunction, const Low extends LowAttributes>(
  options: MemoryOperationOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceMemoryOperation<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(options: MemoryOperationOptions<Args, Low>): Instrument<Args>;
export function traceMemoryOperation(options: MemoryOperationOptions<never>, fn?: AnyFunction): unknown {
  return instrument(() => memoryObservation(options), fn);
}

function memoryObservation(options: MemoryOperationOptions<never>): Observation {
  const name: string = MEMORY_OPERATION[options.operation];
  const own = { [GEN_AI_ATTRIBUTE.genAiOperation]: name, [GEN_AI_ATTRIBUTE.genAiMemoryStore]: options.store };
  const { fixed, fromArguments, low } = attributesFrom(options.attributes, own);
  return {
    name,
    kind: options.kind ?? SpanKind.CLIENT,
    fixed,
    fromArguments,
    metering: new Metering({ ...own, ...low }, GEN_AI_METRIC.memoryDuration, undefined),
    watch: watchOf(options),
  };
}

function watchOf(options: MemoryOperationOptions<never>): Observation['watch'] {
  const isRead = READS.includes(options.operation);
  const limits = new LowLimits();
  return (call, args) => {
    if (call.span.isRecording()) call.span.setAttributes(describe(call, args, options));
    if (!isRead) return undefined;
    return {
      value(result) {
        const count = countOf(result);
        const isHit = result !== undefined && result !== null && count !== 0;
        call.add({ low: { [GEN_AI_ATTRIBUTE.memoryHit]: isHit } }, limits);
        if (!call.span.isRecording()) return;
        if (count !== undefined) call.span.setAttribute(GEN_AI_ATTRIBUTE.genAiMemoryRecordCount, count);
        if (options.size === true) call.span.setAttribute(GEN_AI_ATTRIBUTE.memorySize, isHit ? sizeOf([result]) : 0);
      },
    };
  };
}

/** What is known of an operation before it runs. */
function describe(call: Call, args: readonly unknown[], options: MemoryOperationOptions<never>): Attributes {
  markWorkflow(call.span);
  const query = asked(options.query, args);
  return known<string | number>({
    [GEN_AI_ATTRIBUTE.genAiConversation]: asked(options.session, args),
    [GEN_AI_ATTRIBUTE.genAiMemoryRecordId]: asked(options.record, args),
    [GEN_AI_ATTRIBUTE.genAiMemoryQuery]: typeof query === 'string' ? bounded(query) : undefined,
    [GEN_AI_ATTRIBUTE.memorySize]:
      options.size === true && !READS.includes(options.operation) ? sizeOf(args) : undefined,
  });
}
