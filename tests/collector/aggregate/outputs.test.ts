// One table for all outputs: what each is of the same few points, class by class, and what all of them have in common.
import { describe, expect, it } from 'vitest';
import type { OutputName } from '../../../collector/src/aggregate/rule-config.ts';
import type { Contribution, Contributor } from '../../../collector/src/aggregate/output.ts';
import { OUTPUTS } from '../../../collector/src/aggregate/outputs.ts';
import { classOf, type PointClass } from '../../../collector/src/aggregate/point-class.ts';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { pointOf } from '../../support/point-text.ts';

/** Two points of each class: of two streams, one after the other. */
const POINTS: Readonly<Record<PointClass, readonly [string, string]>> = {
  gauge: ['m{s="1"} gauge 2 @1s', 'm{s="2"} gauge 6 @2s'],
  up_down: ['m{s="1"} updown 2 @1s', 'm{s="2"} updown 6 @2s'],
  change: ['m{s="1"} updown/delta 5 @1s', 'm{s="2"} updown/delta -2 @2s'],
  counter: ['m{s="1"} counter/delta 5 @1s', 'm{s="2"} counter/delta 7 @2s'],
  histogram: ['m{s="1"} histogram/delta 1;3|2;5 @1s', 'm{s="2"} histogram/delta 8|2;5 @2s'],
  exponential_histogram: ['m{s="1"} exponential/delta 1;3|s0 @1s', 'm{s="2"} exponential/delta 8|s0 @2s'],
};

/** What each output is, in windows of 10 s; a class that is missing has no meaning. */
const TABLE: Readonly<Record<OutputName, Partial<Record<PointClass, number | string>>>> = {
  sum: { gauge: 8, up_down: 8, change: 3, counter: 12, histogram: 12, exponential_histogram: 12 },
  increase: { counter: 12 },
  rate: { counter: 1.2, histogram: 0.3, exponential_histogram: 0.3 },
  count: { gauge: 2, up_down: 2, change: 2, counter: 2, histogram: 3, exponential_histogram: 3 },
  last: { gauge: 6, up_down: 6 },
  min: { gauge: 2, up_down: 2, histogram: 1, exponential_histogram: 1 },
  max: { gauge: 6, up_down: 6, histogram: 8, exponential_histogram: 8 },
  mean: { gauge: 4, up_down: 4, histogram: 4, exponential_histogram: 4 },
  stddev: { gauge: 2, up_down: 2 },
  quantiles: { gauge: 2, up_down: 2, histogram: 3.5, exponential_histogram: 2 ** 1.5 },
  histogram: {
    gauge: 'exponential_histogram of 2',
    up_down: 'exponential_histogram of 2',
    histogram: 'histogram of 3',
    exponential_histogram: 'exponential_histogram of 3',
  },
  unique_count: { gauge: 2, up_down: 2, change: 2, counter: 2, histogram: 2, exponential_histogram: 2 },
};

const CLASSES = Object.keys(POINTS) as PointClass[];
const OPTIONS = { quantiles: [0.5], uniqueCountOf: undefined };
const WINDOW = { windowMs: 10_000, endMs: 1_800_000_910_000, staleAfterMs: 60_000 };

/** What two contributions come to. @param values whether growth is known */
function readingsOf(name: OutputName, pointClass: PointClass, points: readonly DataPoint[], values = true) {
  const tally = OUTPUTS[name].tally(pointClass, OPTIONS);
  const contributors = new Set<Contributor>();
  for (const [i, point] of points.entries()) {
    const contributor: Contributor = { key: `stream ${i}`, carried: undefined };
    contributors.add(contributor);
    const contribution: Contribution = { point, value: values ? point.value : undefined, contributor };
    tally.add(contribution);
  }
  return tally.read({ ...WINDOW, contributors });
}

describe.each(Object.keys(TABLE) as OutputName[])('%s', (name) => {
  const output = OUTPUTS[name];

  it('has a meaning for the classes of the table, and its name', () => {
    expect(output.name).toBe(name);
    expect(new Set(output.classes)).toEqual(new Set(Object.keys(TABLE[name])));
  });

  it.each(CLASSES.filter((pointClass) => TABLE[name][pointClass] !== undefined))('is right of %s', (pointClass) => {
    const points = POINTS[pointClass].map(pointOf);
    const [reading, ...others] = readingsOf(name, pointClass, points);
    expect(others).toEqual([]);
    const value = reading?.value;
    const wanted = TABLE[name][pointClass];
    if (typeof wanted === 'string' && value?.type !== 'number')
      expect(`${value?.type} of ${value?.count}`).toBe(wanted);
    else if (value?.type === 'number') expect(value.value).toBeCloseTo(Number(wanted), 1);
    const [first] = points;
    if (first === undefined) throw new Error('no point');
    expect(classOf(first.metric)).toBe(pointClass);
    const shape = output.shape(pointClass, first.metric);
    // A gauge has no windows to add up, and what is read is of the kind that was said.
    if (shape.kind === 'gauge') expect(shape).toMatchObject({ says: 'total', isMonotonic: false });
    expect(value?.type).toBe(shape.kind === 'gauge' || shape.kind === 'sum' ? 'number' : shape.kind);
  });

  it.each(output.classes)('of %s invents nothing where points only tell where their stream stands', (pointClass) => {
    const readings = readingsOf(name, pointClass, POINTS[pointClass].map(pointOf), false);
    const counted = name === 'count' || name === 'unique_count';
    for (const { value } of readings)
      if (value.type === 'number' && !counted) expect(value.value).toBe(0);
      else if (value.type !== 'number') expect(value.count).toBe(0);
  });
});
