// More is kept of an operation in violation, at a threshold that says how much, and less and less once it is over.
import { describe, expect, it } from 'vitest';
import { thresholdOf } from '../../../collector/src/otlp/trace-state.ts';
import { violation } from '../../../collector/src/sample/violation.ts';
import type { TraceFacts } from '../../../collector/src/sample/facts.ts';
import type { PolicyContext } from '../../../collector/src/sample/sampler.ts';
import { KEY_SEPARATOR, type TraceKeys } from '../../../collector/src/sample/trace-key.ts';

const ORDERS = `shop${KEY_SEPARATOR}GET /orders`;

/** A policy, asked of traces of an operation at a time in seconds. */
function rig(config: { ratio?: number; decay?: number } = {}) {
  let operation = ORDERS;
  const keys = { of: () => ({ of: () => operation }) } as unknown as TraceKeys;
  const policy = violation({ name: 'violation', ratio: 0.5, decay: 60_000, ...config }, { keys } as PolicyContext);
  const at = (second: number, of = ORDERS): ReturnType<typeof policy.evaluate> => {
    operation = of;
    return policy.evaluate({ nowMs: second * 1000 } as TraceFacts);
  };
  return { policy, at };
}

describe('the policy of violations', () => {
  it('has no say while nothing is in violation', () => {
    expect(rig().at(0)).toBeUndefined();
  });

  it('keeps its share of the operation, and of no other, as long as it lasts', () => {
    const { policy, at } = rig();
    policy.violated?.(ORDERS, true, 1000);
    expect(at(1)).toEqual(thresholdOf(0.5));
    expect(at(100_000)).toEqual(thresholdOf(0.5));
    expect(at(2, `shop${KEY_SEPARATOR}GET /users`)).toBeUndefined();
  });

  it('keeps half as much with each time of decay once it is over, and then has no say', () => {
    const { policy, at } = rig();
    policy.violated?.(ORDERS, true, 0);
    policy.violated?.(ORDERS, false, 10_000);
    policy.violated?.(ORDERS, false, 20_000);
    expect(at(10)).toEqual(thresholdOf(0.5));
    expect(at(70)).toEqual(thresholdOf(0.25));
    expect(at(130)).toEqual(thresholdOf(0.125));
    expect(at(600)).toBeUndefined();
    expect(at(70)).toBeUndefined();
  });

  it('counts operations it has no room for', () => {
    const { policy, at } = rig();
    for (let i = 0; i < 10_002; i++) policy.violated?.(`shop${KEY_SEPARATOR}op ${i}`, true, 0);
    expect(policy.overflowed?.()).toBe(2);
    expect(at(0, `shop${KEY_SEPARATOR}op 9999`)).toBeDefined();
    expect(at(0, `shop${KEY_SEPARATOR}op 10001`)).toBeUndefined();
  });
});
