// Readings of several times put together: those of before a restart and after it, or of several days.
import type { ResourceFacts } from './contract.ts';

const HOUR_MS = 3_600_000;

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

function joinPoints(points: ResourceFacts['points']): ResourceFacts['points'] {
  const hours = Map.groupBy(points, ({ timeMs }) => Math.floor(timeMs / HOUR_MS) * HOUR_MS);
  return [...hours].sort(([a], [b]) => a - b).map(([timeMs, same]) => ({ timeMs, value: meanOf(same) }));
}

function meanOf(points: ResourceFacts['points']): number {
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}
