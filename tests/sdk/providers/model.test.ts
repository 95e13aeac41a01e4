// Samplers, propagators and resources that a configuration names.
import { ROOT_CONTEXT, SpanKind, trace, type TraceFlags } from '@opentelemetry/api';
import { describe, expect, it, vi, onTestFinished } from 'vitest';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';
import type { Model, SamplerNode } from '../../../sdk/src/config/model.ts';
import { createPropagator } from '../../../sdk/src/providers/propagators.ts';
import { createResource } from '../../../sdk/src/providers/resource.ts';
import { createSampler } from '../../../sdk/src/providers/samplers.ts';

/** Whether a span is recorded, at the root and below a parent. */
function decisions(node: SamplerNode | null): string {
  const { signal: closing } = new AbortController();
  const sampler = createSampler(node, { serviceName: 'shop', closing, onFailure: () => {} });
  const traceId = 'f'.repeat(32);
  const below = (isRemote: boolean, traceFlags: TraceFlags) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '1'.repeat(16), isRemote, traceFlags });
  const contexts = [ROOT_CONTEXT, below(true, 1), below(true, 0), below(false, 1), below(false, 0)];
  return contexts
    .map((context) =>
      sampler.shouldSample(context, traceId, 's', SpanKind.INTERNAL, {}, []).decision === 2 ? 'x' : '-',
    )
    .join('');
}

/** What is written to stderr while `act` runs. */
async function warned(act: () => unknown): Promise<string> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  await act();
  return write.mock.calls.map(([text]) => String(text)).join('');
}

describe('createSampler', () => {
  it('decides as the node says', () => {
    expect(decisions(null)).toBe('xx-x-');
    expect(decisions({ always_on: null })).toBe('xxxxx');
    expect(decisions({ always_off: null })).toBe('-----');
    expect(decisions({ trace_id_ratio_based: { ratio: 0 } })).toBe('-----');
    expect(decisions({ trace_id_ratio_based: null })).toBe('xxxxx');
    expect(decisions({ parent_based: { root: { always_off: null } } })).toBe('-x-x-');
    expect(decisions({ parent_based: null })).toBe('xx-x-');
    const inverted = {
      remote_parent_sampled: { always_off: null },
      remote_parent_not_sampled: { always_on: null },
      local_parent_sampled: { always_off: null },
      local_parent_not_sampled: { always_on: null },
    };
    expect(decisions({ parent_based: inverted })).toBe('x-x-x');
  });
});

describe('createPropagator', () => {
  const fields = (node: Model['propagator']): string[] | undefined => createPropagator(node)?.fields().toSorted();

  it('joins what is listed, once each', () => {
    expect(fields({ composite: [{ tracecontext: null }, { baggage: null }], composite_list: 'baggage, b3' })).toEqual([
      'b3',
      'baggage',
      'traceparent',
      'tracestate',
    ]);
    expect(fields({ composite: [{ tracecontext: null }, { none: null }] })).toBeUndefined();
    expect(fields(null)).toBeUndefined();
  });

  it('says which it has not', async () => {
    expect(
      await warned(() =>
        expect(fields({ composite_list: 'tracecontext,jaeger' })).toEqual(['traceparent', 'tracestate']),
      ),
    ).toMatch(/jaeger \[SETTING_UNKNOWN\]/);
  });
});

describe('createResource', () => {
  it('lets attributes win over the list, and both over what is detected', async () => {
    const resource = await createResource(
      {
        'detection/development': { detectors: [{ host: null }, { process: null }] },
        attributes_list: 'service.name=listed,place=a%20b,host.name=mine',
        attributes: [
          { name: 'service.name', value: 'shop' },
          { name: 'nothing', value: null },
          { name: 'tills', value: [1, 2] },
        ],
        schema_url: 'https://example.org/1',
      },
      createRedaction(),
    );
    expect(resource.attributes).toMatchObject({
      'service.name': 'shop',
      place: 'a b',
      'host.name': 'mine',
      tills: [1, 2],
      'process.pid': process.pid,
    });
    expect(
      Object.keys(resource.attributes).filter((key) => key === 'nothing' || key.startsWith('process.command')),
    ).toEqual([]);
    expect(resource.schemaUrl).toBe('https://example.org/1');
  });

  it('takes nothing of a list with a mistake, and says so', async () => {
    const text = await warned(async () => {
      const { attributes } = await createResource({ attributes_list: 'a=1,b' }, createRedaction());
      expect(attributes['a']).toBeUndefined();
    });
    expect(text).toMatch(/"b" is not key=value \[SETTING_UNKNOWN\]/);
  });

  it('adds of what is detected what is wanted, and the name of the service from the environment', async () => {
    const detectors = [{ host: null }, { process: null }, { service: null }, { container: null }];
    const chosen = await createResource(
      {
        'detection/development': {
          detectors,
          attributes: { included: ['process.*', 'service.name'], excluded: ['process.runtime.*'] },
          serviceName: 'shop',
        },
      },
      createRedaction(),
    );
    const keys = Object.keys(chosen.attributes).filter((key) => !key.startsWith('telemetry.'));
    expect(keys).toContain('process.pid');
    expect(keys.filter((key) => !/^(?:process\.(?!runtime)|service\.name$)/.test(key))).toEqual([]);
    expect(chosen.attributes['service.name']).toBe('shop');
    const named = { attributes: [{ name: 'service.name', value: 'mine' }] };
    const both = await createResource(
      { ...named, 'detection/development': { detectors, serviceName: 'shop' } },
      createRedaction(),
    );
    expect(both.attributes['service.name']).toBe('mine');
  });
});
