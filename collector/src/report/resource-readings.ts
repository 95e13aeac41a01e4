// Hourly means of what is read of hosts, processes and runtimes, from the points that come by. Of the last two days, in
// memory: what is older is in the days that were written down.
import { attributeOf, valueText } from '../model/attributes.ts';
import { type DataPoint, type Metric, type Resource, seriesKey } from '../model/data-point.ts';
import type { ResourceFacts, ResourceSource } from './contract.ts';
import { joinResources } from './resource-days.ts';

/** Time of processors is told as a share, too. */
const KEPT_NAMES = /^(system|container|process|nodejs|v8js|jvm|go)\.(?!cpu\.time$)/;
/** What there is the more of the better has no limit that one runs into. */
const SPARE = /^(free|idle|available|cached|buffers|reserved)$/;
/** What a mount point says already. */
const OF_MOUNT_POINT = /^system\.(device|filesystem\.(mode|type))$/;
/** A host of 16 processors has some 300, of which those of a processor each are left out. */
const MAX_SERIES = 300;
const HOUR_MS = 3_600_000;
const KEPT_MS = 49 * HOUR_MS;
/** A reading that does not change is not sent again for some minutes; one that is older is none. */
const FRESH_MS = 900_000;
/** Attributes that tell one of many alike: one processor, one device of a pool. Means of each say nothing about capacity. */
const LEFT_OUT = new Set(['cpu.logical_number']);

interface Hour {
  readonly fromMs: number;
  sum: number;
  count: number;
  max: number;
}

interface Reading {
  readonly name: string;
  readonly unit: string;
  readonly limit: number | undefined;
  readonly isRate: boolean;
  timeMs: number;
  value: number;
  /** Of a counter, at the last sample. */
  sampled: { timeMs: number; value: number } | undefined;
  readonly hours: Hour[];
}

/** Keeps readings by the hour. The caller samples once a minute, so that each minute counts alike. */
export class ResourceReadings implements ResourceSource {
  readonly #own: Resource;
  readonly #series = new Map<string, Reading>();
  /** Points of one metric come together, so most need no look at the name. */
  #metric: Metric | undefined;
  #isKept = false;

  /** @param own as whom the sidecar reads itself and its host: those need no name */
  constructor(own: Resource) {
    this.#own = own;
  }

  take(points: readonly DataPoint[]): void {
    for (const point of points) {
      if (point.metric !== this.#metric) {
        this.#metric = point.metric;
        this.#isKept = KEPT_NAMES.test(point.metric.name);
      }
      if (this.#isKept && !point.hasNoValue) this.#remember(point);
    }
  }

  /** Counts what every series reads now. */
  sample(nowMs: number): void {
    for (const [key, reading] of this.#series) {
      while ((reading.hours[0]?.fromMs ?? Infinity) < nowMs - KEPT_MS) reading.hours.shift();
      if (nowMs - reading.timeMs > FRESH_MS) {
        reading.sampled = undefined;
        if (reading.hours.length === 0) this.#series.delete(key);
        continue;
      }
      const value = reading.isRate ? rateOf(reading) : reading.value;
      if (value !== undefined) addTo(reading.hours, nowMs, value);
    }
  }

  facts(fromMs: number, toMs: number): ResourceFacts[] {
    const facts = [...this.#series.values()].flatMap(({ name, unit, limit, hours }): ResourceFacts[] => {
      const within = hours.filter((hour) => hour.fromMs >= fromMs && hour.fromMs < toMs);
      const count = within.reduce((sum, hour) => sum + hour.count, 0);
      if (count === 0) return [];
      return [
        {
          name,
          unit,
          ...(limit === undefined ? {} : { limit }),
          mean: within.reduce((sum, hour) => sum + hour.sum, 0) / count,
          max: within.reduce((max, hour) => Math.max(max, hour.max), -Infinity),
          points: within.map((hour) => ({ timeMs: hour.fromMs, value: hour.sum / hour.count })),
        },
      ];
    });
    // Two of one name are told as one.
    return joinResources(facts);
  }

  #remember(point: DataPoint): void {
    const { metric, attributes, value, timeMs } = point;
    if (value.type !== 'number' || !Number.isFinite(value.value)) return;
    const key = seriesKey(metric, attributes);
    const known = this.#series.get(key);
    if (known !== undefined) {
      if (timeMs < known.timeMs) return;
      known.timeMs = timeMs;
      known.value = metric.temporality === 'delta' ? known.value + value.value : value.value;
    } else if (this.#series.size < MAX_SERIES && !attributes.some(([name]) => LEFT_OUT.has(name))) {
      this.#series.set(key, {
        ...describe(point, this.#own),
        timeMs,
        value: value.value,
        sampled: undefined,
        hours: [],
      });
    }
  }
}

function describe(
  { metric, attributes }: DataPoint,
  own: Resource,
): Pick<Reading, 'name' | 'unit' | 'limit' | 'isRate'> {
  const isRate = metric.isMonotonic;
  const isMount = attributes.some(([name]) => name === 'system.filesystem.mountpoint');
  const told = attributes
    .filter(([name]) => !isMount || !OF_MOUNT_POINT.test(name))
    .map(([name, value]) => `${name}=${valueText(value)}`);
  const isSpare = attributes.some(([, value]) => SPARE.test(valueText(value)));
  const { attributes: of } = metric.resource;
  const named = (key: string): string => valueText(attributeOf(of, key) ?? '');
  const sender = metric.resource.key === own.key ? [] : [named('service.name'), named('service.instance.id')];
  const name = [
    sender.filter((part) => part !== '').join('/'),
    metric.name,
    told.length === 0 ? '' : `{${told.join(', ')}}`,
  ];
  return {
    name: name.filter((part) => part !== '').join(' '),
    unit: isRate ? `${metric.unit}/s` : metric.unit,
    // What a share cannot exceed is known; what a size cannot is in other metrics, if anywhere.
    limit: metric.unit === '1' && metric.name.endsWith('utilization') && !isSpare ? 1 : undefined,
    isRate,
  };
}

/** What a counter adds a second; undefined for its first sample, after a restart, and where nothing new came. */
function rateOf(reading: Reading): number | undefined {
  const { timeMs, value, sampled } = reading;
  if (sampled?.timeMs === timeMs) return undefined;
  reading.sampled = { timeMs, value };
  return sampled === undefined || value < sampled.value
    ? undefined
    : ((value - sampled.value) / (timeMs - sampled.timeMs)) * 1000;
}

function addTo(hours: Hour[], nowMs: number, value: number): void {
  const fromMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const last = hours.at(-1);
  if (last?.fromMs !== fromMs) hours.push({ fromMs, sum: value, count: 1, max: value });
  else {
    last.sum += value;
    last.count++;
    last.max = Math.max(last.max, value);
  }
}
