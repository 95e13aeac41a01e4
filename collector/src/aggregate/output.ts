// What an output is: one file each, an explicit map in outputs.ts.
import type { Attribute } from '../model/attributes.ts';
import type { DataPoint, Metric, PointValue } from '../model/data-point.ts';
import type { OutputName } from './rule-config.ts';
import type { PointClass } from './point-class.ts';

/** A stream as its group sees it. */
export interface Contributor {
  /** Names the stream; equal for no other of its group. */
  readonly key: string;
  /** Its last value in windows that were read, where sums of last values need it; undefined once the stream ended. */
  carried: { readonly value: number; readonly isInteger: boolean; readonly timeMs: number } | undefined;
}

/** A point as it counts in its window. */
export interface Contribution {
  readonly point: DataPoint;
  /** By how much the stream grew, or its reading; undefined where nobody can tell, or where the stream ended. */
  readonly value: PointValue | undefined;
  readonly contributor: Contributor;
}

/** The window that is read. */
export interface WindowRead {
  readonly windowMs: number;
  readonly endMs: number;
  /** A stream silent for so long no longer has a last value. */
  readonly staleAfterMs: number;
  /** All streams of the group; empty unless the output asks for them. */
  readonly contributors: ReadonlySet<Contributor>;
}

/** One value of a window. */
export interface Reading {
  readonly value: PointValue;
  /** What tells several readings of one output apart. */
  readonly attribute?: Attribute;
}

/** Takes the points of one window of one group, in the order of each stream's time, and tells what they come to. */
export interface Tally {
  add(contribution: Contribution): void;
  /** Called once; windows of a group are read in the order of their time. */
  read(window: WindowRead): readonly Reading[];
}

/** What an output makes of a class of points. */
export interface OutputShape {
  readonly kind: Metric['kind'];
  readonly isMonotonic: boolean;
  readonly unit: string;
  /** `window`: a reading says what its window added; `total`: it is the value itself, as a gauge's. */
  readonly says: 'window' | 'total';
}

/** What outputs are told of their rule. */
export interface OutputOptions {
  readonly quantiles: readonly number[];
  /** Attribute whose values are counted; undefined where series are. */
  readonly uniqueCountOf: string | undefined;
}

/** A way to aggregate. */
export interface Output {
  readonly name: OutputName;
  /** The classes it has a meaning for. */
  readonly classes: readonly PointClass[];
  /** Asks for the streams of the group when it is read. */
  readonly needsContributors?: (pointClass: PointClass) => boolean;
  shape(pointClass: PointClass, metric: Metric): OutputShape;
  tally(pointClass: PointClass, options: OutputOptions): Tally;
}

export const READINGS: readonly PointClass[] = ['gauge', 'up_down'];
export const HISTOGRAMS: readonly PointClass[] = ['histogram', 'exponential_histogram'];
export const ALL_CLASSES: readonly PointClass[] = ['gauge', 'up_down', 'change', 'counter', ...HISTOGRAMS];

/** A gauge in the unit of its input. */
export function gaugeShape(unit: string): OutputShape {
  return { kind: 'gauge', isMonotonic: false, unit, says: 'total' };
}

/** One number. */
export function numberReading(value: number, isInteger = false): readonly Reading[] {
  return [{ value: { type: 'number', value, isInteger: isInteger && Number.isSafeInteger(value) } }];
}
