import { describe, expect, it } from 'vitest';
import { aggregated, type AggregateSettings, linesOf } from '../../support/aggregate-rig.ts';

async function check(rule: AggregateSettings, input: string, output: string, dropped = {}): Promise<void> {
  const { lines, counts } = await aggregated(rule, input);
  expect(lines).toEqual(linesOf(output));
  expect(counts).toMatchObject({ held: 0, balanced: true, series: 0, dropped });
}

describe('conversion to cumulative', () => {
  it('gives each point the total so far, since its stream began here', async () => {
    await check(
      { convert: 'cumulative' },
      `
        requests counter/delta 5 @10s from 1s
        requests counter/delta 0 @20s from 10s
        requests counter/delta 3 @40s from 30s
        open updown/delta -2 @41s from 40s
        open updown/delta -3 @42s from 41s
      `,
      `
        requests counter 5 @10s from 1s
        requests counter 5 @20s from 1s
        requests counter 8 @40s from 1s
        open updown -2 @41s from 40s
        open updown -5 @42s from 40s
      `,
    );
  });

  it('adds histograms up, and begins anew where their bounds change', async () => {
    await check(
      { convert: 'cumulative' },
      `
        took histogram/delta 1|2 @10s from 1s
        took histogram/delta 3|2 @20s from 10s
        took histogram/delta 3|4 @30s from 20s
        size exponential/delta 3|s1 @10s from 1s
        size exponential/delta 12|s0 @20s from 10s
      `,
      `
        took histogram 1/1[1,0] @10s from 1s
        took histogram 2/4[1,1] @20s from 1s
        took histogram 1/3[1,0] @30s from 20s
        size exponential 1/3s1:3[1] @10s from 1s
        size exponential 2/15s0:1[1,0,1] @20s from 1s
      `,
    );
  });

  it('counts repeats once, and what is out of order not at all', async () => {
    await check(
      { convert: 'cumulative' },
      `
        requests counter/delta 5 @10s from 1s
        requests counter/delta 5 @10s from 1s
        +11s requests counter/delta 7 @9s from 1s
      `,
      'requests counter 5 @10s from 1s',
      { duplicate: 1, late: 1 },
    );
  });
});

describe('conversion to delta', () => {
  it('says what was added since the point before, and of streams first seen in mid-life nothing at first', async () => {
    await check(
      { convert: 'delta' },
      `
        requests{a="new"} counter 5 @10s from 1s
        requests{a="mid"} counter 500 @11s from -1s
        requests{a="new"} counter 7 @20s from 1s
        requests{a="mid"} counter 501 @21s from -1s
        requests{a="new"} counter 2 @40s from 30s
        open updown 9 @41s from 1s
        open updown 4 @42s from 1s
        open updown 6 @43s from 42.5s
        +43s requests{a="new"} counter 6 @15s from 1s
      `,
      `
        requests{a="new"} counter/delta 5 @10s from 1s
        requests{a="new"} counter/delta 2 @20s from 10s
        requests{a="mid"} counter/delta 1 @21s from 11s
        requests{a="new"} counter/delta 2 @40s from 20s
        open updown/delta 9 @41s from 1s
        open updown/delta -5 @42s from 41s
        open updown/delta 6 @43s from 42s
      `,
      { late: 1 },
    );
  });
});

describe('streams that were silent too long', () => {
  it('begin anew: totals from 0, growth from where they then stand', async () => {
    await check(
      { convert: 'cumulative', stale_after: '60s' },
      `
        requests counter/delta 5 @10s from 1s
        requests counter/delta 3 @200s from 10s
        requests counter/delta 3 @210s from 200s
      `,
      `
        requests counter 5 @10s from 1s
        requests counter 3 @200s from 10s
        requests counter 6 @210s from 10s
      `,
    );
    await check(
      { convert: 'delta', stale_after: '60s' },
      `
        requests counter 5 @10s from 1s
        requests counter 9 @200s from 1s
        requests counter 10 @210s from 1s
      `,
      `
        requests counter/delta 5 @10s from 1s
        requests counter/delta 1 @210s from 200s
      `,
    );
  });
});

it('streams beyond max_series pass as they came', async () => {
  const { lines, counts } = await aggregated(
    { convert: 'delta' },
    `
      requests{a="1"} counter 5 @10s from 1s
      requests{a="2"} counter 7 @11s from 1s
    `,
    { max_series: 1 },
  );
  expect(lines).toEqual(['requests{a="1"} counter/delta 5 @10s from 1s', 'requests{a="2"} counter 7 @11s from 1s']);
  expect(counts).toMatchObject({ overflow: 1, passed: 1, absorbed: 1, balanced: true });
});

it('what needs no conversion passes as it came', async () => {
  const { lines, counts } = await aggregated(
    { convert: 'delta' },
    `
      requests counter/delta 5 @10s
      load gauge 3 @10s
    `,
  );
  expect(lines).toEqual(['requests counter/delta 5 @10s', 'load gauge 3 @10s']);
  expect(counts).toMatchObject({ passed: 2, unfit: 2, absorbed: 0 });
});
