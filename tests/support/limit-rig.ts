// A limit stage under test, on a clock of its own, and what left it.
import { limitConfig } from '../../collector/src/limit/config.ts';
import { limitInstruments } from '../../collector/src/limit/instruments.ts';
import { limit } from '../../collector/src/limit/stage.ts';
import { valueText } from '../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { dataPoint, type PointShape } from './data-points.ts';
import { testHost } from './test-host.ts';

/** Makes a stage; points it is sent are of the moment unless they say otherwise. */
export function limitRig(settings: Parameters<typeof limitConfig.parse>[0] = {}) {
  const { host, clock, log, counts, read } = testHost('limit', limitInstruments);
  const left: DataPoint[] = [];
  const stage = limit.create(limitConfig.parse(settings), host, {
    consume: async ({ points }) => void left.push(...points),
  });
  const beganMs = clock.nowMs();
  return {
    stage,
    clock,
    log,
    counts,
    read,
    beganMs,
    send: async (...shapes: PointShape[]): Promise<DataPoint[]> => {
      const points = shapes.map((shape) => dataPoint({ startMs: beganMs, timeMs: clock.nowMs(), ...shape }));
      await stage.consume({ signal: 'metrics', points });
      return points;
    },
    /** What left since the last call, as text. */
    took: (): string[] => left.splice(0).map(pointText),
    points: (): DataPoint[] => left.splice(0),
  };
}

/** `name{key=value} 5`; a histogram by its count. */
export function pointText({ metric, attributes, hasNoValue, value }: DataPoint): string {
  const labels = attributes.map(([key, each]) => `${key}=${valueText(each)}`).join();
  const shown = hasNoValue ? 'ends' : value.type === 'number' ? value.value : value.count;
  return `${metric.name}{${labels}} ${shown}`;
}

/** Streams that differ in one attribute: `prefix` and a number from `first` on. */
export function many(key: string, prefix: string, [first, count]: readonly [number, number], shape: PointShape = {}) {
  return Array.from({ length: count }, (_, i) => ({
    ...shape,
    attributes: { ...shape.attributes, [key]: `${prefix}${first + i}` },
  }));
}
