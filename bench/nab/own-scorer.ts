// Has the Numenta Anomaly Benchmark's own program score a detector: writes what it reads, runs it, reads what it wrote.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Series } from './corpus.ts';

/** The name it knows us by; it takes what is before the first underscore of its files. */
const DETECTOR = 'evenkeel';
const PROFILE = 'standard';

export interface Scored extends Series {
  /** 0..1, a row each. */
  readonly scores: Float64Array;
}

/** Totals of the standard profile as its own program prints them. */
export interface OwnTotals {
  readonly atThreshold: number;
  readonly atBest: number;
  readonly best: number;
}

/**
 * Runs `run.py` of a checkout twice: at a threshold, and at the one its optimizer finds.
 *
 * @param python a Python 3 that has pandas
 */
export async function ownTotals(
  directory: string,
  python: string,
  corpus: readonly Scored[],
  threshold: number,
): Promise<OwnTotals> {
  const results = mkdtempSync(join(tmpdir(), 'evenkeel-nab-'));
  try {
    for (const series of corpus) writeScores(results, series);
    // What its null detector scored is where its scale begins.
    cpSync(join(directory, 'results/null'), join(results, 'null'), { recursive: true });
    const { [PROFILE]: profile } = JSON.parse(
      readFileSync(join(directory, 'config/profiles.json'), 'utf8'),
    ) as Readonly<Record<string, unknown>>;
    writeFileSync(join(results, 'profiles.json'), JSON.stringify({ [PROFILE]: profile }));
    writeThreshold(results, threshold);
    const atThreshold = await total(directory, python, results, []);
    const atBest = await total(directory, python, results, ['--optimize']);
    const thresholds = JSON.parse(readFileSync(join(results, 'thresholds.json'), 'utf8')) as Thresholds;
    return { atThreshold, atBest, best: thresholds[DETECTOR]?.[PROFILE]?.threshold ?? NaN };
  } finally {
    rmSync(results, { recursive: true });
  }
}

type Thresholds = Readonly<Record<string, Readonly<Record<string, { readonly threshold: number }>>>>;

function writeThreshold(results: string, threshold: number): void {
  const thresholds: Thresholds = { [DETECTOR]: { [PROFILE]: { threshold } } };
  writeFileSync(join(results, 'thresholds.json'), JSON.stringify(thresholds));
}

function writeScores(results: string, { name, times, values, scores }: Scored): void {
  const [folder = '', file = ''] = name.split('/');
  const path = join(results, DETECTOR, folder, `${DETECTOR}_${file}`);
  mkdirSync(dirname(path), { recursive: true });
  const rows = times.map((time, i) => `${time},${values[i]},${scores[i]},0`);
  writeFileSync(path, `timestamp,value,anomaly_score,label\n${rows.join('\n')}\n`);
}

async function total(directory: string, python: string, results: string, more: readonly string[]): Promise<number> {
  const files = ['--resultsDir', results, '--profilesFile', join(results, 'profiles.json')];
  const settings = ['--thresholdsFile', join(results, 'thresholds.json'), '--skipConfirmation', '-n', '1'];
  const { stdout } = await promisify(execFile)(
    python,
    ['run.py', '-d', DETECTOR, '--score', '--normalize', ...more, ...files, ...settings],
    { cwd: resolve(directory), maxBuffer: 2 ** 24 },
  );
  const final = /Final score for .* = (-?[\d.]+)/.exec(stdout)?.[1];
  if (final === undefined) throw new Error(`run.py printed no final score: ${stdout.slice(-500)}`);
  return Number(final);
}
