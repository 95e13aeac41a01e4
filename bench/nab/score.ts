// How the Numenta Anomaly Benchmark scores detections, written anew from its description and checked against the totals it
// publishes; what of it is kept: the standard profile, its best threshold over a corpus, and any other threshold.

/** One series, what a detector said of each row, and the windows in which a detection is right. */
export interface Judged {
  /** Time of each row, as text; windows name rows by it. */
  readonly times: readonly string[];
  /** 0..1, a row each. */
  readonly scores: ArrayLike<number>;
  /** First and last row's time of each window, in order, none overlapping. */
  readonly windows: readonly (readonly [from: string, to: string])[];
}

/** What right, wrong and missed detections weigh. */
export interface Profile {
  readonly found: number;
  readonly falseAlarm: number;
  readonly missed: number;
}

/** The profile its scoreboard is sorted by. */
export const STANDARD: Profile = { found: 1, falseAlarm: 0.11, missed: 1 };

const PROBATION_RATIO = 0.15;
/** Longer series are on probation no longer than one of so many rows. */
const PROBATION_ROWS = 5000;

/** One row that counts. */
interface Point {
  readonly score: number;
  /** What a detection here adds to the total. */
  readonly worth: number;
  /** Number of its window in the corpus; -1 outside. */
  readonly window: number;
}

/** Totals by threshold. */
export interface Totals {
  readonly windows: number;
  /** From high to low; a threshold includes rows at it. */
  readonly thresholds: readonly number[];
  /** 0 is a detector that says nothing, 100 one that says the right thing at once. */
  readonly totals: readonly number[];
  readonly falseAlarms: readonly number[];
  readonly found: readonly number[];
}

/** Scores a corpus at each threshold that makes a difference. */
export function totalsOf(corpus: readonly Judged[], profile: Profile = STANDARD): Totals {
  const points: Point[] = [];
  let windows = 0;
  for (const series of corpus) {
    pointsOf(series, windows, profile, points);
    windows += series.windows.length;
  }
  points.sort((a, b) => b.score - a.score);
  const best = new Float64Array(windows).fill(-profile.missed);
  const [thresholds, totals, falseAlarms, found]: [number[], number[], number[], number[]] = [[], [], [], []];
  let [total, alarms, hit] = [-profile.missed * windows, 0, 0];
  const nothing = total;
  const note = (threshold: number): void => {
    thresholds.push(threshold);
    totals.push((100 * (total - nothing)) / (profile.found * windows - nothing));
    falseAlarms.push(alarms);
    found.push(hit);
  };
  let threshold = 1.1;
  for (const { score, worth, window } of points) {
    if (score !== threshold) note(threshold);
    threshold = score;
    if (window < 0) {
      total += worth;
      alarms++;
      continue;
    }
    const before = best[window] ?? 0;
    if (worth <= before) continue;
    if (before === -profile.missed) hit++;
    best[window] = worth;
    total += worth - before;
  }
  note(threshold);
  return { windows, thresholds, totals, falseAlarms, found };
}

/** Reads totals at one threshold. @returns index into the arrays */
export function indexAt({ thresholds }: Totals, threshold: number): number {
  let index = 0;
  while (index + 1 < thresholds.length && (thresholds[index + 1] ?? 0) >= threshold) index++;
  return index;
}

/** Finds the threshold with the highest total, as the benchmark's optimizer does. @returns index into the arrays */
export function bestIndex({ totals }: Totals): number {
  return totals.reduce((best, total, i) => (total > (totals[best] ?? 0) ? i : best), 0);
}

/** Appends what each row after the probation is worth. */
function pointsOf({ times, scores, windows }: Judged, firstWindow: number, profile: Profile, points: Point[]): void {
  const probation = Math.min(Math.floor(PROBATION_RATIO * times.length), PROBATION_RATIO * PROBATION_ROWS);
  let next = 0;
  let inside: { readonly right: number; readonly width: number } | undefined;
  let previous: { readonly right: number; readonly width: number } | undefined;
  for (let i = 0; i < times.length; i++) {
    const window = windows[next];
    if (window !== undefined && times[i] === window[0]) {
      const right = times.indexOf(window[1]);
      inside = { right, width: right - times.indexOf(window[0]) + 1 };
      next++;
    }
    const worth =
      inside === undefined
        ? profile.falseAlarm *
          (previous === undefined ? -1 : worthAt(Math.abs(previous.right - i) / (previous.width - 1)))
        : (profile.found * worthAt(-(inside.right - i + 1) / inside.width)) / worthAt(-1);
    if (i >= probation)
      points.push({ score: scores[i] ?? 0, worth, window: inside === undefined ? -1 : firstWindow + next - 1 });
    if (inside !== undefined && times[i] === windows[next - 1]?.[1]) {
      previous = { right: i, width: inside.width };
      inside = undefined;
    }
  }
}

/** What a detection is worth by its place: -1 is the left edge of a window, 0 its right edge, above 0 is after it. */
function worthAt(place: number): number {
  return place > 3 ? -1 : 2 / (1 + Math.exp(5 * place)) - 1;
}
