// Text in, text out. See tests/support/point-text.ts for how points are written.
import { Aggregator } from '../../../collector/src/aggregate/aggregator.ts';
import { aggregateConfig } from '../../../collector/src/aggregate/config.ts';
import { POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { lineOf, pointOf } from '../../support/point-text.ts';
import { describe, expect, it } from 'vitest';
import { aggregated, type AggregateSettings, linesOf } from '../../support/aggregate-rig.ts';

const DAY_MS = 86_400_000;

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

describe('a stream far ahead of a point that is missing', () => {
  it('goes on without it after 16 more, so that what it holds is bounded', async () => {
    const later = Array.from({ length: 20 }, (_, i) => `requests counter ${10 + i} @${20 + i}s from 1s`).join('\n');
    const { lines, counts, rig } = await aggregated(
      { outputs: ['increase'], temporality: 'delta' },
      `
        requests counter 5 @10s from 1s
        ${later}
        +41s requests counter 12 @22.5s from 1s
        +42s requests counter 14 @24.5s from 1s
        +43s requests counter 14 @24s from 1s
      `,
    );
    expect(lines).toEqual(['requests counter/delta 29 @60s']);
    // The one older than all that wait is late, the other finds its place.
    expect(counts).toMatchObject({ dropped: { late: 1, duplicate: 1 }, absorbed: 22, balanced: true });
    expect(rig.counts().series).toBe(0);
  });
});

/** The core alone, handed the time by the test. */
function bare(rule: AggregateSettings) {
  const books = { dropped: 0, absorbed: 0, held: 0 };
  const config = aggregateConfig.parse({ rules: [{ name: 'rule', ...rule }] });
  const aggregator = new Aggregator(config, [], POINTS_BEGAN_MS - 10 * DAY_MS, {
    absorbed: (points) => (books.absorbed += points),
    dropped: (_reason, points) => (books.dropped += points),
    held: (more) => (books.held += more),
    unfit: () => undefined,
    overflow: () => undefined,
  });
  return { aggregator, books };
}

it('a stream of histograms, which are large, waits for 4', async () => {
  const { lines, counts } = await aggregated(
    { outputs: ['count'], temporality: 'delta' },
    `
      took histogram/delta 1|2 @10s
      took histogram/delta 1|2 @20s
      took histogram/delta 1|2 @30s
      took histogram/delta 1|2 @40s
      took histogram/delta 1|2 @50s
      +51s took histogram/delta 1|2 @15s
      +52s took histogram/delta 1|2 @18s
      +53s took histogram/delta 1|2 @9s
    `,
  );
  expect(lines).toEqual(['took.count counter/delta 7 @60s']);
  expect(counts).toMatchObject({ dropped: { late: 1 }, absorbed: 7, balanced: true });
});

describe('several windows whose time is over at once', () => {
  it('are closed in order, whatever order their points came in', () => {
    const { aggregator, books } = bare({ outputs: ['sum'] });
    const take = (line: string): unknown => aggregator.take([pointOf(line)], POINTS_BEGAN_MS + 9000);
    take('queue updown 3 @130s');
    take('requests counter 9 @70s from 1s');
    take('requests counter 5 @10s from 1s');
    take('queue updown 1 @10s');
    take('requests counter 12 @130s from 1s');
    expect(aggregator.dueMs()).toBe(POINTS_BEGAN_MS + 65_000);
    const made = [...aggregator.close(POINTS_BEGAN_MS + 200_000)].flat().map(lineOf);
    expect(made).toEqual([
      'queue updown 1 @60s',
      'queue updown 3 @180s',
      'requests counter 5 @60s',
      'requests counter 9 @120s',
      'requests counter 12 @180s',
    ]);
    expect(books).toEqual({ dropped: 0, absorbed: 5, held: 0 });
  });
});

describe("a host's clock that is set back", () => {
  it('closes what is open, and goes on counting from where streams stood', () => {
    const { aggregator, books } = bare({ outputs: ['increase'], temporality: 'delta' });
    const out: string[] = [];
    const at = (seconds: number, line: string): void => {
      const nowMs = POINTS_BEGAN_MS + seconds * 1000;
      if (aggregator.dueMs() <= nowMs) out.push(...[...aggregator.close(nowMs)].flat().map(lineOf));
      if (line !== '') aggregator.take([pointOf(line)], nowMs);
      if (aggregator.dueMs() <= nowMs) out.push(...[...aggregator.close(nowMs)].flat().map(lineOf));
    };
    const day = DAY_MS / 1000;
    at(10, 'requests counter 5 @10s from -9s');
    at(70, 'requests counter 7 @70s from -9s');
    at(80 - day, `requests counter 8 @${80 - day}s from -9s`);
    at(150 - day, `requests counter 10 @${150 - day}s from -9s`);
    at(190 - day, '');
    expect(out).toEqual([
      'requests counter/delta 5 @60s',
      // Of windows that were open, with the times of what is in them.
      `requests counter/delta 1 @${80 - day}s from ${60 - day}s`,
      'requests counter/delta 2 @70s from 60s',
      `requests counter/delta 2 @${180 - day}s from ${120 - day}s`,
    ]);
    expect(books).toEqual({ dropped: 0, absorbed: 4, held: 0 });
  });
});
