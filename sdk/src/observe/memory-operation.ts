// Reads and writes of a program's memory (sessions, earlier answers), named as the GenAI conventions name them.
import { SpanKind } from '@opentelemetry/api';
import { type AnyFunction, type ArgumentsOf, attributesFrom, decorator, type Instrument, observe } from './observe.ts';
import type { AttributesOption, LowAttributes } from './attributes.ts';
import { ATTRIBUTE, MEMORY_OPERATION } from '../names.ts';

/** Short words for the operations on a memory store. */
export type MemoryOperation = keyof typeof MEMORY_OPERATION;

/** Options of {@link traceMemoryOperation}. */
export interface MemoryOperationOptions<Args, Low extends LowAttributes = LowAttributes> {
  readonly operation: MemoryOperation;
  /** Identifier of the store, one of few. */
  readonly store: string;
  readonly attributes?: AttributesOption<Args, Low>;
  /** CLIENT unless set (convention); INTERNAL suits a store inside the process. */
  readonly kind?: SpanKind;
}

/**
 * Traces one operation on a memory store; decorator or wrapper.
 *
 * The span is named by the operation alone, such as `search_memory`; the store is an attribute (convention).
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
  const name = MEMORY_OPERATION[options.operation];
  const fixed = { [ATTRIBUTE.genAiOperation]: name, [ATTRIBUTE.genAiMemoryStore]: options.store };
  const observation = { name, kind: options.kind ?? SpanKind.CLIENT, ...attributesFrom(options.attributes, fixed) };
  return fn ? observe(observation, fn) : decorator(observation);
}
