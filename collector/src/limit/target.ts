// A series that stands for many: what is folded into it is added up here, and leaves as points now and then.
// Knows nothing of budgets; time is an argument.
import { type Attribute, type Attributes, canonical } from '../model/attributes.ts';
import { type DataPoint, type Metric, metricOf, type PointExemplar, type PointValue } from '../model/data-point.ts';
import { withoutBuckets } from './stream-record.ts';
import { sum, withoutExtremes, zeroOf } from './total.ts';

/** Histograms of other bounds have series of their own; beyond so many, one that only counts and sums. */
const MAX_BOUNDS = 4;
/** Tells those series apart. */
const BOUNDS_ATTRIBUTE = 'evenkeel.bounds';
const MAX_EXEMPLARS = 4;

/** One exposed series. */
interface Lane {
  readonly metric: Metric;
  readonly attributes: Attributes;
  /** What histograms of this lane have. */
  readonly bounds: string;
  /** Unix milliseconds. */
  readonly startMs: number;
  value: PointValue;
  /** Of the last point that left. */
  timeMs: number;
  isDirty: boolean;
  /** Waits for a measurement of its own before it says anything. */
  isSilent: boolean;
  exemplars: PointExemplar[];
}

/** Where points of folded series go. */
export class Target {
  readonly id: number;
  readonly metric: Metric;
  readonly attributes: Attributes;
  /** Of the series that have nothing but the mark of overflow. */
  readonly isOverflow: boolean;
  /** Monotonic milliseconds. */
  usedMs: number;
  /** Took the place of this one; contributions to it are found there. */
  mergedInto: Target | undefined;
  readonly #lanes: Lane[] = [];
  /** All that was ever added, where a delta can take something away. */
  #net = 0;
  #lastMs = -Infinity;

  constructor(described: Pick<Target, 'id' | 'metric' | 'attributes' | 'isOverflow' | 'usedMs'>) {
    const { id, metric, attributes, isOverflow, usedMs } = described;
    this.id = id;
    this.metric = metric;
    this.attributes = attributes;
    this.isOverflow = isOverflow;
    this.usedMs = usedMs;
  }

  /** What the series of this target add up to, where that can go up and down. */
  get net(): number {
    return this.#net;
  }

