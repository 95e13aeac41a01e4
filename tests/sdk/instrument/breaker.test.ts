// Circuit breakers of opossum and policies of cockatiel: their states, how calls end, what is told on spans.
import {
  bulkhead,
  circuitBreaker,
  ConsecutiveBreaker,
  ConstantBackoff,
  fallback,
  handleAll,
  handleType,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import CircuitBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instrumentBreaker, uninstrument } from '../../../sdk/src/index.ts';
import { traceNode } from '../../../sdk/src/index.ts';
import { collectMetrics, having } from '../../support/collected-metrics.ts';
import { recordSpans } from '../../support/spans.ts';

const log = collectMetrics();
const spans = recordSpans();
const opened: CircuitBreaker[] = [];

/** Calls by their outcome, or another metric. */
async function take(name: string, metric = 'calls'): Promise<string[]> {
  const lines = having(await log.take(`resilience.${metric}`), `resilience.policy.name=${name}`);
  return lines.map((line) => line.replaceAll(/resilience\.(circuit_breaker\.)?|policy\./g, ''));
}

const fail = async (): Promise<never> => Promise.reject(new Error('failed'));
const ok = async (): Promise<number> => 1;
/** Ends when its signal says so. */
const hang = ({ signal }: { signal: AbortSignal }): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('stopped')));
  });

beforeEach(async () => {
  await log.take();
  spans.take();
});

afterEach(() => {
  for (const breaker of opened.splice(0)) breaker.shutdown();
});

function opossum(
  name: string,
  action: (fate: string) => Promise<unknown>,
  options: CircuitBreaker.Options = {},
): CircuitBreaker<[string]> {
  const breaker = instrumentBreaker(new CircuitBreaker(action, { name, resetTimeout: 60_000, ...options }));
  opened.push(breaker as unknown as CircuitBreaker);
  return breaker;
}

describe('a circuit breaker of opossum', () => {
  it('counts each failure by an error that is thrown again and again', async () => {
    const error = new Error('always the same');
    const breaker = opossum('same', async () => Promise.reject(error), { volumeThreshold: 100 });
    for (let i = 0; i < 3; i++) await expect(breaker.fire('any')).rejects.toBe(error);
    expect(await take('same')).toEqual(['calls {outcome=failure, type=circuit_breaker} 3']);
  });

  it('tells its state and counts each call once, answers of a fallback beside', async () => {
    const breaker = opossum('opossum', async (fate) => (fate === 'ok' ? 1 : fail()), { errorThresholdPercentage: 10 });
    await breaker.fire('ok');
    const states = await take('opossum', 'circuit_breaker.state');
    expect(states).toHaveLength(4);
    expect(states.filter((line) => !line.endsWith(' 0'))).toEqual(['state {state=closed, type=circuit_breaker} 1']);
    const call = traceNode('call', () => breaker.fire('no'));
    await expect(call()).rejects.toThrow('failed');
    await expect(call()).rejects.toThrow('open');
    breaker.fallback(() => 'instead');
    expect(await breaker.fire('no')).toBe('instead');
    expect(await take('opossum')).toEqual([
      'calls {outcome=failure, type=circuit_breaker} 1',
      'calls {outcome=fallback, type=circuit_breaker} 1',
      'calls {outcome=rejected, type=circuit_breaker} 2',
    ]);
    const [failing] = spans.take();
    expect(
      failing?.events.map(({ name, attributes }) => [name, attributes?.['resilience.circuit_breaker.state']]),
    ).toContainEqual(['resilience.state_change', 'open']);
  });

  it('has no state any more when it was shut down', async () => {
    opossum('again', ok).shutdown();
    opossum('again', ok);
    const states = await take('again', 'circuit_breaker.state');
    expect(states.filter((line) => !line.endsWith(' 0'))).toEqual(['state {state=closed, type=circuit_breaker} 1']);
  });

  it('counts what is late and what is locked out as that alone', async () => {
    const late = opossum('late', () => new Promise(() => {}), { timeout: 1, capacity: 1 });
    const first = late.fire('');
    await expect(late.fire('')).rejects.toThrow('locked');
    await expect(first).rejects.toThrow('Timed out');
    expect(await take('late')).toEqual([
      'calls {outcome=rejected, type=circuit_breaker} 1',
      'calls {outcome=timeout, type=circuit_breaker} 1',
    ]);
  });
});

