import { describe, expect, it } from 'vitest';
import { limitConfig } from '../../../collector/src/limit/config.ts';
import { limitInstruments } from '../../../collector/src/limit/instruments.ts';
import { limit } from '../../../collector/src/limit/stage.ts';
import { attributesKey, valueText } from '../../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';
import { testHost } from '../../support/test-host.ts';

type Settings = Parameters<typeof limitConfig.parse>[0];

/** A stage, and what left it. */
function rig(settings: Settings = {}) {
  const { host, clock, log, counts, read } = testHost('limit', limitInstruments);
  const left: DataPoint[] = [];
  const config = limitConfig.parse(settings);
  const stage = limit.create(config, host, { consume: async ({ points }) => void left.push(...points) });
  const send = async (...shapes: PointShape[]): Promise<void> => {
    const timeMs = clock.nowMs();
    const points = shapes.map((shape) => dataPoint({ startMs: timeMs, timeMs, ...shape }));
    await stage.consume({ signal: 'metrics', points });
  };
  return { stage, clock, log, counts, read, left, send };
}

const textOf = (point: DataPoint): string =>
  `${point.metric.name}{${point.attributes.map(([key, value]) => `${key}=${valueText(value)}`).join()}} ${
    point.hasNoValue ? 'ends' : point.value.type === 'number' ? point.value.value : point.value.count
  }`;

const users = (first: number, count: number, shape: PointShape = {}): PointShape[] =>
  Array.from({ length: count }, (_, i) => ({ ...shape, attributes: { ...shape.attributes, user: `u${first + i}` } }));

describe('a metric within its budget', () => {
  it('leaves as it came, as the same points', async () => {
    const { stage, send, left } = rig();
    await stage.start();
    const points = [dataPoint(), dataPoint({ kind: 'gauge', value: 0.5 }), dataPoint({ hasNoValue: true })];
    await stage.consume({ signal: 'metrics', points });
    expect(left).toEqual(points);
    expect(left.every((point, i) => point === points[i])).toBe(true);
    await send({ attributes: { a: 1n } });
    expect(left).toHaveLength(4);
    await stage.stop();
  });
});

describe('a metric over its budget', () => {
  it('counts new series in one that is there at 0 before it is needed', async () => {
    const { stage, clock, send, left, counts } = rig({ max_series: 4, templates: [] });
    await stage.start();
    await send(...users(0, 6, { value: 5 }));
    expect(left.map(textOf)).toEqual([
      'requests{user=u0} 5',
      'requests{otel.metric.overflow=true} 0',
      'requests{user=u1} 5',
      'requests{user=u2} 5',
    ]);
    clock.advance(10_000);
    expect(left.slice(4).map(textOf)).toEqual(['requests{otel.metric.overflow=true} 15']);
    expect(counts('passed')).toEqual({ '': 3 });
    await stage.stop();
    expect(attributesKey(left[1]?.attributes ?? [])).toContain('otel.metric.overflow');
  });
});
