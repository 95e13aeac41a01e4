// The streams of the exam, sent live: spans of OpenTelemetry's SDK through its stock batching, against `baseline scan` of the
// same calls. A sidecar is not told until when to learn, so it stands beside a scan that is not told either.
import { bounded, type Limit } from '../bounds.ts';
import { countOf, KIND_NAMES, type SeedSet, specOf } from '../baselines/generate.ts';
import { scoreStream, type StreamScore } from '../baselines/score.ts';
import type { StreamSpec } from '../baselines/stream.ts';
import { type Summary, summaryOf } from '../baselines/summary.ts';
import { truthOf } from '../baselines/truth.ts';
import type { Figure } from '../figure.ts';
import { type Delays, delaysOf, pairsOf } from './compare.ts';
import { play } from './play.ts';
import { LAYOUTS } from './programs.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const SEEDS: SeedSet = IS_QUICK ? 'tuning' : 'exam';
/** Streams of a kind. Where little is called much time is cheap; a stream of days is not. */
const USUAL_COUNT = 5;
const COUNTS: Readonly<Record<string, number>> = { quiet: 9, low: 20, 'season-day': 2 };
/** Streams that count from zero are sent at a time of today: a whole number of days, so that their seconds and seasons stay. */
const TODAY_MS = 20_600 * 86_400_000;

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

interface Scores {
  readonly told: StreamScore[];
  readonly scan: StreamScore[];
  readonly live: StreamScore[];
}

export async function run(): Promise<Figure[]> {
  const specs = KIND_NAMES.flatMap((kind) => {
    const count = IS_QUICK ? 1 : Math.min(countOf(kind), COUNTS[kind] ?? USUAL_COUNT);
    return Array.from({ length: count }, (_, n) => specOf(SEEDS, kind, n));
  });
  const scores: Scores = { told: [], scan: [], live: [] };
  let [counted, late] = [0, 0];
  for (const [i, spec] of specs.entries()) {
    const spans = await examine(spec, i, scores);
    counted += spans.counted;
    late += spans.late;
    if ((i + 1) % 20 === 0) console.error(`${i + 1} of ${specs.length} streams`);
  }
  return [
    ...delayFigures(scores.scan, scores.live),
    ...sideFigures(LIVE, scores.live, summaryOf(scores.scan)),
    ...sideFigures(SCAN, scores.scan),
    ...sideFigures(TOLD, scores.told),
    { name: 'spans sent', value: counted, unit: '', spread: 0, side: LIVE },
    { name: 'spans that came after their second was closed', value: late / counted, unit: '1', spread: 0, side: LIVE },
    ...(['meanS', 'p90S'] as const).map((key) => {
      const [, name, unit] = DELAYS.find(([of]) => of === key) ?? DELAYS[0];
      return {
        name,
        value: delaysOf(pairsOf(scores.told, scores.live))[key],
        unit,
        spread: 0,
        side: `${LIVE}, against ${TOLD}`,
      };
    }),
  ];
}

async function examine(given: StreamSpec, place: number, into: Scores): Promise<{ counted: number; late: number }> {
  const spec = given.baseMs === 0 ? { ...given, baseMs: TODAY_MS } : given;
  const truth = truthOf(spec);
  const { spans, ...said } = await play(spec, LAYOUTS[place % LAYOUTS.length] ?? LAYOUTS[0]);
  for (const side of ['told', 'scan', 'live'] as const) into[side].push(scoreStream(truth, said[side]));
  return spans;
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
