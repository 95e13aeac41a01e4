// How well resource series are watched, by the Numenta Anomaly Benchmark: the standard profile, one threshold for all of
// its 58 series, which is the product's own. The data are not ours and not in this repository; whoever runs this fetches
// them: git clone https://github.com/numenta/NAB && NAB_DIR=$PWD/NAB npm run bench:nab. Without NAB_DIR it says so and
// ends with 1. Scored twice: by score.ts, held against every total that NAB publishes, and by NAB's own program where
// NAB_PYTHON (python3 unless set) is a Python with pandas 2; pandas 3 cannot run it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_SCORE, ResourceWatch, scoreOf, STRONG_NATS } from '../../collector/src/resource/watch.ts';
import { seeded } from '../../tests/support/random.ts';
import { bounded } from '../bounds.ts';
import { cpuSeconds, type Figure } from '../figure.ts';
import { isHeldOut, publishedDetectors, publishedScores, readCorpus, type Series } from './corpus.ts';
import { ownTotals, type Scored } from './own-scorer.ts';
import { bestIndex, indexAt, type Totals, totalsOf } from './score.ts';

const LEAST_TOTAL = 60;
/** Published totals are exact, so ours of the same scores must be the same but for rounding. */
const MOST_DIFFERENCE = 0.001;
const MOST_BYTES = 8192;
const NOISE_SEEDS = 5;
const NOISE_READINGS = 40_000;
const PYTHON = process.env['NAB_PYTHON'] ?? 'python3';

export async function run(): Promise<Figure[]> {
  const directory = directoryOrEnd();
  const corpus = readCorpus(directory);
  let scored: Scored[] = [];
  const seconds = cpuSeconds(() => (scored = corpus.map(watched)));
  const readings = corpus.reduce((sum, { values }) => sum + values.length, 0);
  const all = totalsOf(scored);
  const [own, best] = [indexAt(all, EVENT_SCORE), bestIndex(all)];
  const strong = indexAt(all, scoreOf(STRONG_NATS));
  return [
    ...(await ownProgram(directory, scored)),
    bounded(figure("total at the product's threshold", all.totals[own]), { atLeast: LEAST_TOTAL }),
    figure('total at the best threshold', all.totals[best]),
    figure(`of ${count(scored, false)} series tuned on`, ownTotal(scored.filter(({ name }) => !isHeldOut(name)))),
    figure(`of ${count(scored, true)} series held out`, ownTotal(scored.filter(({ name }) => isHeldOut(name)))),
    figure(`windows found of ${all.windows}`, all.found[own]),
    figure(`false alarms in ${readings} readings`, all.falseAlarms[own]),
    figure('strong events alone: total', all.totals[strong]),
    figure(`strong events alone: windows found of ${all.windows}`, all.found[strong]),
    figure('strong events alone: false alarms', all.falseAlarms[strong]),
    ...published(directory, corpus),
    bounded(figure('state of a series', new ResourceWatch().sizeBytes, 'bytes'), { atMost: MOST_BYTES }),
    figure('CPU time of a reading', (seconds / readings) * 1e6, 'µs'),
    ...noise(),
  ];
}

export async function versions(): Promise<Record<string, string>> {
  const pandas = pandasVersion();
  return pandas === undefined ? {} : { pandas };
}

function directoryOrEnd(): string {
  const directory = process.env['NAB_DIR'];
  if (directory !== undefined && existsSync(join(directory, 'labels/combined_windows.json'))) return directory;
  const what =
    directory === undefined ? 'NAB_DIR is not set' : `there is no labels/combined_windows.json in ${directory}`;
  console.error(
    `bench:nab: ${what}. Fetch the data first: git clone https://github.com/numenta/NAB, then set NAB_DIR to it.`,
  );
  process.exit(1);
}

function watched(series: Series): Scored {
  const watch = new ResourceWatch();
  return { ...series, scores: series.values.map((value, i) => watch.take(series.timesMs[i] ?? 0, value).score) };
}

/** What NAB's own program says, where there is a Python to run it. */
async function ownProgram(directory: string, scored: readonly Scored[]): Promise<Figure[]> {
  const pandas = pandasVersion();
  if (pandas === undefined || Number.parseInt(pandas, 10) !== 2) {
    console.error(`bench:nab: ${PYTHON} has no pandas 2 (NAB_PYTHON names another), so NAB's own program is not run.`);
    return [figure("NAB's own program, the product's threshold", NaN)];
  }
  const { atThreshold, atBest } = await ownTotals(directory, PYTHON, scored, EVENT_SCORE);
  return [
    bounded(figure("NAB's own program, the product's threshold", atThreshold), { atLeast: LEAST_TOTAL }),
    figure("NAB's own program, the threshold of its optimizer", atBest),
  ];
}

/** Detectors whose scores come with the data, each at the threshold published for it. */
function published(directory: string, corpus: readonly Series[]): Figure[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const finals = read('results/final_results.json') as Readonly<Record<string, { readonly standard: number }>>;
  const thresholds = read('config/thresholds.json') as Readonly<
    Record<string, { readonly standard: { readonly threshold: number } }>
  >;
  let most = 0;
  const figures = publishedDetectors(directory).flatMap((detector) => {
    const [final, threshold] = [finals[detector]?.standard, thresholds[detector]?.standard.threshold];
    if (final === undefined || threshold === undefined) return [];
    const totals = totalsOf(
      corpus.map((series) => ({ ...series, scores: publishedScores(directory, detector, series.name) })),
    );
    const total = totals.totals[indexAt(totals, threshold)] ?? NaN;
    most = Math.max(most, Math.abs(total - final));
    return [figure(`published: ${detector}`, total)];
  });
  const sorted = figures.sort((a, b) => b.value - a.value);
  return [...sorted, bounded(figure('furthest from a published total', most), { atMost: MOST_DIFFERENCE })];
}

/** How often nothing but noise is an event: normal, heavy-tailed and wandering. */
function noise(): Figure[] {
  let [events, strong, readings] = [0, 0, 0];
  for (let seed = 1; seed <= NOISE_SEEDS; seed++) {
    const random = seeded(seed);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let off = 0;
    const kinds = [() => 50 + 5 * normal(), () => Math.exp(3 + normal()), () => 50 + (off = 0.95 * off + normal())];
    for (const value of kinds) {
      const watch = new ResourceWatch();
      for (let reading = 0; reading < NOISE_READINGS; reading++) {
        const { state, nats } = watch.take(reading * 300_000, value());
        readings++;
        if (state !== 'begins') continue;
        events++;
        if (nats >= STRONG_NATS) strong++;
      }
    }
  }
  return [
    figure('events in 1000 readings of noise', (1000 * events) / readings),
    figure('strong events in 1000 readings of noise', (1000 * strong) / readings),
  ];
}

function ownTotal(scored: readonly Scored[]): number | undefined {
  const totals: Totals = totalsOf(scored);
  return totals.totals[indexAt(totals, EVENT_SCORE)];
}

function count(scored: readonly Scored[], heldOut: boolean): number {
  return scored.filter(({ name }) => isHeldOut(name) === heldOut).length;
}

function pandasVersion(): string | undefined {
  try {
    const print = 'import pandas; print(pandas.__version__)';
    return execFileSync(PYTHON, ['-c', print], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // No such Python, or one without pandas; the bench says so.
    return undefined;
  }
}

function figure(name: string, value: number | undefined, unit = '1'): Figure {
  return { name, value: value ?? NaN, unit, spread: 0 };
}
