import { expect, test } from 'vitest';
import { nextRequest } from '../../examples/workflow-runtime/src/driver/requests.ts';
import { pick, seededRandom } from '../../examples/workflow-runtime/src/driver/random.ts';

const NAMES = ['express', '@scope/with-slash', 'yaml'];

function requests(seed: number, count: number, names: readonly string[] = NAMES): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => JSON.stringify(nextRequest(random, names)));
}

test('draws the same requests from the same seed, and others from another', () => {
  expect(requests(7, 50)).toEqual(requests(7, 50));
  expect(requests(7, 50)).not.toEqual(requests(8, 50));
});

test('asks for everything the API offers, mostly questions, rarely runs', () => {
  const all = requests(1, 2000);
  const count = (part: string) => all.filter((request) => request.includes(part)).length;
  expect(count('"/ask?q=')).toBeGreaterThan(900);
  expect(count('"/runs"')).toBeGreaterThan(20);
  expect(count('"/runs"')).toBeLessThan(120);
  for (const part of ['/packages?prefix=', '/packages/yaml"', '/readme"', '/findings', '/health'])
    expect(count(part)).toBeGreaterThan(0);
});

test('encodes names so that a scope stays one path segment', () => {
  expect(requests(1, 500).join('')).toContain('/packages/%40scope%2Fwith-slash');
});

test('asks only questions while it knows no names', () => {
  for (const request of requests(3, 100, [])) expect(request).toContain('/ask?q=');
});

test('draws numbers from 0 to below 1, evenly', () => {
  const random = seededRandom(42);
  const cells = [0, 0, 0, 0];
  for (let at = 0; at < 4000; at++) cells[Math.floor(random() * 4)]++;
  for (const cell of cells) expect(Math.abs(cell - 1000)).toBeLessThan(150);
  expect(['a', 'b']).toContain(pick(random, ['a', 'b']));
});
