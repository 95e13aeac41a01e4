// Text in, text out. See tests/support/point-text.ts for how points are written.
import { describe, expect, it } from 'vitest';
import { aggregated, type AggregateSettings, linesOf } from '../../support/aggregate-rig.ts';

async function check(rule: AggregateSettings, input: string, output: string): Promise<void> {
  const { lines, counts } = await aggregated(rule, input);
  expect(lines).toEqual(linesOf(output));
  expect(counts).toMatchObject({ held: 0, balanced: true });
}

describe('counters', () => {
  it('that began while we watched count whole, and from then on by what they grew', async () => {
    await check(
      { outputs: ['increase'], temporality: 'delta' },
      `
        requests counter 5 @10s from 1s
        requests counter 7 @60s from 1s
        requests counter 10 @60.1s from 1s
      `,
      `
        requests counter/delta 7 @60s
        requests counter/delta 3 @120s from 60s
      `,
    );
  });

  it('first seen in mid-life, or whose start nobody knows, count from there', async () => {
    await check(
      { outputs: ['increase'], temporality: 'delta' },
      `
        requests{a="mid"} counter 500 @10s from -1s
        requests{a="mark"} counter 500 @20s from 20s
        requests{a="mid"} counter 507 @30s from -1s
        requests{a="mark"} counter 502 @40s from 20s
      `,
      `
        requests{a="mid"} counter/delta 7 @60s
        requests{a="mark"} counter/delta 2 @60s
      `,
    );
  });

  it('count whole again after a reset, told by a lower value or a later start', async () => {
    await check(
      { outputs: ['increase'], temporality: 'delta' },
      `
        requests counter 5 @10s
        requests counter 2 @20s
        requests counter 9 @30s from 25s
      `,
      'requests counter/delta 16 @60s',
    );
  });

  it('lose nothing where points are missing, late or out of order', async () => {
    await check(
      { outputs: ['increase'], temporality: 'delta' },
      `
        requests counter 5 @10s
        requests counter 9 @40s
        requests counter 7 @30s
        +64s requests counter 8 @35s
        +66s requests counter 11 @59s
        requests counter 14 @290s
      `,
      `
        requests counter/delta 9 @60s
        requests counter/delta 5 @300s from 240s
      `,
    );
  });

  it('find a reset between points that came out of order', async () => {
    await check(
      { outputs: ['increase'], temporality: 'delta' },
      `
        requests counter 10 @10s
        requests counter 2 @30s
        requests counter 12 @20s
      `,
      'requests counter/delta 14 @60s',
    );
  });

  it('go on as totals since the group began, its first streams counted from their start', async () => {
    await check(
      { outputs: ['sum'], without: ['pod'] },
      `
        requests{@pod="a"} counter 5 @70s from 10s
        requests{@pod="b"} counter 100 @80s from -90s
        requests{@pod="b"} counter 101 @130s from -90s
        requests{@pod="a"} counter 7 @150s from 10s
        requests{@pod="c"} counter 1 @160s from 5s
      `,
      `
        requests counter 5 @120s from 10s
        requests counter 9 @180s from 10s
      `,
    );
  });

  it('of both temporalities add up in one group, a rate a second', async () => {
    await check(
      { outputs: ['rate', 'increase'], by: ['path'] },
      `
        requests{path="/a",code="200"} counter 30 @10s from 5s
        requests{path="/a",code="500"} counter/delta 15 @20s from 10s
        requests{path="/a",code="500"} counter/delta 15 @30s from 20s
      `,
      `
        requests.rate{path="/a"} gauge 1.0 @60s
        requests.increase{path="/a"} counter 60 @60s
      `,
    );
  });
});