describe('policies of cockatiel', () => {
  it('tell a circuit breaker apart from what it lets through', async () => {
    const policy = instrumentBreaker(
      circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(1) }),
      { name: 'cockatiel' },
    );
    expect(await policy.execute(ok)).toBe(1);
    const call = traceNode('call', () => policy.execute(fail));
    await expect(call()).rejects.toThrow('failed');
    await expect(call()).rejects.toThrow('open');
    const [failing] = spans.take();
    expect(failing?.events.map(({ name }) => name)).toContain('resilience.state_change');
    const lines = having(
      await log.take(),
      'resilience.policy.name=cockatiel',
      'resilience.policy.type=circuit_breaker',
    );
    expect(lines.filter((line) => !line.endsWith(' 0'))).toEqual([
      'resilience.calls {resilience.outcome=failure} 1',
      'resilience.calls {resilience.outcome=rejected} 1',
      'resilience.calls {resilience.outcome=success} 1',
      'resilience.circuit_breaker.state {resilience.circuit_breaker.state=open} 1',
      'resilience.circuit_breaker.state_changes {resilience.circuit_breaker.state=open} 1',
    ]);
  });

  it('count attempts, and calls by how they end after all of them', async () => {
    const policy = instrumentBreaker(
      retry(handleType(RangeError), { maxAttempts: 2, backoff: new ConstantBackoff(0) }),
      { name: 'retry' },
    );
    let attempts = 0;
    await policy.execute(() => {
      if (attempts++ === 0) throw new RangeError('once');
    });
    await expect(policy.execute(() => Promise.reject(new RangeError('always')))).rejects.toThrow('always');
    await expect(policy.execute(fail)).rejects.toThrow('failed');
    const lines = await log.take('resilience.calls', 'resilience.retries');
    expect(having(lines, 'resilience.policy.name=retry', 'resilience.policy.type=retry')).toEqual([
      'resilience.calls {resilience.outcome=failure} 2',
      'resilience.calls {resilience.outcome=success} 1',
      'resilience.retries {} 3',
    ]);
  });

  it('count what is late once, whatever error comes of it', async () => {
    for (const strategy of [TimeoutStrategy.Cooperative, TimeoutStrategy.Aggressive]) {
      const policy = instrumentBreaker(timeout(1, strategy), { name: strategy });
      await expect(policy.execute(hang)).rejects.toThrow(/stopped|timed out/);
      await policy.execute(ok);
      await expect(policy.execute(fail)).rejects.toThrow('failed');
      expect(await take(strategy)).toEqual(
        ['failure', 'success', 'timeout'].map((outcome) => `calls {outcome=${outcome}, type=timeout} 1`),
      );
    }
  });

  it('count calls that had to wait once, and those that were not let in', async () => {
    const policy = instrumentBreaker(bulkhead(1, 1), { name: 'bulkhead' });
    const [first, second, third] = await Promise.allSettled([
      policy.execute(ok),
      policy.execute(ok),
      policy.execute(ok),
    ]);
    expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(await take('bulkhead')).toEqual([
      'calls {outcome=rejected, type=bulkhead} 1',
      'calls {outcome=success, type=bulkhead} 2',
    ]);
    expect(await take('bulkhead', 'bulkhead.slots')).toEqual(['bulkhead.slots {type=bulkhead} 1']);
  });

  it('are measured each where they are wrapped in each other', async () => {
    const breaker = circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(1) });
    const policy = instrumentBreaker(wrap(fallback(handleAll, 'instead'), breaker), { name: 'wrapped' });
    expect([await policy.execute(fail), await policy.execute(ok)]).toEqual(['instead', 'instead']);
    expect(await take('wrapped')).toEqual([
      'calls {outcome=failure, type=circuit_breaker} 1',
      'calls {outcome=fallback, type=fallback} 2',
      'calls {outcome=rejected, type=circuit_breaker} 1',
    ]);
    uninstrument(breaker);
    expect(Object.hasOwn(breaker, 'execute')).toBe(false);
    await expect(breaker.execute(ok)).rejects.toThrow('open');
    expect(await take('wrapped')).toEqual([]);
  });
});
