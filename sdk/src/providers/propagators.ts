// Makes the propagators of the configuration model.
import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import type { Model } from '../config/model.ts';
import { warn } from '../errors.ts';

const PROPAGATORS: ReadonlyMap<string, () => TextMapPropagator> = new Map<string, () => TextMapPropagator>([
  ['tracecontext', () => new W3CTraceContextPropagator()],
  ['baggage', () => new W3CBaggagePropagator()],
  ['b3', () => new B3Propagator()],
  ['b3multi', () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })],
]);

/** Joins the propagators asked for; none where the list has `none` or nothing. */
export function createPropagator(node: Model['propagator']): TextMapPropagator | undefined {
  const listed = (node?.composite_list ?? '').split(',').map((name) => name.trim());
  const names = new Set([...(node?.composite ?? []).flatMap((entry) => Object.keys(entry)), ...listed]);
  names.delete('');
  if (names.has('none') || names.size === 0) return undefined;
  const propagators = [...names].flatMap((name) => {
    const create = PROPAGATORS.get(name);
    if (!create) warn('SETTING_UNKNOWN', `propagator ${name}`);
    return create ? [create()] : [];
  });
  return new CompositePropagator({ propagators });
}
