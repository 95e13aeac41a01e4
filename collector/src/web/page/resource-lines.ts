// From series of readings to lines of a chart: groups of series added up, running totals turned into rates.
import type { ResourcesAnswer } from '../api.ts';

export type Series = ResourcesAnswer['series'][number];

/** One line; values belong to the times of its chart, null where it is not known. */
export interface ResourceLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** What a chart reads. */
export interface Source {
  readonly metric: string;
  /** Attribute whose values become lines; the first of these that a series has. Without any, the metric is one line. */
  readonly by?: readonly string[];
  /** Values of `by` that are left out, because they are the rest of a whole. */
  readonly except?: readonly string[];
  /** Lines of values left out of `by` become one with this name. */
  readonly together?: string;
  /** Attributes that name equal parts, over which the mean is taken instead of the sum: cores. */
  readonly meanOver?: readonly string[];
  /** Name of a line without `by`. */
  readonly label?: string;
  /** What a line is part of: held from readings at several moments, parts may add up to more than the whole. */
  readonly atMost?: number;
}

/** What is silent for longer has ended; what hardly moves is sent every five minutes at least. */
const HELD_SECONDS = 300;
/** More than so many lines in one chart tell nothing; the smaller ones become one. */
const MAX_LINES = 4;
const REST = 'others';

/**
 * Makes the lines of a chart.
 *
 * @returns times in Unix seconds, ascending, and the lines in the order of their newest values, largest first; none
 * where no series has two points
 */
export function linesOf(
  series: readonly Series[],
  sources: readonly Source[],
  nowMs: number,
): { times: number[]; lines: ResourceLine[] } {
  const groups = new Map<string, { courses: Course[]; parts: Set<string>; atMost: number }>();
  for (const source of sources) {
    for (const each of series) {
      if (each.metric !== source.metric) continue;
      const label = labelOf(each, source);
      const course = label === undefined ? undefined : courseOf(each, nowMs);
      if (label === undefined || course === undefined) continue;
      const group = groups.get(label) ?? { courses: [], parts: new Set(), atMost: source.atMost ?? Infinity };
      group.courses.push(course);
      group.parts.add(valueOf(each, source.meanOver ?? []) ?? '');
      groups.set(label, group);
    }
  }
  const courses = [...groups.values()].flatMap((group) => group.courses);
  // All of them up to now: what was not sent again is as it was.
  const known = courses.flatMap((course) => course.times);
  const times = [...new Set(known.length === 0 ? [] : [...known, Math.round(nowMs / 1000)])].sort((a, b) => a - b);
  const lines = [...groups].map(([label, group]) => ({
    label,
    values: summed(group.courses, times, group.parts.size).map((value) =>
      value === null ? null : Math.min(value, group.atMost),
    ),
  }));
  return { times, lines: mostOf(lines) };
}

/** The newest value of a line; null where it has ended. */
export function newestOf({ values }: ResourceLine): number | null {
  return values.at(-1) ?? null;
}

/** Values at times in whole Unix seconds; of a running total its growth per second up to each of them. */
interface Course {
  readonly isRate: boolean;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

function courseOf({ kind, points }: Series, nowMs: number): Course | undefined {
  const times = points.map(([agoMs]) => Math.round((nowMs - agoMs) / 1000));
  const values = points.map(([, value]) => value);
  if (kind === 'gauge') return times.length === 0 ? undefined : { isRate: false, times, values };
  if (times.length < 2) return undefined;
  const rates = values.slice(1).map((value, i) => {
    const grown = value - (values[i] ?? 0);
    // A total that fell began anew, and grew by what it is.
    const betweenMs = (points[i]?.[0] ?? 0) - (points[i + 1]?.[0] ?? 0);
    return ((grown < 0 ? value : grown) / Math.max(betweenMs, 1)) * 1000;
  });
  return { isRate: true, times: times.slice(1), values: rates };
}

/** Undefined where the series is left out. */
function labelOf(series: Series, { metric, by = [], except = [], together, label }: Source): string | undefined {
  const value = valueOf(series, by);
  if (value !== undefined && except.includes(value)) return undefined;
  return together ?? value ?? label ?? metric;
}

function valueOf({ attributes }: Series, keys: readonly string[]): string | undefined {
  const key = keys.find((each) => attributes[each] !== undefined);
  return key === undefined ? undefined : attributes[key];
}

function summed(courses: readonly Course[], times: readonly number[], parts: number): (number | null)[] {
  const sums: (number | null)[] = times.map(() => null);
  for (const course of courses) {
    let at = 0;
    times.forEach((time, i) => {
      while ((course.times[at + 1] ?? Number.POSITIVE_INFINITY) <= time) at++;
      const value = heldAt(course, at, time);
      if (value !== undefined) sums[i] = (sums[i] ?? 0) + value / parts;
    });
  }
  return sums;
}

/** A gauge holds until its next point; a rate is that of the whole time up to its point, and for a while goes on after the last. */
function heldAt({ isRate, times, values }: Course, at: number, time: number): number | undefined {
  const known = times[at] ?? 0;
  if (time < known || (at === times.length - 1 && time > known + HELD_SECONDS)) return undefined;
  return isRate && time > known ? (values[at + 1] ?? values[at]) : values[at];
}

function mostOf(lines: readonly ResourceLine[]): ResourceLine[] {
  const sorted = [...lines].sort((a, b) => (newestOf(b) ?? 0) - (newestOf(a) ?? 0));
  if (sorted.length <= MAX_LINES) return sorted;
  const rest = sorted.slice(MAX_LINES - 1);
  const values = (rest[0]?.values ?? []).map((_, i) => {
    const known = rest.flatMap((line) => line.values[i] ?? []);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });
  return [...sorted.slice(0, MAX_LINES - 1), { label: REST, values }];
}
