// Which measurements of a series are kept.
import { describe, expect, it } from 'vitest';
import { ExemplarReservoir, MAX_EXEMPLARS } from '../../../sdk/src/metrics/exemplar-reservoir.ts';
import { seeded } from '../../support/random.ts';

describe('a reservoir', () => {
  it('keeps each measurement but the largest with the same chance', () => {
    const random = seeded(43);
    const kept = new Map<number, number>();
    const runs = 4000;
    for (let run = 0; run < runs; run++) {
      const reservoir = new ExemplarReservoir(MAX_EXEMPLARS, random);
      for (let value = 0; value < 12; value++) reservoir.offer(12 - value, undefined);
      for (const { value } of reservoir.take(Infinity)) kept.set(value, (kept.get(value) ?? 0) + 1);
    }
    const expected = (runs * 3) / 12;
    for (let value = 1; value < 12; value++) {
      expect(Math.abs((kept.get(value) ?? 0) - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
    expect(kept.get(12)).toBe(runs);
  });
});
