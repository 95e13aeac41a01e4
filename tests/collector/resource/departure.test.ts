// From evidence to what is said: it has to be strong, and to last.
import { describe, expect, it } from 'vitest';
import { Departure, type DepartureOptions } from '../../../collector/src/resource/departure.ts';
import type { ResourceVerdict } from '../../../collector/src/resource/watch.ts';

const OPTIONS: DepartureOptions = { direction: 'both', leastChange: 10, leastSteps: 5 };
const QUIET: ResourceVerdict = {
  score: 0, nats: 0, sign: 'level', direction: 'up', usual: 100, spread: 5, isSeasonal: false, state: 'normal',
}; // prettier-ignore
const STRONG: ResourceVerdict = { ...QUIET, nats: 9, state: 'begins' };
const HELD: ResourceVerdict = { ...QUIET, usual: 250, spread: 30, state: 'held' };

/** Steps at which it is said. */
function saidOf(steps: readonly (readonly [number, ResourceVerdict])[], options = OPTIONS, mayBegin = true): number[] {
  const departure = new Departure(options);
  departure.take(0, 100, QUIET, true);
  return steps.flatMap(([value, verdict], i) => (departure.take(i, value, verdict, mayBegin) === undefined ? [] : [i]));
}
const run = (value: number, count: number): [number, ResourceVerdict][] =>
  Array.from({ length: count }, (_, i) => [value, i === 0 ? STRONG : HELD]);

describe('a departure', () => {
  it('is said once it has lasted, until two steps are back', () => {
    const back: [number, ResourceVerdict][] = [
      [100, HELD],
      [300, HELD],
      [100, HELD],
      [100, HELD],
      [100, HELD],
    ];
    expect(saidOf([...run(300, 6), ...back])).toEqual([4, 5, 6, 7, 8]);
  });

  it('is not said of weak evidence, of little, nor before enough is known', () => {
    expect(saidOf(run(300, 20).map(([value]) => [value, HELD]))).toEqual([]);
    expect(saidOf(run(122, 20))).toEqual([]);
    expect(saidOf(run(300, 20), OPTIONS, false)).toEqual([]);
  });

  it('counts to the side that is asked for', () => {
    expect(saidOf(run(20, 6))).toEqual([4, 5]);
    expect(saidOf(run(20, 6), { ...OPTIONS, direction: 'up' })).toEqual([]);
    expect(saidOf(run(300, 6), { ...OPTIONS, direction: 'down' })).toEqual([]);
  });

  it('tells how far off it is, by what was usual before it', () => {
    const departure = new Departure(OPTIONS);
    departure.take(0, 100, QUIET, true);
    const found = run(300, 5).map(([value, verdict], i) => departure.take(i, value, verdict, true));
    expect(found[4]).toMatchObject({ usual: 100, mean: 300, direction: 'up', onsetMs: 0, steps: 5 });
    expect(found[4]?.factor).toBeCloseTo(310 / 110);
  });

  it('is normal after a day', () => {
    const said = saidOf(run(300, 1500));
    expect([said[0], said.at(-1)]).toEqual([4, 1439]);
  });

  it('goes on after it was kept', () => {
    const first = new Departure(OPTIONS);
    first.take(0, 100, QUIET, true);
    run(300, 4).forEach(([value, verdict], i) => first.take(i, value, verdict, true));
    const again = new Departure(OPTIONS);
    again.restore(structuredClone(first.snapshot()));
    expect(again.take(4, 300, HELD, true)?.onsetMs).toBe(0);
  });
});
