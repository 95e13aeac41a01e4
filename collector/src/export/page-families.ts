// Families as Prometheus has them: one of each name, and in it one series of each set of labels.
// A page with two of either is refused whole by who reads it.
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import type { AliasFamily } from './alias-families.ts';
import { emptyOf } from './zero-point.ts';
import { joinPoints } from './join-points.ts';
import { type Label, labelsOf, type NameStyle, prometheusName } from './prometheus-naming.ts';

/** A family under its name, made of all that have that name. */
export interface PageFamily {
  /** Without `_total` and other suffixes. */
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  readonly kind: MetricFamily['kind'];
  readonly sources: readonly MetricFamily[];
  /** An alias of the same name, whose labels its points have too. */
  readonly alias?: AliasFamily | undefined;
}

export interface PageSeries {
  readonly labels: readonly Label[];
  /** Equal exactly where labels are, to Prometheus. */
  readonly key: string;
  readonly point: MetricPoint;
}

/** Suffixes of the samples of each kind. */
export const SUFFIXES: Readonly<Record<MetricFamily['kind'], readonly string[]>> = {
  counter: ['', '_total', '_created'],
  gauge: [''],
  histogram: ['', '_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
  info: ['', '_info'],
  unknown: [''],
};

/**
 * Names and joins families. The first one of a name says what it is; those of another kind, and those whose samples
 * would have the names of others, are left out.
 *
 * @param leftOut told of each
 * @param aliases further families, which are there as far as their names are free; where one has the name of what it is read
 *   from, that has its labels too
 */
export function pageFamilies(
  families: Iterable<MetricFamily>,
  style: NameStyle,
  leftOut: (family: MetricFamily) => void,
  aliases: Iterable<AliasFamily> = [],
): PageFamily[] {
  const byName = new Map<string, PageFamily & { sources: MetricFamily[]; alias?: AliasFamily }>();
  const claimed = new Set<string>();
  for (const family of families) {
    const { name, unit } = prometheusName(family, style);
    const known = byName.get(name);
    if (known !== undefined) {
      if (known.kind === family.kind) known.sources.push(family);
      else leftOut(family);
      continue;
    }
    if (!claim(family.kind, name, claimed)) {
      leftOut(family);
      continue;
    }
    byName.set(name, { name, unit, help: family.description, kind: family.kind, sources: [family] });
  }
  for (const family of aliases) {
    const { name, unit } = prometheusName(family, style);
    const known = byName.get(name);
    if (known?.kind === family.kind) known.alias = family;
    if (!claim(family.kind, name, claimed)) continue;
    byName.set(name, { name, unit, help: family.description, kind: family.kind, sources: [family] });
  }
  return [...byName.values()];
}

/** Takes all names of samples of a family; none where one is taken. */
function claim(kind: MetricFamily['kind'], name: string, claimed: Set<string>): boolean {
  const names = SUFFIXES[kind].map((suffix) => name + suffix);
  if (names.some((each) => claimed.has(each))) return false;
  for (const each of names) claimed.add(each);
  return true;
}

/** Series made between two turns of the event loop. */
const SERIES_A_TURN = 500;

/**
 * The series of a family. What became one series by its labels is joined: counts are added, of levels the newest stays.
 *
 * @yields undefined where the event loop may have a turn, while they are gathered
 */
export function* seriesOf(
  { kind, sources, alias }: PageFamily,
  style: NameStyle,
): Generator<undefined, Iterable<PageSeries>, undefined> {
  const gathered = new Map<string, PageSeries>();
  for (const { name, points } of sources) {
    for (const point of points) {
      const attributes = { ...alias?.labelsOf(name, point.attributes), ...point.attributes };
      const labels = labelsOf(alias === undefined ? point.attributes : attributes, kind, style);
      const key = keyOf(labels);
      const known = gathered.get(key);
      gathered.set(
        key,
        known === undefined ? { labels, key, point } : { ...known, point: joinPoints(kind, known.point, point) },
      );
      if (gathered.size % SERIES_A_TURN === 0) yield;
    }
  }
  return gathered.values();
}

function keyOf(labels: readonly Label[]): string {
  const isSorted = labels.every(([name], i) => i === 0 || (labels[i - 1]?.[0] ?? '') < name);
  const sorted = isSorted ? labels : labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
  let key = '';
  // A label with an empty value is none.
  for (const [name, value] of sorted) if (value !== '') key += `${name}=${value.length}:${value},`;
  return key;
}

/** The same point with nothing counted yet. */
export function emptied(point: MetricPoint): MetricPoint {
  const { histogram, exponential, summary, value, exemplars: _, ...plain } = point;
  return {
    ...plain,
    ...(value === undefined ? {} : { value: 0 }),
    ...(histogram && { histogram: { ...histogram, counts: histogram.counts.map(() => 0), sum: 0 } }),
    ...(exponential && { exponential: emptyOf(exponential) }),
    ...(summary && { summary: emptyOf(summary) }),
  };
}
