import { expect, test } from 'vitest';
import { AnswerMemory } from '../../examples/workflow-runtime/src/ask/answer-memory.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

const answerTo = (question: string) => ({ question, nearest: [] });

function openMemory(limits: { maxAnswers?: number; maxBytes?: number } = {}) {
  const clock = { time: 1000, now: () => clock.time };
  const memory = new AnswerMemory({ maxAnswers: 3, maxBytes: 100_000, ttlMs: 500, ...limits }, clock);
  const keep = (question: string) => memory.remember(question, answerTo(question));
  return { clock, memory, keep };
}

test('recalls an answer whatever the letter case and spacing of the question', () => {
  const { memory, keep } = openMemory();
  keep('Which cache?');
  expect(memory.recall('  which   CACHE? ')).toEqual(answerTo('Which cache?'));
  expect(memory.recall('which cash?')).toBeUndefined();
});

test('forgets the answer that was not asked for the longest when there are too many', () => {
  const { memory, keep } = openMemory();
  for (const question of ['a', 'b', 'c']) keep(question);
  memory.recall('a');
  keep('d');
  expect(memory.size).toBe(3);
  expect(memory.recall('b')).toBeUndefined();
  expect(memory.recall('a')).toBeDefined();
});

test('forgets answers when they are too large together, and keeps none that is too large alone', () => {
  const { memory, keep } = openMemory({ maxBytes: 150 });
  keep('a');
  keep('b');
  keep('c');
  expect(memory.size).toBeGreaterThan(0);
  expect(memory.size).toBeLessThan(3);
  keep('x'.repeat(200));
  expect(memory.recall('x'.repeat(200))).toBeUndefined();
});

test('forgets an answer when its time is over', () => {
  const { clock, memory, keep } = openMemory();
  keep('a');
  clock.time += 500;
  expect(memory.recall('a')).toBeDefined();
  clock.time += 1;
  expect(memory.recall('a')).toBeUndefined();
});

test('forgets everything when the data changes', () => {
  const { memory, keep } = openMemory();
  keep('a');
  memory.clear();
  expect(memory.recall('a')).toBeUndefined();
});

test('makes each access a memory span', () => {
  const { memory, keep } = openMemory();
  memory.recall('a');
  keep('a');
  memory.clear();
  const operations = spans.all().map((span) => span.attributes['gen_ai.operation.name']);
  expect(operations).toEqual(['get_memory', 'upsert_memory', 'delete_memory']);
});
