import { describe, expect, it } from 'vitest';
import { findBottleneck } from '../../../collector/src/baseline/bottleneck.ts';
import type { OperationReference } from '../../../collector/src/baseline/reference-profile.ts';
import type { KeptTrace } from '../../../collector/src/baseline/trace-tree.ts';
import { called, charge, many, query, type Step, tracesOf } from '../../support/plain-traces.ts';

const ORDERS = { service: 'shop', name: 'GET /orders', kind: 'SPAN_KIND_SERVER' };
type Make = (noise: () => number, i: number) => Step[];

const requests = (prefix: string, count: number, make: Make): KeptTrace[] =>
  tracesOf(prefix, count, (noise, i) => called('shop GET /orders server', ...make(noise, i)));

describe('where no trace of before was kept', () => {
  it('takes from baselines how long each operation took', () => {
    const during = requests('d', 8, (noise) => [4, query('SELECT users', 8), charge(400 * noise()), 2]);
    const of = (what: string, meanMs: number): OperationReference => {
      const { service, name, kind } = called(what);
      return { operation: { service, name, kind }, meanMs };
    };
    const references = [of('shop GET /orders server', 30), of('shop SELECT users client', 8)];
    references.push(of('shop POST /charge client', 16), of('pay POST /charge server', 14));
    references.push(of('pay INSERT payments client', 11));
    const { bottleneck, evidence } = findBottleneck({
      operation: ORDERS,
      kind: 'latency',
      before: [],
      during,
      references,
    });
    expect(bottleneck).toMatchObject({ operation: 'pay INSERT payments', kind: 'slow_dependency' });
    expect(bottleneck?.share).toBeGreaterThan(0.95);
    expect(evidence.compared).toContain('with the baselines of its operations: they take');
  });

  it('takes from baselines how often a child was called', () => {
    const during = requests('d', 8, () => [4, ...many(20, () => query('SELECT orders', 6)), 2]);
    const references: OperationReference[] = [
      { operation: ORDERS, meanMs: 12 },
      { operation: called('shop SELECT orders client'), meanMs: 6, callsPerCall: 1 },
    ];
    const { bottleneck } = findBottleneck({ operation: ORDERS, kind: 'latency', before: [], during, references });
    expect(bottleneck).toMatchObject({ operation: 'shop SELECT orders', kind: 'repeated_calls' });
    expect(bottleneck?.recommendation).toContain('20 times a call of `GET /orders` instead of 1');
  });

  it('claims nothing without a reference of the operation itself, or for operations without one', () => {
    const during = requests('d', 8, () => [4, query('SELECT users', 300), 2]);
    const question = { operation: ORDERS, kind: 'latency', before: [], during } as const;
    expect(findBottleneck(question).evidence.compared).toContain('too few to tell');
    const users = { operation: called('shop SELECT users client'), meanMs: 8 };
    expect(findBottleneck({ ...question, references: [users] }).bottleneck).toBeUndefined();
    // The query is taken as unchanged, and what is left of the operation is too short to have been added.
    const own = { operation: ORDERS, meanMs: 20 };
    expect(findBottleneck({ ...question, references: [own] }).bottleneck).toBeUndefined();
    const wrong = [
      { operation: ORDERS, meanMs: NaN },
      { ...users, meanMs: -1 },
    ];
    expect(findBottleneck({ ...question, references: wrong }).bottleneck).toBeUndefined();
  });
});
