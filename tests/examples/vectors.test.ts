import { expect, test } from 'vitest';
import { Slowdowns } from '../../examples/workflow-runtime/src/faults/slowdowns.ts';
import { ReadmeVectors } from '../../examples/workflow-runtime/src/vectors/readme-vectors.ts';
import { countTerms, DIMENSIONS, splitWords } from '../../examples/workflow-runtime/src/vectors/tokens.ts';

const CORPUS = {
  boat: 'A boat floats on water. Sailors steer a boat across the sea.',
  keel: 'The keel keeps a boat upright and steady in heavy wind.',
  sail: 'A sail catches wind; sailors trim the sail.',
  cache: 'A cache keeps values in memory until they expire.',
};

function vectorsOf(corpus: Record<string, string>): { vectors: ReadmeVectors; slowdowns: Slowdowns } {
  const slowdowns = new Slowdowns();
  const vectors = new ReadmeVectors(slowdowns);
  for (const [path, text] of Object.entries(corpus)) vectors.put(path, text);
  vectors.build();
  return { vectors, slowdowns };
}

const pathsOf = (neighbours: { path: string }[]) => neighbours.map(({ path }) => path);

const checkWords = (text: string, expected: string[]) => expect(splitWords(text)).toEqual(expected);

test('splits prose into words, without markup, addresses, stop words and data', () => {
  checkWords('# Fast YAML-parser', ['fast', 'yaml', 'parser']);
  checkWords('<img src="badge.svg" alt="build"> [docs](https://example.org/a/b?c=d) done', ['docs', 'done']);
  checkWords('how to use the cache', ['cache']);
  checkWords(`sha ${'a1'.repeat(40)} end`, ['sha', 'end']);
  checkWords('<<<<<', []);
});

test('counts words by dimension, equal words together', () => {
  const counts = countTerms('wind wind sail');
  expect([...counts.values()].map(Math.abs).toSorted()).toEqual([1, 2]);
  for (const dimension of counts.keys()) expect(dimension).toBeLessThan(DIMENSIONS);
});

test('finds the README that a question is about, best first', () => {
  const { vectors } = vectorsOf(CORPUS);
  const check = (question: string, expected: string[]) =>
    expect(pathsOf(vectors.nearest(question, 9))).toEqual(expected);
  check('memory cache with values that expire', ['cache']);
  check('catches the wind', ['sail', 'keel']);
  check('upright and steady', ['keel']);
  check('quantum chromodynamics', []);
  check('', []);
});

test('gives a README itself the score 1', () => {
  const [best] = vectorsOf(CORPUS).vectors.nearest(CORPUS.sail, 1);
  expect(best.path).toBe('sail');
  expect(best.score).toBeCloseTo(1, 5);
});

test('lets a rare word weigh more than a common one', () => {
  const common = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`p${at}`, `parser number word${at}`]));
  const { vectors } = vectorsOf({ ...common, rare: 'turnip number' });
  expect(pathsOf(vectors.nearest('turnip parser', 1))).toEqual(['rare']);
});

test('shows a replaced or removed README only after the next build', () => {
  const { vectors } = vectorsOf(CORPUS);
  vectors.put('boat', 'turnips and carrots');
  vectors.remove('cache');
  expect(pathsOf(vectors.nearest('turnips', 1))).toEqual([]);
  expect(vectors.size).toBe(4);
  vectors.build();
  expect(pathsOf(vectors.nearest('turnips', 1))).toEqual(['boat']);
  expect(pathsOf(vectors.nearest('expire', 1))).toEqual([]);
  expect(vectors.size).toBe(3);
});

test('finds nothing while it is empty, and nothing for a README without words', () => {
  expect(vectorsOf({}).vectors.nearest('boat', 3)).toEqual([]);
  expect(pathsOf(vectorsOf({ blank: '', boat: CORPUS.boat }).vectors.nearest('boat', 3))).toEqual(['boat']);
});

test('gives the same neighbours when it is slowed', () => {
  const { vectors, slowdowns } = vectorsOf(CORPUS);
  const before = vectors.nearest('wind', 3);
  slowdowns.set('vectors', 10);
  expect(vectors.nearest('wind', 3)).toEqual(before);
});
