// The exam of issue 6: streams of recorded calls through `evenkeel baseline scan`, beside detectors of packages.
import { bounded, type Limit } from '../bounds.ts';
import type { Figure } from '../figure.ts';
import { countOf, KIND_NAMES, specOf, textOf } from './generate.ts';
import { inTurns } from './in-turns.ts';
import { runRivals } from './rivals.ts';
import { scan, scanCommand } from './scan.ts';
import { scoreStream, type StreamScore, type Violation } from './score.ts';
import type { StreamSpec } from './stream.ts';
import { type Summary, summaryOf } from './summary.ts';
import { truthOf } from './truth.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const OURS = 'evenkeel';
/** Rivals run on the first streams of each kind, since some of them take a hundred times as long; we stand beside them. */
const OURS_THERE = 'evenkeel, same streams as rivals';
const RIVAL_STREAMS = IS_QUICK ? 1 : 6;
const RIVAL_QUIET_STREAMS = IS_QUICK ? 1 : 4;

/** Issue 6, done when: what must hold, and in the name what is aimed at. */
const FIGURES: readonly (readonly [keyof Summary, string, string, Limit?])[] = [
  ['regressions', 'regressions', ''],
  ['findable', 'with a bound of 30 s or less', ''],
  ['recall', 'of these found within 60 s (aim 0.97)', '1', { atLeast: 0.93 }],
  ['strong', 'shifts of 1.5 and more, 5/s and more, bound 25 s or less', ''],
  ['strongRecall', 'of these found within 60 s', '1', { atLeast: 0.99 }],
  ['lateS', 'found after the bound, median', 's'],
  ['lateP90S', 'found after the bound, 90th percentile', 's'],
  ['trapDays', 'operation-days with traps', 'd'],
  ['trapAlarmsPerDay', 'false alarms per operation-day with traps (aim 0.16)', '1/d', { atMost: 0.3 }],
  ['quietDays', 'quiet operation-days', 'd', { atLeast: 600 }],
  ['quietAlarmsPerDay', 'false alarms per quiet operation-day (aim 0.005)', '1/d', { atMost: 0.01 }],
  ['falseTime', 'sound time called in violation', '1'],
  ['severity', 'severity right', '1', { atLeast: 0.98 }],
  ['kind', 'kind right', '1'],
  ['emergency', 'stop and hang called emergency', '1', { atLeast: 0.95 }],
  ['clearS', 'cleared after recovery, median', 's', { atMost: 35 }],
  ['clearP90S', 'cleared after recovery, 90th percentile', 's'],
  ['clearedEarly', 'cleared before recovery', '1'],
  ['reopenings', 'reopened', ''],
  ['intervals', 'intervals judged', ''],
  ['coverage', '95 % intervals that hold (0.97 at most)', '1'],
  ['families', 'causes found in several operations', ''],
  ['grouped', 'of these in one group', '1'],
];
const COVERAGE = { least: 0.93, most: 0.97 };

export async function run(): Promise<Figure[]> {
  const specs = KIND_NAMES.flatMap((kind) =>
    Array.from({ length: IS_QUICK ? 1 : countOf(kind) }, (_, n) => specOf('exam', kind, n)),
  );
  const scores = await examine(specs);
  const some = KIND_NAMES.flatMap((kind) =>
    specs.filter((spec) => spec.kind === kind).slice(0, kind === 'quiet' ? RIVAL_QUIET_STREAMS : RIVAL_STREAMS),
  );
  const names = new Set(some.map(({ name }) => name));
  const { ran, missing } = await runRivals(some);
  if (missing !== undefined) console.error(`MISSING rivals: ${missing}`);
  return [
    ...judged(summaryOf(scores)),
    ...(await readAhead(specs)),
    ...plain(OURS_THERE, summaryOf(scores.filter(({ stream }) => names.has(stream)))),
    ...ran.flatMap((rival) => plain(rival.name, summaryOf(rival.scores))),
    { name: 'rivals of packages missing', value: missing === undefined ? 0 : 1, spread: 0, unit: '', side: OURS },
  ];
}

async function examine(specs: readonly StreamSpec[]): Promise<StreamScore[]> {
  let done = 0;
  return inTurns(specs, async (spec) => {
    const violations = await scan(scanCommand(), textOf(spec));
    // Who waits for minutes sees that it goes on.
    if (++done % 20 === 0) console.error(`${done} of ${specs.length} streams`);
    return scoreStream(truthOf(spec), violations);
  });
}

function plain(side: string, summary: Summary): Figure[] {
  return FIGURES.map(([key, name, unit]) => ({ name, value: summary[key], unit, spread: 0, side }));
}

function judged(summary: Summary): Figure[] {
  return FIGURES.map(([key, name, unit, limit]) => {
    const figure: Figure = { name, value: summary[key], unit, spread: 0, side: OURS };
    // Of a few streams no ratio says anything.
    if (IS_QUICK) return figure;
    if (key !== 'coverage') return bounded(figure, limit);
    const holds = figure.value >= COVERAGE.least && figure.value <= COVERAGE.most;
    return { ...figure, bound: COVERAGE.least, boundIs: '≥', holds };
  });
}

/** Whether a stream that ends in the midst says the same until then as the whole one: nobody reads ahead. */
async function readAhead(specs: readonly StreamSpec[]): Promise<Figure[]> {
  const firsts = KIND_NAMES.filter((kind) => kind !== 'quiet').flatMap((kind) => {
    const first = specs.find((spec) => spec.kind === kind);
    return first === undefined ? [] : [first];
  });
  const same = await inTurns(firsts, async (spec) => {
    const cause = spec.causes[Math.floor(spec.causes.length / 2)];
    const cutMs = cause === undefined ? (spec.learnMs + spec.endMs) / 2 : (cause.onsetMs + cause.recoveryMs) / 2;
    const until = (violations: readonly Violation[]): string =>
      JSON.stringify(violations.filter(({ t_ms: ms }) => ms <= spec.baseMs + cutMs - CUT_MARGIN_MS));
    const [whole, part] = [await scan(scanCommand(), textOf(spec)), await scan(scanCommand(), textOf(spec, cutMs))];
    return until(whole) === until(part);
  });
  const value = same.filter(Boolean).length / same.length;
  const figure: Figure = {
    name: 'streams cut short that say the same until then',
    value,
    unit: '1',
    spread: 0,
    side: OURS,
  };
  return [bounded(figure, { atLeast: 1 })];
}

/** The end of input may close steps that were open. */
const CUT_MARGIN_MS = 3000;
