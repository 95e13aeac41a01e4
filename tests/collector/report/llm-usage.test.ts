import { expect, it } from 'vitest';
import { addUsage, LlmUsage, type LlmDay, priced } from '../../../collector/src/report/llm-usage.ts';
import { dataPoint, histogramOf, type PointShape } from '../../support/data-points.ts';

const BEGAN_MS = 1_000_000;
const MODEL = { 'gen_ai.provider.name': 'acme', 'gen_ai.request.model': 'small' };

function calls(count: number, shape: PointShape = {}) {
  const value = histogramOf(Array.from({ length: count }, () => 1), []); // prettier-ignore
  return dataPoint({ name: 'gen_ai.client.operation.duration', attributes: MODEL, startMs: BEGAN_MS, value, ...shape });
}

function tokens(type: string, sum: number, shape: PointShape = {}) {
  const attributes = { ...MODEL, 'gen_ai.token.type': type };
  return dataPoint({ name: 'gen_ai.client.token.usage', startMs: BEGAN_MS, attributes, value: histogramOf([sum], []), ...shape }); // prettier-ignore
}

const day = (change: Partial<LlmDay>): LlmDay => ({ provider: 'acme', model: 'small', calls: 0, errors: 0, inputTokens: 0, outputTokens: 0, ...change }); // prettier-ignore

it('counts what cumulative streams add, also where one begins anew', () => {
  const usage = new LlmUsage(BEGAN_MS - 1);
  usage.take([calls(3, { timeMs: BEGAN_MS + 1 })]);
  usage.take([calls(5, { timeMs: BEGAN_MS + 2 })]);
  // Again, and late.
  usage.take([calls(5, { timeMs: BEGAN_MS + 2 }), calls(4, { timeMs: BEGAN_MS + 1 })]);
  usage.take([calls(2, { startMs: BEGAN_MS + 3, timeMs: BEGAN_MS + 4 })]);
  expect(usage.drain()).toEqual([day({ calls: 7 })]);
  expect(usage.drain()).toEqual([]);
});

it('counts nothing of before it watched, unless it goes on from what was saved', () => {
  const first = new LlmUsage(BEGAN_MS + 100);
  first.take([calls(50, { timeMs: BEGAN_MS + 200 })]);
  first.take([calls(51, { timeMs: BEGAN_MS + 300 })]);
  expect(first.drain()).toEqual([day({ calls: 1 })]);
  const second = new LlmUsage(BEGAN_MS + 400);
  second.restore(JSON.parse(JSON.stringify(first.saved())));
  second.take([calls(60, { timeMs: BEGAN_MS + 500 })]);
  expect(second.drain()).toEqual([day({ calls: 9 })]);
});

it('counts delta points as they are, failures by their type, and tokens by theirs', () => {
  const usage = new LlmUsage(BEGAN_MS + 100);
  const delta = { temporality: 'delta' } as const;
  usage.take([calls(3, delta), calls(2, delta), calls(1, { ...delta, attributes: { ...MODEL, 'error.type': '429' } })]);
  usage.take([tokens('input', 100, delta), tokens('output', 7, delta), tokens('cached', 50, delta)]);
  usage.take([dataPoint({ name: 'gen_ai.client.token.usage', value: 5 }), dataPoint({ name: 'requests' })]);
  expect(usage.drain()).toEqual([day({ calls: 6, errors: 1, inputTokens: 100, outputTokens: 7 })]);
});

it('follows so many streams and models, and sums the others', () => {
  const usage = new LlmUsage(BEGAN_MS - 1);
  const named = (i: number): PointShape => ({ attributes: { ...MODEL, 'gen_ai.request.model': `m${i}` }, timeMs: BEGAN_MS + 1 }); // prettier-ignore
  usage.take(Array.from({ length: 1100 }, (_, i) => calls(1, named(i))));
  const drained = usage.drain();
  expect(usage.saved()).toHaveLength(1000);
  expect(drained.reduce((sum, each) => sum + each.calls, 0)).toBe(1000);
  expect(drained).toHaveLength(201);
  expect(drained.at(-1)).toMatchObject({ model: 'other models', calls: 800 });
});

it('prices tokens by the first price that fits', () => {
  const models = new Map<string, LlmDay>();
  addUsage(models, day({ model: 'small-2', inputTokens: 1_000_000, outputTokens: 500_000 }));
  addUsage(models, day({ model: 'own' }));
  const prices = [
    { model: 'small', input: 9, output: 9, currency: 'USD' },
    { model: 'small-*', input: 2, output: 10, currency: 'EUR' },
  ];
  expect(priced([...models.values()], prices)).toMatchObject([{ cost: 7, currency: 'EUR' }, { currency: '' }]);
  expect(priced([...models.values()], prices)[1]).not.toHaveProperty('cost');
});
