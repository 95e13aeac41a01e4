// The last minutes of what is read of hosts, processes and runtimes, from the points that come to their end. In memory
// only, and bounded: what is to be looked at for longer is for a metrics database.
import { type Attributes, attributeOf, attributesKey, valueText } from '../model/attributes.ts';
import type { DataPoint, Metric, PointValue, Resource } from '../model/data-point.ts';
import type { Clock } from '../pipeline/contract.ts';
import type { ResourceSeries, ResourcesAnswer } from './metrics-answers.ts';

/** What is kept: names of OpenTelemetry's conventions. */
const KEPT_NAMES = /^(system|container|process|nodejs|v8js)\./;
const HISTORY_MS = 600_000;
/** Points are at least this far apart but for the newest, which moves on until it is: 200 points a series at most. */
const LEAST_DISTANCE_MS = 3000;
/** A host of 64 cores has some 500; with 200 points of 16 bytes each 3 MiB. */
const MAX_SERIES = 1000;
/** Of all series of one answer, some 700 kB: a host of many cores is told of less closely. */
const MAX_ANSWERED_POINTS = 40_000;
/** Clocks of senders differ a little; what is further ahead would stay for longer than it should. */
const MAX_AHEAD_MS = 60_000;

interface History {
  readonly metric: Metric;
  readonly attributes: Attributes;
  readonly kind: ResourceSeries['kind'];
  readonly times: number[];
  readonly values: number[];
}

interface Sender {
  readonly service: string;
  readonly instance: string;
  readonly series: Map<string, History>;
}

/** Remembers series, and answers with those of one sender. */
export class ResourceHistory {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #own: Resource;
  /** By service and instance. */
  readonly #senders = new Map<string, Sender>();
  #count = 0;
  #leftOut = new Set<string>();
  /** Points of one metric come together, so most need no look at the name. */
  #metric: Metric | undefined;
  #isKept = false;

  /** @param own as whom this sidecar reads itself and its host */
  constructor(clock: Pick<Clock, 'nowMs'>, own: Resource) {
    this.#clock = clock;
    this.#own = own;
  }

  /** Takes points of any metric. */
  take(points: readonly DataPoint[]): void {
    for (const point of points) {
      if (point.metric !== this.#metric) {
        this.#metric = point.metric;
        this.#isKept = KEPT_NAMES.test(point.metric.name);
      }
      if (this.#isKept && !point.hasNoValue) this.#remember(point);
    }
  }

  /** @param service and `instance`: both empty for the default */
  answer(service: string, instance: string): ResourcesAnswer {
    this.#forgetOld();
    const nowMs = this.#clock.nowMs();
    const asked = service === '' && instance === '' ? this.#default() : this.#senders.get(keyOf(service, instance));
    const histories = [...(asked?.series.values() ?? [])];
    const mostPoints = Math.floor(MAX_ANSWERED_POINTS / Math.max(histories.length, 1));
    return {
      nowMs,
      historySeconds: HISTORY_MS / 1000,
      senders: [...this.#senders.values()].map(({ series, ...named }) => ({ ...named, series: series.size })),
      ...(asked === undefined ? {} : { sender: { service: asked.service, instance: asked.instance } }),
      series: histories.map((history) => seriesOf(history, nowMs, mostPoints)),
      leftOut: this.#leftOut.size,
    };
  }

  #default(): Sender | undefined {
    const { service, instance } = senderOf(this.#own);
    const [first] = this.#senders.values();
    return this.#senders.get(keyOf(service, instance)) ?? first;
  }

  #remember(point: DataPoint): void {
    const value = numberOf(point.value);
    const nowMs = this.#clock.nowMs();
    const { timeMs } = point;
    if (value === undefined || timeMs <= nowMs - HISTORY_MS || timeMs > nowMs + MAX_AHEAD_MS) return;
    const history = this.#historyOf(point);
    if (history === undefined) return;
    const { times, values } = history;
    const last = times.length - 1;
    if (last >= 0 && timeMs <= (times[last] ?? 0)) return;
    const total = point.metric.temporality === 'delta' ? value + (values[last] ?? 0) : value;
    if (last > 0 && (times[last] ?? 0) - (times[last - 1] ?? 0) < LEAST_DISTANCE_MS) {
      times[last] = timeMs;
      values[last] = total;
      return;
    }
    times.push(timeMs);
    values.push(total);
    // One that is older stays: with it the course is known from the edge on.
    while ((times[1] ?? nowMs) < nowMs - HISTORY_MS) {
      times.shift();
      values.shift();
    }
  }

  #historyOf({ metric, attributes }: DataPoint): History | undefined {
    const { service, instance } = senderOf(metric.resource);
    const sender = this.#senders.get(keyOf(service, instance));
    const key = metric.key + attributesKey(attributes);
    const known = sender?.series.get(key);
    if (known !== undefined) return known;
    if (this.#count >= MAX_SERIES) this.#forgetOld();
    if (this.#count >= MAX_SERIES) {
      if (this.#leftOut.size < MAX_SERIES) this.#leftOut.add(keyOf(service, instance) + key);
      return undefined;
    }
    const made: History = { metric, attributes, kind: kindOf(metric), times: [], values: [] };
    const home = sender ?? { service, instance, series: new Map() };
    home.series.set(key, made);
    this.#senders.set(keyOf(service, instance), home);
    this.#count++;
    return made;
  }

  #forgetOld(): void {
    const sinceMs = this.#clock.nowMs() - HISTORY_MS;
    for (const [key, { series }] of this.#senders) {
      for (const [name, { times }] of series)
        if ((times.at(-1) ?? 0) < sinceMs) this.#count -= Number(series.delete(name));
      if (series.size === 0) this.#senders.delete(key);
    }
    // Those that are still left out come again.
    if (this.#count < MAX_SERIES) this.#leftOut.clear();
  }
}

/** Whom a resource names. */
export function senderOf({ attributes }: Resource): { service: string; instance: string } {
  const text = (key: string): string => valueText(attributeOf(attributes, key) ?? '');
  return { service: text('service.name'), instance: text('service.instance.id') };
}

function keyOf(service: string, instance: string): string {
  return `${service.length}:${service}${instance}`;
}

/** Of a histogram its sum: of durations, the time spent. */
function numberOf(value: PointValue): number | undefined {
  const number = value.type === 'number' ? value.value : value.sum;
  return Number.isFinite(number) ? number : undefined;
}

function kindOf({ kind, isMonotonic }: Metric): ResourceSeries['kind'] {
  return isMonotonic || kind === 'summary' ? 'counter' : 'gauge';
}

function seriesOf({ metric, attributes, kind, times, values }: History, nowMs: number, most: number): ResourceSeries {
  const step = Math.ceil(times.length / most);
  const last = times.length - 1;
  const shown = [...times.keys()].filter((i) => (last - i) % step === 0);
  return {
    metric: metric.name,
    unit: metric.unit,
    kind,
    attributes: Object.fromEntries(attributes.map(([key, value]) => [key, valueText(value)])),
    points: shown.map((i) => [Math.round(nowMs - (times[i] ?? nowMs)), values[i] ?? 0] as const),
  };
}
