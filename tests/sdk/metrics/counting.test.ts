// What options of sampling become, and which are refused.
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { createCounting } from '../../../sdk/src/metrics/counting.ts';
import { checkSampling, type SamplingOptions } from '../../../sdk/src/sample/sampling-options.ts';

function counting(options: SamplingOptions) {
  const failures: Error[] = [];
  const parts = createCounting({ ...options, serviceName: 'shop', onFailure: (error) => failures.push(error) });
  const sampler = parts.sampler(() => new AlwaysOffSampler());
  const { decision, traceState } = sampler.shouldSample(ROOT_CONTEXT, 'f'.repeat(32), 'op', SpanKind.SERVER, {}, []);
  parts.close();
  return { decision, state: traceState?.serialize(), parts, failures };
}

it('leaves the configured sampler where nothing else is asked for', () => {
  const { decision, parts } = counting({});
  expect(decision).toBe(0);
  expect([parts.spanProcessors, parts.producers({})]).toEqual([[], []]);
});

it('samples a consistent share where a ratio is given', () => {
  expect(counting({ ratio: 0.5 })).toMatchObject({ decision: 2, state: 'ot=th:8' });
  expect(counting({ ratio: 0 }).decision).toBe(0);
});

it('records what is not sampled where it counts, and has a producer for each reader', () => {
  const { decision, parts } = counting({ exactCounting: true });
  expect(decision).toBe(1);
  expect(parts.spanProcessors).toHaveLength(1);
  expect(parts.producers({})).toHaveLength(1);
});

it('samples by its ratio, or everything, until the sidecar answers', () => {
  const remote = { url: 'http://127.0.0.1:9' };
  expect(counting({ remote, ratio: 0.5 })).toMatchObject({ decision: 2, state: 'ot=th:8' });
  expect(counting({ remote })).toMatchObject({ decision: 2, state: 'ot=th:0' });
});

it('refuses what cannot be meant', () => {
  expect(checkSampling(undefined)).toEqual([]);
  const remote = { url: 'https://sidecar:4320', intervalMs: 1000 };
  expect(checkSampling({ ratio: 0.1, remote, exactCounting: true, dimensions: ['tenant'] })).toEqual([]);
  // Refused later it would end telemetry instead.
  expect(checkSampling({ remote: { ...remote, intervalMs: 2 ** 31 } })).toHaveLength(1);
  expect(checkSampling(5)).toEqual(['sampling must be an object']);
  expect(
    checkSampling({ ratio: 10, remote: { url: 'file:///x', intervalMs: 5 }, exactCounting: 1, dimensions: [1], x: 1 }),
  ).toMatchInlineSnapshot(`
      [
        "unknown option sampling.x",
        "sampling.ratio must be between 0 and 1: 10",
        "sampling.exactCounting must be true or false",
        "sampling.dimensions must be a list of attribute keys",
        "sampling.remote.url must be an http or https URL",
        "sampling.remote.intervalMs must be from 1000 to 2147483647",
      ]
    `);
  expect(checkSampling({ remote: 'http://x' })).toEqual(['sampling.remote must be an object with a url']);
});
