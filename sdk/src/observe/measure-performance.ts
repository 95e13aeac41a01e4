// The general instrument: any method or function as a span under a name of the program's choice.
import type { SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  type AttributesOption,
  attributesFrom,
  decorator,
  type Instrument,
  observe,
  type Observation,
} from './observe.ts';

/** Options of {@link measurePerformance}. */
export interface MeasureOptions<Args> {
  /** Name of the operation: the span name, and with it the series of its metrics. */
  readonly name: string;
  /** Fixed attributes, or a function of the arguments, called only for recorded spans. */
  readonly attributes?: AttributesOption<Args>;
  /** INTERNAL unless set. */
  readonly kind?: SpanKind;
}

/**
 * Measures every call of a method or function as a span.
 *
 * `@measurePerformance('orders.create')` decorates a method, `measurePerformance('orders.create', fn)` wraps a
 * function; the wrapped function has the same type and behaves the same.
 */
export function measurePerformance<F extends AnyFunction>(
  nameOrOptions: string | MeasureOptions<ArgumentsOf<F>>,
  fn: F,
): F;
export function measurePerformance<Args extends readonly unknown[] = unknown[]>(
  nameOrOptions: string | MeasureOptions<Args>,
): Instrument<Args>;
export function measurePerformance(nameOrOptions: string | MeasureOptions<never>, fn?: AnyFunction): unknown {
  const options = typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions;
  const observation: Observation = {
    name: options.name,
    kind: options.kind,
    ...attributesFrom(options.attributes),
  };
  return fn ? observe(observation, fn) : decorator(observation);
}
