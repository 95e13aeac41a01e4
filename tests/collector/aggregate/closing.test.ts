// Text in, text out. See tests/support/point-text.ts for how points are written.
import { describe, expect, it } from 'vitest';
import { aggregated, type AggregateSettings, linesOf } from '../../support/aggregate-rig.ts';

async function check(rule: AggregateSettings, input: string, output: string): Promise<void> {
  const { lines, counts } = await aggregated(rule, input);
  expect(lines).toEqual(linesOf(output));
  expect(counts).toMatchObject({ held: 0, balanced: true });
}

describe('replicas', () => {
  it('count once, by the one known longest, and another takes over where it is silent', async () => {
    const { lines, counts } = await aggregated(
      { outputs: ['increase'], deduplicate: 'replica', temporality: 'delta' },
      `
        requests{@replica="a"} counter 5 @10s from 1s
        requests{@replica="bb"} counter 6 @11s from 1s
        requests{@replica="a"} counter 7 @50s from 1s
        requests{@replica="bb"} counter 8 @51s from 1s
        requests{@replica="bb"} counter 12 @111s from 2s
        requests{@replica="bb"} counter 13 @130s from 2s
        requests{@replica="a"} counter 14 @131s from 1s
      `,
    );
    expect(lines).toEqual([
      'requests counter/delta 7 @60s',
      'requests counter/delta 5 @120s from 60s',
      'requests counter/delta 1 @180s from 120s',
    ]);
    expect(counts).toMatchObject({ dropped: { replica: 3 }, absorbed: 4, balanced: true });
  });
});

describe('when a window closes', () => {
  it('is some seconds after its end; later points are dropped, and those of the same time count once', async () => {
    const { lines, counts } = await aggregated(
      { outputs: ['sum'], temporality: 'delta' },
      `
        requests counter/delta 1 @10s
        requests counter/delta 8 @10s
        +64.9s requests counter/delta 2 @60s
        +65s requests counter/delta 4 @59s
      `,
    );
    expect(lines).toEqual(['requests counter/delta 3 @60s']);
    expect(counts).toMatchObject({ dropped: { late: 1, duplicate: 1 }, absorbed: 2, balanced: true });
  });

  it('is at once where the stage stops, with the time of its last point', async () => {
    await check(
      { outputs: ['increase', 'last'], temporality: 'delta' },
      `
        requests counter 5 @10s
        load gauge 3 @20s
        requests counter 6 @70s
        stop
      `,
      `
        requests.increase counter/delta 5 @60s
        load.last gauge 3 @60s
        requests.increase counter/delta 1 @70s from 60s
      `,
    );
  });

  it('points from far ahead, and values that are no numbers, are dropped', async () => {
    const { lines, counts } = await aggregated(
      { outputs: ['last'] },
      `
        load gauge 1 @10s
        load gauge NaN @20s
        load gauge Infinity @30s
        +30s load gauge 7 @700s
      `,
    );
    expect(lines).toEqual(['load gauge 1 @60s']);
    expect(counts).toMatchObject({ dropped: { future: 1, not_finite: 2 }, balanced: true });
  });
});
