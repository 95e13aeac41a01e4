// Reads the Numenta Anomaly Benchmark where its user has put it: series, windows, and what published detectors said.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One series of the corpus. */
export interface Series {
  /** Folder and file, as the labels name it. */
  readonly name: string;
  readonly times: readonly string[];
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly windows: readonly (readonly [from: string, to: string])[];
}

/** Reads all series, sorted by name. @param directory a checkout of numenta/NAB */
export function readCorpus(directory: string): Series[] {
  const labels = JSON.parse(readFileSync(join(directory, 'labels/combined_windows.json'), 'utf8')) as Readonly<
    Record<string, readonly (readonly [string, string])[]>
  >;
  return Object.keys(labels)
    .sort()
    .map((name) => {
      const rows = rowsOf(join(directory, 'data', name));
      return {
        name,
        times: rows.map(([time = '']) => time),
        timesMs: Float64Array.from(rows, ([time = '']) => Date.parse(`${time.replace(' ', 'T')}Z`)),
        values: Float64Array.from(rows, ([, value = '']) => Number(value)),
        // Labels carry fractions of seconds, rows do not.
        windows: (labels[name] ?? []).map(([from, to]) => [from.slice(0, 19), to.slice(0, 19)] as const),
      };
    });
}

/** Detectors whose scores come with the checkout. */
export function publishedDetectors(directory: string): string[] {
  const results = join(directory, 'results');
  if (!existsSync(results)) return [];
  return readdirSync(results, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** What a published detector said of a series. */
export function publishedScores(directory: string, detector: string, series: string): Float64Array {
  const [folder = '', file = ''] = series.split('/');
  const path = join(directory, 'results', detector, folder, `${detector}_${file}`);
  const head = readFileSync(path, 'utf8').split('\n', 1)[0]?.trim().split(',') ?? [];
  const column = head.indexOf('anomaly_score');
  return Float64Array.from(rowsOf(path), (cells) => Number(cells[column]));
}

/** Whether a series was not looked at while the detector was made: a bit of its name's FNV-1a hash decides. */
export function isHeldOut(name: string): boolean {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return ((hash >>> 16) & 1) === 1;
}

/** Cells of each row without the head. */
function rowsOf(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(','));
}
