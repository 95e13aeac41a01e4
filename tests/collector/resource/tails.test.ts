import { describe, expect, it } from 'vitest';
import { type Figure, ResourceTails } from '../../../collector/src/resource/tails.ts';
import { type Random, seeded } from '../../support/random.ts';

const FIGURE: Figure = { block: 1, isTwoSided: true, leastScale: 0 };

/** Tails of one figure that have seen so many values. */
function fed(count: number, value: (i: number) => number, figure: Partial<Figure> = {}): ResourceTails {
  const tails = new ResourceTails([{ ...FIGURE, ...figure }]);
  for (let i = 0; i < count; i++) tails.take(0, value(i));
  return tails;
}

/** Shares of values that are said to be as seldom as once in 100, 1000 and 10 000, by values of the same kind. */
function shares(draw: (random: Random) => number): number[] {
  const random = seeded(11);
  const figure = new ResourceTails([{ ...FIGURE, isTwoSided: false }]);
  const counts = [0, 0, 0];
  const all = 60_000;
  for (let i = 0; i < all + 1000; i++) {
    const { nats } = figure.take(0, draw(random));
    if (i >= 1000)
      [100, 1000, 10_000].forEach((once, k) => (counts[k] = (counts[k] ?? 0) + Number(nats >= Math.log(once))));
  }
  return counts.map((count) => count / all);
}

describe('tails', () => {
  it.each<[string, (random: Random) => number, number]>([
    ['even', (random) => random(), 0.0001],
    ['exponential', (random) => -Math.log(1 - random()), 0.0005],
    ['heavy', (random) => (1 - random()) ** -0.3, 0.0005],
  ])('say how seldom a value is, in truth, where values are %s', (_, draw, least) => {
    const [hundred = 0, thousand = 0, most = 0] = shares(draw);
    // A tail that ends is taken for one that does not, which errs on the quiet side.
    // A tail is fitted from a tenth of what is known on, but to 32 values at most: less than one in 100 later on.
    expect(hundred).toBeLessThan(0.015);
    expect(thousand).toBeGreaterThan(least);
    expect(thousand).toBeLessThan(0.002);
    expect(most).toBeLessThan(0.0004);
  });

  it('say so on both sides', () => {
    const noise = seeded(1);
    const tails = fed(1000, () => noise());
    expect(tails.take(0, 9)).toMatchObject({ direction: 'up' });
    expect(tails.take(0, -9)).toMatchObject({ direction: 'down' });
    expect(tails.take(0, 0.5).nats).toBe(0);
  });

  it('hold what has come before for no more seldom than it was', () => {
    const noise = seeded(2);
    const tails = fed(1000, (i) => (i % 250 === 249 ? 1000 : noise()));
    expect(tails.take(0, 1000).nats).toBeCloseTo(Math.log(1000 / 4), 3);
    expect(tails.take(0, 3000).nats).toBeGreaterThan(Math.log(1000));
  });

  it('know nothing before 60 values, or 25 blocks', () => {
    const values = seeded(3);
    expect(fed(59, () => values()).take(0, 100).nats).toBe(0);
    expect(fed(60, () => values()).take(0, 100).nats).toBeGreaterThan(4);
    expect(fed(24 * 6, () => values(), { block: 6 }).take(0, 100).nats).toBe(0);
    expect(fed(25 * 6, () => values(), { block: 6 }).take(0, 100).nats).toBeGreaterThan(2);
  });

  it('take less than the least scale for no difference', () => {
    expect(fed(500, () => 10).take(0, 10.5).nats).toBeGreaterThan(6);
    expect(fed(500, () => 10, { leastScale: 2 }).take(0, 10.5).nats).toBeLessThan(4);
  });

  it('forget what is older than two generations', () => {
    const noise = seeded(4);
    const tails = fed(13_000, (i) => noise() + (i < 1000 ? 50 : 0));
    expect(tails.take(0, 50).nats).toBeGreaterThan(10);
  });
});