describe('readings', () => {
  it('give their last, extremes, mean and spread', async () => {
    await check(
      { outputs: ['last', 'min', 'max', 'mean', 'stddev', 'count'], without: ['core'] },
      `
        load{core="0"} gauge 2 @10s
        load{core="1"} gauge 6 @30s
        load{core="0"} gauge 4 @20s
      `,
      `
        load.last gauge 6 @60s
        load.min gauge 2 @60s
        load.max gauge 6 @60s
        load.mean gauge 4.0 @60s
        load.stddev gauge ${Math.sqrt(8 / 3)} @60s
        load.count counter 3 @60s
      `,
    );
  });

  it('add up by their last values, silent streams with what they had until they end or are stale', async () => {
    await check(
      { outputs: ['sum'], without: ['pod'], stale_after: '120s' },
      `
        queue{@pod="a"} gauge 1 @10s
        queue{@pod="b"} gauge 10 @20s
        queue{@pod="a"} gauge 2 @30s
        queue{@pod="a"} gauge 3 @70s
        queue{@pod="c"} gauge 100 @80s
        queue{@pod="a"} gauge none @130s
        queue{@pod="c"} gauge 200 @150s
        queue{@pod="c"} gauge 300 @220s
      `,
      `
        queue gauge 12 @60s
        queue gauge 113 @120s
        queue gauge 200 @180s
        queue gauge 300 @240s
      `,
    );
  });

  it('of up-down counters stay sums that may fall', async () => {
    await check(
      { outputs: ['sum'], without: ['pod'] },
      `
        open{@pod="a"} updown 7 @10s
        open{@pod="b"} updown 5 @20s
        open{@pod="a"} updown 1 @70s
      `,
      `
        open updown 12 @60s
        open updown 6 @120s
      `,
    );
  });
});

describe('changes of up-down counters', () => {
  it('add up, below zero too', async () => {
    await check(
      { outputs: ['sum'] },
      `
        open updown/delta 5 @10s
        open updown/delta -8 @20s
        open updown/delta 1 @70s
      `,
      `
        open updown -3 @60s
        open updown -2 @120s
      `,
    );
  });
});

describe('histograms', () => {
  it('of equal bounds add up, and those of others are dropped', async () => {
    const { lines, counts } = await aggregated(
      { outputs: ['histogram'], without: ['pod'] },
      `
        took{@pod="a"} histogram/delta 1;3|2;5 @10s
        took{@pod="b"} histogram/delta 9|2;5 @20s
        took{@pod="c"} histogram/delta 9|2;6 @30s
        took{@pod="a"} histogram/delta 1|2;5 @70s
      `,
    );
    expect(lines).toEqual(['took histogram 3/13[1,1,1] @60s', 'took histogram 4/14[2,1,1] @120s']);
    expect(counts).toMatchObject({ dropped: { bounds: 1 }, absorbed: 3, balanced: true });
  });

  it('begin anew with other bounds once none of the old come', async () => {
    await check(
      { outputs: ['histogram'] },
      `
        took histogram 1;3|2;5 @10s
        took histogram 1;3;4|2;5 @70s
      `,
      `
        took histogram 2/4[1,1,0] @60s
        took histogram 3/8[1,2,0] @120s
      `,
    );
    const { lines } = await aggregated(
      { outputs: ['histogram'], without: ['pod'] },
      `
        took{@pod="a"} histogram/delta 1|2;5 @10s
        took{@pod="b"} histogram/delta 1|3 @70s
        took{@pod="b"} histogram/delta 1|3 @130s
      `,
    );
    expect(lines).toEqual(['took histogram 1/1[1,0,0] @60s', 'took histogram 1/1[1,0] @180s from 120s']);
  });

  it('of different scales merge at the coarser one, and count what was measured', async () => {
    await check(
      { outputs: ['histogram', 'count', 'sum', 'mean', 'max', 'rate'], without: ['pod'], temporality: 'delta' },
      `
        took{@pod="a"} exponential 3;5|s1 @10s from 1s
        took{@pod="b"} exponential/delta 12|s0 @20s
        took{@pod="a"} exponential 3;5;5|s1 @70s from 1s
      `,
      `
        took.histogram exponential/delta 3/20s0:1[1,1,1] @60s
        took.count counter/delta 3 @60s
        took.sum updown/delta 20.0 @60s
        took.mean gauge ${20 / 3} @60s
        took.max gauge 12.0 @60s
        took.rate gauge 0.05 @60s
        took.histogram exponential/delta 1/5s1:4[1] @120s from 60s
        took.count counter/delta 1 @120s from 60s
        took.sum updown/delta 5.0 @120s from 60s
        took.mean gauge 5.0 @120s
        took.rate gauge ${1 / 60} @120s
      `,
    );
  });
});

describe('counting', () => {
  it('of distinct series and of distinct values of an attribute', async () => {
    const input = `
      requests{path="/a",user="1"} counter/delta 1 @10s
      requests{path="/a",user="2"} counter/delta 1 @20s
      requests{path="/b",user="1"} counter/delta 1 @30s
    `;
    await check({ outputs: ['unique_count'], by: ['x'] }, input, 'requests.unique_count gauge 3 @60s');
    const byUser = { outputs: ['unique_count'], by: ['x'], unique_count_of: 'user' };
    await check(byUser, input, 'requests.unique_count gauge 2 @60s');
  });
});
