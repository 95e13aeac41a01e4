import { expect, it } from 'vitest';
import { restated } from '../../../collector/src/monitoring/stated-error.ts';
import { seeded } from '../../support/random.ts';

/** Share of errors within what was stated before they were known; the first tenth only teaches. */
function covered(errors: readonly number[]): number {
  let stated = 0;
  let within = 0;
  const from = errors.length / 10;
  for (const [i, error] of errors.entries()) {
    if (i >= from && error <= stated) within++;
    stated = restated(stated, error, 1);
  }
  return within / (errors.length - from);
}

it.each([
  ['even', (random: () => number) => random()],
  ['mostly none', (random: () => number) => (random() < 0.9 ? 0 : random())],
  ['with a long tail', (random: () => number) => 1 / (1 - random())],
  ['in bursts of 20 s every 5 minutes', (random: () => number, i: number) => (i % 300 < 20 ? 10 + random() : random())],
])('holds for 97 to 100 of 100 seconds whose errors are %s', (_, draw) => {
  const random = seeded(7);
  expect(covered(Array.from({ length: 6000 }, (__, i) => draw(random, i)))).toBeGreaterThanOrEqual(0.97);
});

it('comes down again where errors have become small', () => {
  let stated = restated(0, 100, 1);
  for (let second = 0; second < 3600; second++) stated = restated(stated, 1, 1);
  expect(stated).toBeLessThan(5);
  expect(stated).toBeGreaterThanOrEqual(1);
});

it('counts seconds that are judged together as often as they were', () => {
  let one = 50;
  for (let second = 0; second < 30; second++) one = restated(one, 1, 1);
  expect(restated(50, 1, 30)).toBeCloseTo(one);
});
