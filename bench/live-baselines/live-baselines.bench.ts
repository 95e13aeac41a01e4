// The streams of the exam, sent live: spans of OpenTelemetry's SDK through its stock batching, against `baseline scan` of the
// same calls. A sidecar is not told until when to learn, so it stands beside a scan that is not told either.
import { bounded, type Limit } from '../bounds.ts';
import { countOf, KIND_NAMES, type SeedSet } from '../baselines/generate.ts';
import { inTurns } from '../baselines/in-turns.ts';
import type { StreamScore } from '../baselines/score.ts';
import { type Summary, summaryOf } from '../baselines/summary.ts';
import type { Figure } from '../figure.ts';
import { type Child, startChild } from '../peers/child.ts';
import { type Delays, delaysOf, pairsOf } from './compare.ts';
import type { PlayerMethods, Scored, Wanted } from './player.ts';
import { LAYOUTS } from './programs.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const SEEDS: SeedSet = IS_QUICK ? 'tuning' : 'exam';
/** Streams of a kind. Where little is called much time is cheap; a stream of days is not. */
const USUAL_COUNT = 5;
const COUNTS: Readonly<Record<string, number>> = { quiet: 9, low: 20, 'season-day': 3 };
const LIVE = 'evenkeel, live';
const SCAN = 'evenkeel baseline scan';
const TOLD = 'evenkeel baseline scan, told until when to learn';

/** Issue 6, done when. */
const DELAYS: readonly (readonly [keyof Delays, string, string, Limit?])[] = [
  ['both', 'regressions found by scan and live', '', { atLeast: 150 }],
  ['onlyScan', 'found by scan only', ''],
  ['onlyLive', 'found live only', ''],
  ['meanS', 'live after scan, mean', 's', { atMost: 6 }],
  ['p50S', 'live after scan, median', 's'],
  ['p90S', 'live after scan, 90th percentile', 's'],
  ['worstS', 'live after scan, worst', 's', { atMost: 8 }],
];
/** Beside each other; of the last ones a sidecar may have no more than scan. */
const SIDES: readonly (readonly [keyof Summary, string, string])[] = [
  ['regressions', 'regressions', ''],
  ['recall', 'found within 60 s, of those with a bound of 30 s or less', '1'],
  ['severity', 'severity right', '1'],
  ['kind', 'kind right', '1'],
  ['emergency', 'stop and hang called emergency', '1'],
  ['clearS', 'cleared after recovery, median', 's'],
  ['trapDays', 'operation-days with traps', 'd'],
  ['quietDays', 'quiet operation-days', 'd'],
  ['trapAlarmsPerDay', 'false alarms per operation-day with traps', '1/d'],
  ['quietAlarmsPerDay', 'false alarms per quiet operation-day', '1/d'],
];
const ALARMS: readonly (keyof Summary)[] = ['trapAlarmsPerDay', 'quietAlarmsPerDay'];
const LEAST_DAYS: Readonly<Partial<Record<keyof Summary, number>>> = { trapDays: 40, quietDays: 100 };

export async function run(): Promise<Figure[]> {
  const wanted = KIND_NAMES.flatMap((kind) => {
    const count = IS_QUICK ? 1 : Math.min(countOf(kind), COUNTS[kind] ?? USUAL_COUNT);
    return Array.from({ length: count }, (_, n) => ({ set: SEEDS, kind, n }));
  }).map((which, i): Wanted => ({ ...which, layout: LAYOUTS[i % LAYOUTS.length] ?? LAYOUTS[0] }));
  const scored = await playAll(wanted);
  const of = (side: 'told' | 'scan' | 'live'): StreamScore[] => scored.map((each) => each[side]);
  const [told, scan, live] = [of('told'), of('scan'), of('live')];
  const counted = scored.reduce((sum, { spans }) => sum + spans.counted, 0);
  const late = scored.reduce((sum, { spans }) => sum + spans.late, 0);
  const againstTold = delaysOf(pairsOf(told, live));
  const informs = { spread: 0, side: `${LIVE}, against ${TOLD}` };
  return [
    ...delayFigures(scan, live),
    ...sideFigures(LIVE, live, summaryOf(scan)),
    ...sideFigures(SCAN, scan),
    ...sideFigures(TOLD, told),
    { name: 'spans sent', value: counted, unit: '', spread: 0, side: LIVE },
    { name: 'spans that came after their second was closed', value: late / counted, unit: '1', spread: 0, side: LIVE },
    { name: 'live after scan, mean', value: againstTold.meanS, unit: 's', ...informs },
    { name: 'live after scan, median', value: againstTold.p50S, unit: 's', ...informs },
  ];
}

/** A few at a time, each in a process of its own: programs and sidecar of a stream live in one virtual time. */
async function playAll(wanted: readonly Wanted[]): Promise<Scored[]> {
  const players: Child<PlayerMethods>[] = [];
  let done = 0;
  try {
    const idle: Child<PlayerMethods>[] = [];
    return await inTurns(wanted, async (each) => {
      let player = idle.pop();
      if (player === undefined) players.push((player = startChild(`${import.meta.dirname}/player.ts`)));
      const scored = await player.call('play', each);
      idle.push(player);
      // Who waits for minutes sees that it goes on.
      if (++done % 20 === 0) console.error(`${done} of ${wanted.length} streams`);
      return scored;
    });
  } finally {
    for (const player of players) player.stop();
  }
}

function delayFigures(scan: readonly StreamScore[], live: readonly StreamScore[]): Figure[] {
  const delays = delaysOf(pairsOf(scan, live));
  return DELAYS.map(([key, name, unit, limit]) => {
    const figure = { name, value: delays[key], unit, spread: 0, side: LIVE };
    // Of a few streams none of these says anything.
    return IS_QUICK ? figure : bounded(figure, limit);
  });
}

/** @param least what may not be passed, where it may not */
function sideFigures(side: string, scores: readonly StreamScore[], most?: Summary): Figure[] {
  const summary = summaryOf(scores);
  return SIDES.map(([key, name, unit]) => {
    const figure = { name, value: summary[key], unit, spread: 0, side };
    if (IS_QUICK || most === undefined) return figure;
    if (ALARMS.includes(key)) return bounded(figure, { atMost: most[key] });
    const least = LEAST_DAYS[key];
    return bounded(figure, least === undefined ? undefined : { atLeast: least });
  });
}
