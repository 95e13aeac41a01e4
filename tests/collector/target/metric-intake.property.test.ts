// One truth told by deltas, by totals, and by totals that begin anew: all are judged alike, and as the definition has it.
import { array, assert, asyncProperty, boolean, double, integer, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SLOTS } from '../../../collector/src/target/sliding-window.ts';
import { dataPoint, histogramOf, numberValue } from '../../support/data-points.ts';
import { targetRig, type TargetRig } from '../../support/target-rig.ts';

const WINDOW_MS = 60_000;
const EVERY_SECONDS = 10;
const BOUNDS = [0.1, 1, 10];
/** Nothing is ever said: what is said begins its window anew when it is over. */
const CONFIG = {
  metrics: {
    mean: { metrics: ['took'], by: [], statistic: 'mean', max: 1, min_calls: 1, sustained: '1h' },
    hits: {
      metrics: ['looks'],
      attributes: { result: 'hit' },
      of: { metrics: ['looks'] },
      statistic: 'ratio',
      min: 0.5,
      min_calls: 1,
      sustained: '1h',
    },
  },
};

interface Report {
  readonly took: readonly number[];
  readonly hits: number;
  readonly misses: number;
  /** Its sender began anew before. */
  readonly restarts: boolean;
}

const reports = array(
  record({
    took: array(double({ min: 0.001, max: 20, noNaN: true }), { maxLength: 5 }),
    hits: integer({ min: 0, max: 30 }),
    misses: integer({ min: 0, max: 30 }),
    restarts: boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

/** A sender of totals. */
class Totals {
  took: number[] = [];
  hits = 0;
  misses = 0;
  startMs: number;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  add({ took, hits, misses }: Report): void {
    this.took = [...this.took, ...took];
    this.hits += hits;
    this.misses += misses;
  }
}

function tell(
  rig: TargetRig,
  service: string,
  temporality: 'delta' | 'cumulative',
  report: Omit<Report, 'restarts'>,
  startMs: number,
): void {
  const shared = { service, temporality, startMs, timeMs: rig.own.clock.nowMs() };
  const looks = (result: string, count: number) =>
    dataPoint({ ...shared, name: 'looks', attributes: { result }, value: numberValue(count) });
  const took = dataPoint({ ...shared, name: 'took', unit: 's', value: histogramOf(report.took, BOUNDS) });
  rig.take(took, looks('hit', report.hits), looks('miss', report.misses));
}

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Values of one target by service, and of the definition: what came in slots that still count. */
function compare(rig: TargetRig, name: string, expected: number | undefined): void {
  const target = rig.stage.answer().targets.find((each) => each.name === name);
  const values = new Map(target?.subjects.map(({ attributes, value }) => [attributes['service.name'], value]));
  for (const service of ['delta', 'total', 'anew'])
    if (expected !== undefined)
      expect([name, service, values.get(service)]).toEqual([name, service, expect.closeTo(expected, 9)]);
}

async function check(all: readonly Report[]): Promise<void> {
  const rig = await targetRig(CONFIG);
  const { clock } = rig.own;
  const [total, anew] = [new Totals(clock.nowMs()), new Totals(clock.nowMs())];
  const came: { slot: number; report: Report }[] = [];
  for (const report of all) {
    clock.advance(1000);
    if (report.restarts) Object.assign(anew, new Totals(clock.nowMs() - 500));
    for (const each of [total, anew]) each.add(report);
    tell(rig, 'delta', 'delta', report, clock.nowMs() - EVERY_SECONDS * 1000);
    tell(rig, 'total', 'cumulative', total, total.startMs);
    tell(rig, 'anew', 'cumulative', anew, anew.startMs);
    const slotMs = WINDOW_MS / SLOTS;
    came.push({ slot: Math.floor(clock.monotonicMs() / slotMs), report });
    // All have been judged since the last slot began.
    clock.advance((EVERY_SECONDS - 1) * 1000 - 1);
    const now = Math.floor(clock.monotonicMs() / slotMs);
    const counting = came.filter(({ slot }) => slot > now - SLOTS).map((each) => each.report);
    const took = counting.flatMap((each) => each.took);
    const [hits, misses] = [sumOf(counting.map((each) => each.hits)), sumOf(counting.map((each) => each.misses))];
    compare(rig, 'mean', took.length === 0 ? undefined : sumOf(took) / took.length);
    compare(rig, 'hits', hits + misses === 0 ? undefined : hits / (hits + misses));
    clock.advance(1);
  }
}

describe('increments', () => {
  it('are what was counted, however they are told', async () => {
    await assert(asyncProperty(reports, check), { seed: 11, numRuns: 40 });
  });
});
