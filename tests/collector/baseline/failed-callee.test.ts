import { describe, expect, it } from 'vitest';
import { type BottleneckAnswer, findBottleneck } from '../../../collector/src/baseline/bottleneck.ts';
import type { KeptTrace } from '../../../collector/src/baseline/trace-tree.ts';
import { called, charge, failed, query, type Step, tracesOf } from '../../support/plain-traces.ts';

const ORDERS = { service: 'shop', name: 'GET /orders', kind: 'SPAN_KIND_SERVER' };
type Make = (noise: () => number, i: number) => Step[];

const requests = (prefix: string, count: number, make: Make): KeptTrace[] =>
  tracesOf(prefix, count, (noise, i) => called('shop GET /orders server', ...make(noise, i)));

describe('what explains an operation that fails', () => {
  const ask = (before: Make, during: Make, isFailed: (i: number) => boolean): BottleneckAnswer =>
    findBottleneck({
      operation: ORDERS,
      kind: 'error',
      before: requests('b', 12, before),
      during: tracesOf('d', 12, (noise, i) => {
        const call = called('shop GET /orders server', ...during(noise, i));
        return isFailed(i) ? failed(call) : call;
      }),
    });

  it('is the deepest callee that failed last', () => {
    const { bottleneck, evidence } = ask(
      () => [3, charge(10), 2],
      (_, i) => {
        const paid = called('shop POST /charge client', failed(called('pay POST /charge server', 5), 'CardError'));
        return [3, failed(query('SELECT cache', 1)), i % 2 === 0 ? failed(paid) : charge(10), 2];
      },
      (i) => i % 2 === 0,
    );
    expect(bottleneck).toMatchObject({ operation: 'pay POST /charge', kind: 'errors', share: 1 });
    expect(bottleneck?.recommendation).toBe(
      '`POST /charge` of pay fails in 50 % of its calls instead of 0 % (`CardError`): find out why it fails',
    );
    expect(evidence.compared).toContain('50 % of them fail instead of 0 %');
    expect(evidence.traceIds.every((id) => Number(id.slice(1)) % 2 === 0)).toBe(true);
  });

  it('is the operation itself where nothing below it failed', () => {
    const { bottleneck } = ask(
      () => [3, charge(10)],
      () => [3, charge(10)],
      (i) => i < 4,
    );
    expect(bottleneck).toMatchObject({ operation: 'shop GET /orders', share: 1 });
    expect(bottleneck?.recommendation).toMatch(/^`GET \/orders` of shop fails in 33 % of its calls instead of 0 %/);
  });
});
