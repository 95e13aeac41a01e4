// What a data point costs on its way through windows, what a stream costs to remember, how long a turn of closing takes.
import { Aggregator } from '../../collector/src/aggregate/aggregator.ts';
import { aggregateConfig } from '../../collector/src/aggregate/config.ts';
import { canonical } from '../../collector/src/model/attributes.ts';
import {
  type DataPoint,
  type ExponentialHistogramValue,
  metricOf,
  type PointValue,
  resourceOf,
  scopeOf,
} from '../../collector/src/model/data-point.ts';
import { cpuSeconds, type Figure, summary } from '../figure.ts';

const STREAMS = 1000;
const STREAMS_A_POD = 100;
/** Six points of each stream a window, and some windows to warm up. */
const EVERY_MS = 10_000;
const ROUNDS = 240;
const WARM_ROUNDS = 60;
const BEGAN_MS = 1_800_000_900_000;
const BUCKETS = 160;

type Kind = 'sum' | 'gauge' | 'exponential_histogram';
const OUTPUTS: Readonly<Record<Kind, readonly string[]>> = {
  sum: ['increase'],
  gauge: ['mean', 'max'],
  exponential_histogram: ['histogram'],
};

export async function run(): Promise<Figure[]> {
  return (Object.keys(OUTPUTS) as Kind[]).flatMap(figuresOf);
}

function figuresOf(kind: Kind): Figure[] {
  const rules = [{ name: 'bench', match: { metric_pattern: '^http' }, by: ['path', 'code'], outputs: OUTPUTS[kind] }];
  const aggregator = new Aggregator(aggregateConfig.parse({ rules }), [], BEGAN_MS, {
    absorbed: () => undefined,
    dropped: (reason) => {
      throw new Error(`dropped: ${reason}`);
    },
    held: () => undefined,
    unfit: () => undefined,
    overflow: () => undefined,
  });
  const takenUs: number[] = [];
  const closedUs: number[] = [];
  const turnMs: number[] = [];
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < ROUNDS; round++) {
    const nowMs = BEGAN_MS + 5000 + round * EVERY_MS;
    const points = bodyOf(kind, round, nowMs);
    const taken = cpuSeconds(() => aggregator.take(points, nowMs));
    const turns = aggregator.dueMs() <= nowMs ? closing(aggregator, nowMs) : [];
    if (round < WARM_ROUNDS) continue;
    takenUs.push((taken * 1e6) / STREAMS);
    turnMs.push(...turns);
    if (turns.length > 0) {
      const seconds = turns.reduce((sum, each) => sum + each, 0) / 1000;
      closedUs.push((seconds * 1e6) / (STREAMS * (60_000 / EVERY_MS)));
    }
  }
  global.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / aggregator.series;
  const sorted = turnMs.toSorted((a, b) => a - b);
  return [
    { name: `${kind}, taken`, unit: 'µs/point', ...summary(takenUs) },
    { name: `${kind}, counted when its window closes`, unit: 'µs/point', ...summary(closedUs) },
    {
      name: `${kind}, a turn of closing, p99`,
      unit: 'ms',
      value: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
      spread: 0,
    },
    { name: `${kind}, a stream or group with its waiting points`, unit: 'B', value: bytes, spread: 0 },
  ];
}

/** Closes what is due. @returns CPU milliseconds of each turn */
function closing(aggregator: Aggregator, nowMs: number): number[] {
  const spent: number[] = [];
  const turns = aggregator.close(nowMs);
  for (;;) {
    let isDone = false;
    spent.push(1000 * cpuSeconds(() => (isDone = turns.next().done === true)));
    if (isDone) return spent;
  }
}

/** A batch as decoders make it: everything anew, a resource for each hundred streams. */
function bodyOf(kind: Kind, round: number, timeMs: number): DataPoint[] {
  return Array.from({ length: STREAMS / STREAMS_A_POD }, (_, pod) => {
    const resource = resourceOf(
      canonical([
        ['host.name', 'abcdefgh'],
        ['service.instance.id', `pod-${pod}`],
        ['service.name', 'shop'],
      ]),
    );
    const metric = metricOf({
      resource,
      scope: scopeOf({ name: 'lib', version: '1', attributes: [], schemaUrl: '' }),
      name: 'http.server.requests',
      unit: '{request}',
      description: '',
      kind,
      temporality: 'cumulative',
      isMonotonic: kind !== 'gauge',
      metadata: [],
    });
    return Array.from({ length: STREAMS_A_POD }, (__, i): DataPoint => {
      const attributes = canonical([
        ['code', ['200', '404', '500'][i % 3] ?? ''],
        ['method', 'GET'],
        ['path', `/path/${i % 20}`],
        ['user', `user-${i}`],
      ]);
      const value: PointValue =
        kind === 'exponential_histogram'
          ? histogramOf(round + 1)
          : { type: 'number', value: round * 10, isInteger: true };
      return { metric, attributes, startMs: BEGAN_MS, timeMs, hasNoValue: false, value, exemplars: [] };
    });
  }).flat();
}

function histogramOf(count: number): ExponentialHistogramValue {
  return {
    type: 'exponential_histogram',
    count: BUCKETS * count,
    sum: 100 * count,
    min: undefined,
    max: undefined,
    scale: 4,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: -40, counts: Array.from({ length: BUCKETS }, () => count) },
    negative: { offset: 0, counts: [] },
  };
}
