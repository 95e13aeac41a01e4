// Consistent samplers of the configuration model: what spans they keep, and at which threshold.
import { type Attributes, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { afterAll, expect, it } from 'vitest';
import type { SamplerNode } from '../../../sdk/src/config/model.ts';
import { createSampler } from '../../../sdk/src/providers/samplers.ts';

const closing = new AbortController();
afterAll(() => closing.abort());
const NOWHERE = { serviceName: 'shop', closing: closing.signal, onFailure: () => {} };

interface Shape {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly parent?: 'remote' | 'local';
}

/** The threshold a span of a trace is kept at that any threshold keeps; none where it is dropped or says none. */
function check(
  node: SamplerNode | null,
  { kind = SpanKind.SERVER, attributes = {}, parent }: Shape,
  expected?: string,
): void {
  const traceId = 'f'.repeat(32);
  const spanContext = {
    traceId,
    spanId: '1'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: parent === 'remote',
  };
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
  const { traceState } = createSampler(node, NOWHERE).shouldSample(context, traceId, 'op', kind, attributes, []);
  expect(traceState?.serialize()).toBe(expected);
}

it('makes a sampler of a share', () => {
  check({ trace_id_ratio_based: { ratio: 0.5 } }, {}, 'ot=th:8');
  check({ 'probability/development': { ratio: 0.5 } }, {}, 'ot=th:8');
  check({ 'probability/development': null }, {}, 'ot=th:0');
  check({ 'composite/development': { always_on: null } }, {}, 'ot=th:0');
  check({ 'composite/development': { always_off: null } }, {});
});

it('keeps all where nothing is asked for, and says so; of a parent that does not, it does not', () => {
  check(null, {}, 'ot=th:0');
  check(null, { parent: 'remote' });
  check({ always_on: null }, {});
});

it('follows the parent where it is told to', () => {
  const node = { 'composite/development': { parent_threshold: { root: { probability: { ratio: 0.5 } } } } };
  check(node, {}, 'ot=th:8');
  check(node, { parent: 'remote' });
});

it('asks the first rule whose conditions all hold, and drops the rest', () => {
  const half = { probability: { ratio: 0.5 } };
  const rules = [
    { attribute_values: { key: 'http.route', values: ['/health', '7'] }, sampler: { always_off: null } },
    { attribute_patterns: { key: 'url.path', included: ['/a?i/*'], excluded: ['*/x'] }, sampler: half },
    { span_kinds: ['client' as const], parent: ['none' as const, 'remote' as const], sampler: { always_on: null } },
  ];
  const node = { 'composite/development': { rule_based: { rules } } };
  check(node, { attributes: { 'http.route': '/health', 'url.path': '/api/a' } });
  check(node, { attributes: { 'http.route': 7, 'url.path': '/api/a' } });
  // Of a list any item may fit.
  check(node, { attributes: { 'http.route': ['/a', '/health'], 'url.path': '/api/a' } });
  check(node, { attributes: { 'url.path': ['/', '/api/a'] } }, 'ot=th:8');
  check(node, { attributes: { 'url.path': '/api/a' } }, 'ot=th:8');
  check(node, { attributes: { 'url.path': '/api/x' } });
  check(node, { attributes: { 'url.path': '/abci/x' } });
  check(node, { kind: SpanKind.CLIENT }, 'ot=th:0');
  check(node, { kind: SpanKind.CLIENT, parent: 'remote' }, 'ot=th:0');
  check(node, { kind: SpanKind.CLIENT, parent: 'local' });
  check({ 'composite/development': { rule_based: null } }, {});
});

it('asks the one that is steered, and the initial one until there is an answer', () => {
  const remote = {
    endpoint: 'http://127.0.0.1:9',
    interval: 60_000,
    initial_sampler: { trace_id_ratio_based: { ratio: 0.5 } },
  };
  check({ 'jaeger_remote/development': remote }, {}, 'ot=th:8');
  check({ parent_based: { root: { 'jaeger_remote/development': remote } } }, { parent: 'remote' });
});

it('records what is not sampled where it is told to', () => {
  const node = { always_record: { root: { always_off: null } } };
  const sampler = createSampler(node, NOWHERE);
  expect(sampler.shouldSample(ROOT_CONTEXT, 'f'.repeat(32), 'op', SpanKind.SERVER, {}, []).decision).toBe(1);
});
