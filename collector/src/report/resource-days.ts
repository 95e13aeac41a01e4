// Readings of several times put together: those of before a restart and after it, or of several days.
import type { ResourceFacts } from './contract.ts';

const HOUR_MS = 3_600_000;
/** Of a day, which is written down every five minutes: an hourly point of each is some 40 bytes. Hosts have sixty. */
const MAX_OF_DAY = 300;

/** One for each name; means of the same hour are one. @param parts in order of time */
export function joinResources(parts: readonly ResourceFacts[]): ResourceFacts[] {
  return [...Map.groupBy(parts, ({ name }) => name).values()].flatMap((same) => {
    const last = same.at(-1);
    if (last === undefined || same.length === 1) return same;
    const points = joinPoints(same.flatMap((each) => each.points));
    return [{ ...last, mean: meanOf(points), max: Math.max(...same.map(({ max }) => max)), points }];
  });
}

/** With one point for a whole day. */
export function oneOfDay(resource: ResourceFacts): ResourceFacts {
  const { points, mean } = resource;
  const [first] = points;
  return first === undefined ? resource : { ...resource, points: [{ timeMs: first.timeMs, value: mean }] };
}

/** Those nearest their limit, where there are more than a day has room for. */
export function mostTelling(resources: readonly ResourceFacts[]): readonly ResourceFacts[] {
  if (resources.length <= MAX_OF_DAY) return resources;
  return resources.toSorted((a, b) => usedOf(b) - usedOf(a) || (a.name < b.name ? -1 : 1)).slice(0, MAX_OF_DAY);
}

/** Share of its limit that was used at most; 0 where it has none. */
export function usedOf({ max, limit }: ResourceFacts): number {
  return limit === undefined || limit <= 0 ? 0 : max / limit;
}

function joinPoints(points: ResourceFacts['points']): ResourceFacts['points'] {
  const hours = Map.groupBy(points, ({ timeMs }) => Math.floor(timeMs / HOUR_MS) * HOUR_MS);
  return [...hours].sort(([a], [b]) => a - b).map(([timeMs, same]) => ({ timeMs, value: meanOf(same) }));
}

function meanOf(points: ResourceFacts['points']): number {
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}
