// Services with this SDK's samplers beside services with OpenTelemetry's, joined by real headers: which thresholds are told.
import { type Context, ROOT_CONTEXT, type Span, trace, TraceFlags } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import type { SamplerNode } from '../../../sdk/src/config/model.ts';
import { createSampler } from '../../../sdk/src/providers/samplers.ts';

const propagator = new W3CTraceContextPropagator();
const QUARTER: SamplerNode = { trace_id_ratio_based: { ratio: 0.25 } };
const HALF: SamplerNode = { trace_id_ratio_based: { ratio: 0.5 } };
const STOCK = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.25) });

function ours(node: SamplerNode): Sampler {
  const { signal: closing } = new AbortController();
  return createSampler(node, { serviceName: 'shop', closing, onFailure: () => {} });
}

/** A trace whose id has the randomness given, and which a first service decides on. */
function begin(sampler: Sampler, random: string): Span {
  const idGenerator = { generateTraceId: () => `${'ab'.repeat(9)}${random}`, generateSpanId: () => '12'.repeat(8) };
  return new TracerProvider({ sampler, idGenerator }).getTracer('t').startSpan('GET /', {}, ROOT_CONTEXT);
}

/** The span of the next service, which knows of the one before what its headers say. */
function call(from: Span, sampler: Sampler): Span {
  const headers: Record<string, string> = {};
  propagator.inject(trace.setSpan(ROOT_CONTEXT, from), headers, setter);
  const parent: Context = propagator.extract(ROOT_CONTEXT, headers, getter);
  return new TracerProvider({ sampler }).getTracer('t').startSpan('GET /next', {}, parent);
}

const setter = {
  set: (carrier: Record<string, string>, key: string, value: string): void => void (carrier[key] = value),
};
const getter = {
  get: (carrier: Record<string, string>, key: string): string | undefined => carrier[key],
  keys: (carrier: Record<string, string>): string[] => Object.keys(carrier),
};

/** Whether a span is kept, and at which threshold. */
function told(span: Span): string {
  const { traceFlags, traceState } = span.spanContext();
  const state = traceState?.serialize() ?? '';
  return `${traceFlags === TraceFlags.SAMPLED ? 'kept' : 'dropped'}${state === '' ? '' : ` ${state}`}`;
}

const KEPT = 'ffffffffffffff';
const BETWEEN = '90000000000000';
const DROPPED = '10000000000000';
const followed = (root: SamplerNode): Sampler => ours({ parent_based: { root } });

it('a threshold is told by whoever begins a trace and passed on by whoever follows', () => {
  const first = begin(followed(QUARTER), KEPT);
  expect(told(first)).toBe('kept ot=th:c');
  // The ratio of a service that follows is for traces that begin there.
  const second = call(first, followed(HALF));
  expect(told(second)).toBe('kept ot=th:c');
  // As a stock SDK does.
  const third = call(second, STOCK);
  expect(told(third)).toBe('kept ot=th:c');
  expect(told(call(third, followed(HALF)))).toBe('kept ot=th:c');
});

it('what was dropped stays dropped, and tells nothing', () => {
  const first = begin(followed(QUARTER), BETWEEN);
  expect(told(first)).toBe('dropped');
  expect(told(call(first, followed({ always_on: null })))).toBe('dropped');
  expect(told(call(call(first, STOCK), followed(HALF)))).toBe('dropped');
});

it('below a stock parent no threshold is invented', () => {
  const first = begin(new AlwaysOnSampler(), KEPT);
  expect(told(first)).toBe('kept');
  expect(told(call(first, followed(QUARTER)))).toBe('kept');
  const again = ours({ parent_based: { root: QUARTER, remote_parent_sampled: HALF } });
  expect(told(call(first, again))).toBe('kept');
});

it('a sampler that ignores the parent decides by the randomness of the trace alone, and tells its own threshold', () => {
  for (const random of [KEPT, BETWEEN, DROPPED]) {
    const expected = random === DROPPED ? 'dropped' : 'kept ot=th:8';
    expect(told(begin(ours(HALF), random))).toBe(expected);
    expect(told(call(begin(followed(QUARTER), random), ours(HALF)))).toBe(expected);
    expect(told(call(begin(new AlwaysOnSampler(), random), ours(HALF)))).toBe(expected);
  }
});

describe('a span that is sampled a second time', () => {
  const below = (node: SamplerNode, where: 'sampled' | 'not_sampled' = 'sampled'): Sampler =>
    ours({ parent_based: { root: { always_on: null }, [`remote_parent_${where}`]: node } });

  it('stands for as many as the higher threshold of both says', () => {
    const quarter = begin(followed(QUARTER), KEPT);
    expect(told(call(quarter, below(HALF)))).toBe('kept ot=th:c');
    expect(told(call(begin(followed(HALF), KEPT), below(QUARTER)))).toBe('kept ot=th:c');
    expect(told(call(begin(followed(HALF), BETWEEN), below(QUARTER)))).toMatch(/^dropped/);
    expect(told(call(quarter, below({ always_on: null })))).toBe('kept ot=th:c');
  });

  it('tells nothing where the parent was dropped at a threshold nobody knows', () => {
    const dropped = begin(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0) }), KEPT);
    expect(told(call(dropped, below(HALF, 'not_sampled')))).toBe('kept');
  });
});
