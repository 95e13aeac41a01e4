// Readings of several times put together: those of before a restart and after it, or of several days.
import type { ResourceFacts } from './contract.ts';

const HOUR_MS = 3_600_000;

/** Points of one resource in a report. */
const MAX_POINTS = 1000;

/** One for each name; means of the same hour are one. @param parts in order of time */
export function joinResources(parts: readonly ResourceFacts[]): ResourceFacts[] {
  return [...Map.groupBy(parts, ({ name }) => name).values()].flatMap((same) => {
    const last = same.at(-1);
    if (last === undefined || same.length === 1) return same;
    const points = joinPoints(same.flatMap((each) => each.points));
    return [{ ...last, mean: meanOf(points), max: Math.max(...same.map(({ max }) => max)), points }];
  });
}

/** Hours, or days where hours are too many. */
export function thinned(resource: ResourceFacts): ResourceFacts {
  if (resource.points.length <= MAX_POINTS) return resource;
  const days = Map.groupBy(resource.points, ({ timeMs }) => Math.floor(timeMs / (24 * HOUR_MS)));
  const points = [...days].map(([day, of]) => ({ timeMs: day * 24 * HOUR_MS, value: meanOf(of) }));
  return { ...resource, points };
}

function joinPoints(points: ResourceFacts['points']): ResourceFacts['points'] {
  const hours = Map.groupBy(points, ({ timeMs }) => Math.floor(timeMs / HOUR_MS) * HOUR_MS);
  return [...hours].sort(([a], [b]) => a - b).map(([timeMs, same]) => ({ timeMs, value: meanOf(same) }));
}

function meanOf(points: ResourceFacts['points']): number {
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}
