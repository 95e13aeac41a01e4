// Database queries under the stable db.* conventions. The text is recorded as given: pass parameterised text.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  decorator,
  type Instrument,
  observe,
  type Observation,
} from './observe.ts';
import type { AttributesOption, CallAttributes, LowAttributes } from './attributes.ts';
import { ATTRIBUTE } from '../names.ts';

/** Options of {@link traceQuery}. */
export interface QueryOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Value of `db.system.name`, such as `sqlite` or `postgresql`. */
  readonly system: string;
  /** Such as `SELECT`; one of few. */
  readonly operation?: string;
  /** Table or collection; one of few. */
  readonly collection?: string;
  /** Query text with placeholders, never with values in it. */
  readonly text?: string | ((args: Args) => string);
  readonly attributes?: AttributesOption<Args, Low>;
}

/**
 * Traces one database query as a CLIENT span named `{operation} {collection}`; decorator or wrapper.
 *
 * Without both the span is named by what there is, in the end by the system (convention).
 */
export function traceQuery<F extends AnyFunction, const Low extends LowAttributes>(
  options: QueryOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceQuery<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(options: QueryOptions<Args, Low>): Instrument<Args>;
export function traceQuery(options: QueryOptions<never>, fn?: AnyFunction): unknown {
  const { system, operation, collection, text, attributes } = options;
  const name = [operation, collection].filter((part) => part !== undefined).join(' ') || system;
  const fixed: Attributes = {
    [ATTRIBUTE.dbSystem]: system,
    ...(operation !== undefined && { [ATTRIBUTE.dbOperation]: operation }),
    ...(collection !== undefined && { [ATTRIBUTE.dbCollection]: collection }),
    ...(typeof text === 'string' && { [ATTRIBUTE.dbQueryText]: text }),
  };
  const observation: Observation = { name, kind: SpanKind.CLIENT, ...attributesFrom(attributes, fixed) };
  const complete =
    typeof text === 'function' ? { ...observation, fromArguments: withText(observation, text) } : observation;
  return fn ? observe(complete, fn) : decorator(complete);
}

function withText(observation: Observation, text: (args: never) => string): (args: never) => CallAttributes {
  return (args) => {
    const { low, high } = observation.fromArguments?.(args) ?? {};
    return { ...(low && { low }), high: { ...high, [ATTRIBUTE.dbQueryText]: text(args) } };
  };
}
