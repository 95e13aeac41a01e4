// Calls that the sampler leaves out: nothing is computed for them, and what they call is left out too.
import { setImmediate as turn } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { ParentBasedSampler, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { collect, recordSpans } from '../../support/spans.ts';

/** Drops traces that begin with `op`; a `child` that lost its parent would begin a trace of its own and be kept. */
const root: Sampler = {
  shouldSample: (_context, _traceId, name) => ({
    decision: name === 'op' ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
  }),
  toString: () => 'DropsOp',
};
const log = recordSpans(new ParentBasedSampler({ root }));
const child = (): void => trace.getTracer('test').startSpan('child').end();

describe('a call that is not sampled', () => {
  it('does not ask for its attributes', () => {
    let asked = 0;
    const attributes = (): Record<string, string> => ({ asked: String(asked++) });
    expect(measurePerformance({ name: 'op', attributes }, () => 'result')()).toBe('result');
    expect(asked).toBe(0);
    measurePerformance({ name: 'kept', attributes }, () => 'result')();
    expect(asked).toBe(1);
    expect(log.take()).toHaveLength(1);
  });

  it('stays the parent of what it calls, in every shape', async () => {
    measurePerformance('op', child)();
    await measurePerformance('op', async () => {
      await turn();
      child();
    })();
    const items = measurePerformance('op', function* () {
      child();
      yield 1;
    });
    expect([...items()]).toEqual([1]);
    const later = measurePerformance('op', async function* () {
      await turn();
      child();
      yield 1;
    });
    expect(await collect(later())).toEqual([1]);
    expect(log.take()).toEqual([]);
  });

  it('throws what the function throws', async () => {
    const error = new Error('broken');
    expect(() =>
      measurePerformance('op', () => {
        throw error;
      })(),
    ).toThrow(error);
    await expect(measurePerformance('op', () => Promise.reject(error))()).rejects.toBe(error);
  });
});
