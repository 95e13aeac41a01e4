import { expect, it } from 'vitest';
import { FixedErrors } from '../../../collector/src/monitoring/fixed-errors.ts';
import { seeded } from '../../support/random.ts';

type Follows = 'level' | 'slope';

/** One reading a second. */
function rig(follows: Follows): { readonly errors: FixedErrors; read(...values: number[]): void } {
  const errors = new FixedErrors();
  errors.begin(0);
  let second = 0;
  return {
    errors,
    read: (...values) => {
      for (const value of values) errors.take(0, value, 1000 * second++, follows);
    },
  };
}

const flat = (count: number, value = 0): number[] => Array<number>(count).fill(value);

/** By the definition: of every phase the largest error, of those the least. */
function naive(values: readonly number[], every: number, follows: Follows): number {
  const ofPhase = Array.from({ length: every }, (_, phase) => {
    let worst = 0;
    for (let from = phase; from + every < values.length; from += every)
      for (let at = from + 1; at < from + every; at++) {
        const [first = NaN, last = NaN, value = NaN] = [values[from], values[from + every], values[at]];
        const drawn = follows === 'level' ? first : first + ((last - first) * (at - from)) / every;
        worst = Math.max(worst, Math.abs(value - drawn));
      }
    return worst;
  });
  return Math.min(...ofPhase);
}

it.each<Follows>(['level', 'slope'])('is what the luckiest of all phases missed of a %s', (follows) => {
  const random = seeded(3);
  const values: number[] = [];
  for (let i = 0; i < 120; i++) values.push((values.at(-1) ?? 0) + (random() < 0.2 ? 100 * random() : random()));
  const { errors, read } = rig(follows);
  read(...values);
  const expected = naive(values, 14, follows);
  expect(expected).toBeGreaterThan(20);
  // A little is forgotten in two minutes.
  expect(errors.error(0)).toBeLessThanOrEqual(expected);
  expect(errors.error(0)).toBeGreaterThan(0.95 * expected);
});

it('is nothing of a step that one phase sees as it happens, until there are as many steps as phases miss', () => {
  const { errors, read } = rig('level');
  read(...flat(40), ...flat(40, 100));
  expect(errors.error(0)).toBe(0);
  read(...flat(37), ...flat(40, 100), ...flat(40));
  expect(errors.error(0)).toBeGreaterThan(95);
});

it('is nothing of a slope that is straight', () => {
  const { errors, read } = rig('slope');
  read(...Array.from({ length: 60 }, (_, i) => 7 * i));
  expect(errors.error(0)).toBeCloseTo(0);
});

it('is half as much after half an hour in which nothing happens', () => {
  const { errors, read } = rig('level');
  read(...Array.from({ length: 200 }, (_, i) => (i % 9 < 4 ? 100 : 0)), ...flat(30));
  const before = errors.error(0);
  expect(before).toBeGreaterThan(90);
  read(...flat(1800));
  expect(errors.error(0) / before).toBeCloseTo(0.5, 1);
});

it('begins anew', () => {
  const { errors, read } = rig('level');
  read(...Array.from({ length: 60 }, (_, i) => (i % 9 < 4 ? 100 : 0)));
  errors.begin(0);
  read(...flat(28, 50));
  expect(errors.error(0)).toBe(0);
});