  /**
   * Makes the series of a value's form, at 0.
   *
   * @returns its first point, from which on increments count; nothing where it is there already
   */
  open(value: PointValue, nowMs: number): DataPoint[] {
    if (this.metric.kind === 'gauge') {
      if (this.#lanes.length > 0) return [];
      return [pointOf(this.#openGauge(value, nowMs), nowMs)];
    }
    const known = this.#lanes.length;
    const lane = this.#laneOf(value, nowMs);
    return this.#lanes.length === known ? [] : [pointOf(lane, nowMs)];
  }

  /** Adds an increment. The series is open. @param value finite; of an up-down sum it may be below 0 */
  add(value: PointValue, exemplars: readonly PointExemplar[], nowMs: number): void {
    const lane = this.#laneOf(value, nowMs);
    const increment = boundless(value, lane);
    lane.value = sum(lane.value, this.metric.temporality === 'cumulative' ? withoutExtremes(increment) : increment);
    lane.isDirty = true;
    if (value.type === 'number' && !this.metric.isMonotonic) this.#net += value.value;
    if (exemplars.length > 0) lane.exemplars = [...lane.exemplars, ...exemplars].slice(-MAX_EXEMPLARS);
  }

  /** Takes one reading of a gauge into account. The series are open. */
  observe(value: number, isInteger: boolean, timeMs: number): void {
    const [min, max, last, count] = this.#lanes;
    const reading = { type: 'number', value, isInteger } as const;
    if (min.isSilent || value < numberOf(min)) set(min, reading);
    if (max.isSilent || value > numberOf(max)) set(max, reading);
    if (last.isSilent || timeMs >= this.#lastMs) {
      set(last, reading);
      this.#lastMs = timeMs;
    }
    set(count, { type: 'number', value: numberOf(count) + 1, isInteger: true });
  }

  /** Points of the series that changed, or of all. @param nowMs Unix */
  points(nowMs: number, which: 'changed' | 'all'): DataPoint[] {
    const points: DataPoint[] = [];
    for (const lane of this.#lanes) {
      if (lane.isSilent || (which === 'changed' && !lane.isDirty)) continue;
      points.push(pointOf(lane, nowMs));
      if (this.metric.kind === 'gauge') lane.isSilent = lane.metric.kind === 'gauge';
      else if (this.metric.temporality === 'delta') lane.value = zeroOf(lane.value);
    }
    return points;
  }

  /** Says that the series have no value any more. */
  ends(nowMs: number): DataPoint[] {
    return this.#lanes.map((lane) => ({ ...pointOf(lane, nowMs), hasNoValue: true, exemplars: [] }));
  }

  get seriesCount(): number {
    return this.#lanes.length;
  }

  #laneOf(value: PointValue, nowMs: number): Lane {
    const bounds = value.type === 'histogram' ? value.bounds.join() : '';
    const known = this.#lanes.find((lane) => lane.bounds === bounds);
    if (known !== undefined) return known;
    const isLast = value.type === 'histogram' && this.#lanes.length >= MAX_BOUNDS && bounds !== '';
    return isLast ? this.#laneOf(withoutBuckets(value), nowMs) : this.#openLane(this.metric, value, bounds, nowMs);
  }

  #openLane(metric: Metric, value: PointValue, bounds: string, nowMs: number): Lane {
    const number = this.#lanes.length + 1;
    const extra: Attribute[] = number > 1 && metric === this.metric ? [[BOUNDS_ATTRIBUTE, `${number}`]] : [];
    const lane: Lane = {
      metric,
      attributes: extra.length === 0 ? this.attributes : canonical([...this.attributes, ...extra]),
      bounds,
      startMs: nowMs,
      value: zeroOf(value.type === 'histogram' && value.bounds.length === 0 ? withoutBuckets(value) : value),
      timeMs: nowMs,
      isDirty: false,
      isSilent: false,
      exemplars: [],
    };
    this.#lanes.push(lane);
    return lane;
  }

  /**
   * Of gauges no total is claimed: the extremes and the last of the readings since the last point, and how many in all.
   *
   * @returns the count
   */
  #openGauge(value: PointValue, nowMs: number): Lane {
    const { name } = this.metric;
    for (const part of ['min', 'max', 'last'] as const)
      this.#openLane(metricOf({ ...this.metric, name: `${name}.${part}` }), value, part, nowMs).isSilent = true;
    const described = { name: `${name}.count`, unit: '{reading}', description: `Readings of ${name}.` };
    const kind = { kind: 'sum', isMonotonic: true, temporality: 'cumulative' } as const;
    const zero = { type: 'number', value: 0, isInteger: true } as const;
    return this.#openLane(metricOf({ ...this.metric, ...described, ...kind }), zero, 'count', nowMs);
  }
}

function numberOf({ value }: Lane): number {
  return value.type === 'number' ? value.value : 0;
}

function set(lane: Lane, value: PointValue): void {
  lane.value = value;
  lane.isDirty = true;
  lane.isSilent = false;
}

/** An increment in the form of its lane. */
function boundless(value: PointValue, lane: Lane): PointValue {
  if (value.type !== 'histogram' || lane.value.type !== 'histogram') return value;
  return lane.value.bounds.length === 0 ? withoutBuckets(value) : value;
}

/** The next point of a lane; times only go forward, also when the machine's clock does not. */
function pointOf(lane: Lane, nowMs: number): DataPoint {
  const isFirst = !lane.isDirty && lane.timeMs === lane.startMs && nowMs <= lane.timeMs;
  const timeMs = isFirst ? lane.timeMs : Math.max(nowMs, lane.timeMs + 1);
  const startMs = lane.metric.kind === 'gauge' ? 0 : lane.metric.temporality === 'delta' ? lane.timeMs : lane.startMs;
  const { metric, attributes, value, exemplars } = lane;
  lane.timeMs = timeMs;
  lane.isDirty = false;
  lane.exemplars = [];
  return { metric, attributes, startMs, timeMs, hasNoValue: false, value, exemplars };
}
