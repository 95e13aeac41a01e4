// Resources of the period, where they are heading, and when they reach what they cannot exceed.
import { barsText, changeCell, durationText, ratioCell, textCell, unitCell, unitText, UNKNOWN } from './cells.ts';
import type { ReportRequest, ResourceFacts } from './contract.ts';
import { type Cell, number, type Section, tableOf, text } from './document.ts';
import { usedOf } from './resource-days.ts';
import { type TimeToLimit, timeToLimit, type Trend, trendOf } from './trend.ts';

/** What is further away is no plan. */
const MAX_AHEAD_MS = 365 * 86_400_000;
/** Nearer than this it is worth a line of the summary. */
const SOON_MS = 30 * 86_400_000;
/** A rise a day of less than this share of the mean is none. */
const LEVEL_RATIO = 0.005;

/** Means, maxima and trends, those nearest their limit first. */
export function resourceSection({ facts, before }: ReportRequest): Section {
  const was = new Map(before?.resources.map((each) => [each.name, each.mean]));
  const rows = facts.resources.toSorted((a, b) => usedOf(b) - usedOf(a) || (a.name < b.name ? -1 : 1));
  const columns = [
    text('name', 'Resource'),
    number('mean', 'Mean'),
    number('max', 'Highest'),
    number('usedRatio', 'Of its limit'),
    number('change', 'Change'),
    number('perDay', 'Trend a day'),
    text('course', 'Course'),
  ];
  const table = tableOf(columns, rows, (row) => [
    textCell(row.name),
    unitCell(row.mean, row.unit),
    unitCell(row.max, row.unit),
    row.limit === undefined ? UNKNOWN : ratioCell(row.max / row.limit),
    changeCell(was.get(row.name), row.mean, 'neutral'),
    trendCell(trendOf(row.points), row),
    textCell(barsText(thinned(row.points.map(({ value }) => value)))),
  ]);
  const sentences = rows.length === 0 ? ['No resource was watched.'] : [];
  return { id: 'resources', title: 'Resources', sentences, table };
}

interface Ahead {
  readonly resource: ResourceFacts;
  readonly time: TimeToLimit;
}

/** Resources that surely rise towards their limit, the soonest first. */
export function capacitySection({ facts }: ReportRequest): Section {
  const rows = aheadOf(facts.resources);
  const columns = [
    text('name', 'Resource'),
    number('now', 'Now'),
    number('limit', 'Limit'),
    number('expectedMs', 'Reached in'),
    number('soonestMs', 'At the soonest'),
  ];
  const table = tableOf(columns, rows, ({ resource, time }) => [
    textCell(resource.name),
    unitCell(trendOf(resource.points)?.now ?? NaN, resource.unit),
    unitCell(resource.limit ?? NaN, resource.unit),
    aheadCell(time.expectedMs),
    aheadCell(time.soonestMs),
  ]);
  const limited = facts.resources.filter(({ limit }) => limit !== undefined).length;
  const sentences = [`${rows.length} of ${limited} resources with a limit reach it within a year if they go on so.`];
  return { id: 'capacity', title: 'Capacity', sentences, table };
}

/** The resource that is next at its limit, in one sentence, where that is soon. */
export function nextLimit(resources: readonly ResourceFacts[]): string | undefined {
  const [next] = aheadOf(resources);
  if (next === undefined || next.time.expectedMs > SOON_MS) return undefined;
  const { resource, time } = next;
  const limit = unitText(resource.limit ?? NaN, resource.unit);
  if (time.expectedMs === 0) return `${resource.name} is at its limit of ${limit}.`;
  return `${resource.name} reaches its limit of ${limit} in ${durationText(time.expectedMs)} if it goes on so.`;
}

function aheadOf(resources: readonly ResourceFacts[]): Ahead[] {
  return resources
    .flatMap((resource): Ahead[] => {
      const trend = resource.limit === undefined ? undefined : trendOf(resource.points);
      if (resource.limit === undefined || trend === undefined) return [];
      const time = timeToLimit(trend, resource.limit);
      return time === undefined || time.expectedMs > MAX_AHEAD_MS ? [] : [{ resource, time }];
    })
    .sort((a, b) => a.time.expectedMs - b.time.expectedMs);
}

function aheadCell(lengthMs: number): Cell {
  return { text: lengthMs === 0 ? 'now' : durationText(lengthMs), value: lengthMs, tone: 'worse' };
}

function trendCell(trend: Trend | undefined, { mean, unit }: ResourceFacts): Cell {
  if (trend === undefined) return UNKNOWN;
  if (!trend.isSure || Math.abs(trend.perDay) < LEVEL_RATIO * Math.abs(mean))
    return { text: 'level', value: trend.perDay };
  return { text: `${trend.perDay > 0 ? '+' : '−'}${unitText(Math.abs(trend.perDay), unit)}`, value: trend.perDay };
}

/** At most 24 bars fit a column. */
function thinned(values: readonly number[]): readonly number[] {
  const each = Math.ceil(values.length / 24);
  if (each <= 1) return values;
  return Array.from({ length: Math.ceil(values.length / each) }, (_, i) => {
    const part = values.slice(i * each, (i + 1) * each);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
