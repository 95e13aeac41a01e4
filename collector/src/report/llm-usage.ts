// Calls of language models, tokens and what they cost, from the metrics that instrumented clients send.
// Cost is no metric of OpenTelemetry: it is tokens at configured prices.
import { attributeOf, type Attributes, valueText } from '../model/attributes.ts';
import { type DataPoint, seriesKey } from '../model/data-point.ts';
import { isLike } from '../model/glob.ts';
import { incrementOf, type StreamPoint } from '../model/increment.ts';
import type { LlmFacts } from './contract.ts';

/** @see OpenTelemetry semantic conventions, generative AI client metrics */
const DURATION = 'gen_ai.client.operation.duration';
const TOKENS = 'gen_ai.client.token.usage';
/** Cumulative streams that are followed; one that is silent for an hour gives its place up. */
const MAX_STREAMS = 1000;
const SILENT_MS = 3_600_000;
/** Models of one day. */
const MAX_MODELS = 200;
const OTHERS = { provider: 'others', model: 'other models' } as const;

/** Of one model on one day. */
export type LlmDay = Pick<LlmFacts, 'provider' | 'model' | 'calls' | 'errors' | 'inputTokens' | 'outputTokens'>;

/** What a million tokens cost. */
export interface Price {
  /** `*` stands for any text. */
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly currency: string;
}

/** The last point of a cumulative stream. */
export interface FollowedStream {
  readonly startMs: number;
  readonly timeMs: number;
  readonly count: number;
  readonly sum: number;
}

/** Follows metrics, and counts what they add. */
export class LlmUsage {
  readonly #watchedSinceMs: number;
  readonly #streams = new Map<string, FollowedStream>();
  readonly #models = new Map<string, LlmDay>();

  /** @param nowMs from then on it watches */
  constructor(nowMs: number) {
    this.#watchedSinceMs = nowMs;
  }

  /** Takes points of any metric. */
  take(points: readonly DataPoint[]): void {
    for (const point of points) {
      const { name } = point.metric;
      if ((name === DURATION || name === TOKENS) && !point.hasNoValue) this.#take(point, name);
    }
  }

  /** What was added since it was asked last. */
  drain(): LlmDay[] {
    const drained = [...this.#models.values()];
    this.#models.clear();
    return drained;
  }

  /** Streams by their keys, to go on with after a restart: what was counted meanwhile then counts. */
  saved(): [string, FollowedStream][] {
    return [...this.#streams];
  }

  restore(streams: readonly (readonly [string, FollowedStream])[]): void {
    for (const [key, stream] of streams)
      if (this.#streams.size < MAX_STREAMS && !this.#streams.has(key)) this.#streams.set(key, stream);
  }

  #take(point: DataPoint, name: typeof DURATION | typeof TOKENS): void {
    const { value, attributes } = point;
    if (value.type !== 'histogram' && value.type !== 'exponential_histogram') return;
    const { count, sum } = this.#grown(point, value.count, value.sum ?? 0);
    const provider = textOf(attributes, 'gen_ai.provider.name') || textOf(attributes, 'gen_ai.system');
    const model = textOf(attributes, 'gen_ai.request.model') || textOf(attributes, 'gen_ai.response.model');
    const none = { provider, model, calls: 0, errors: 0, inputTokens: 0, outputTokens: 0 };
    if (name === DURATION) {
      const errors = textOf(attributes, 'error.type') === '' ? 0 : count;
      addUsage(this.#models, { ...none, calls: count, errors });
    } else {
      const type = textOf(attributes, 'gen_ai.token.type');
      if (type === 'input') addUsage(this.#models, { ...none, inputTokens: sum });
      // Tokens that are neither, as those of a cache, are part of one of both.
      else if (type === 'output') addUsage(this.#models, { ...none, outputTokens: sum });
    }
  }

  #grown(point: DataPoint, count: number, sum: number): { count: number; sum: number } {
    const { metric, attributes, startMs, timeMs } = point;
    if (metric.temporality === 'delta') return { count, sum };
    const key = seriesKey(metric, attributes);
    const before = this.#streams.get(key);
    // A point that comes late or again adds nothing.
    if (before !== undefined && timeMs <= before.timeMs) return { count: 0, sum: 0 };
    if (before === undefined && this.#streams.size >= MAX_STREAMS) this.#forget(timeMs);
    if (before === undefined && this.#streams.size >= MAX_STREAMS) return { count: 0, sum: 0 };
    const now: FollowedStream = { startMs, timeMs, count, sum };
    this.#streams.set(key, now);
    const grown = (of: 'count' | 'sum'): number => {
      const value = incrementOf(pointOf(now, of), before && pointOf(before, of), this.#watchedSinceMs);
      return value?.type === 'number' ? value.value : 0;
    };
    return { count: grown('count'), sum: grown('sum') };
  }

  #forget(nowMs: number): void {
    for (const [key, last] of this.#streams) if (nowMs - last.timeMs > SILENT_MS) this.#streams.delete(key);
  }
}

/** Adds usage to what is known of a day; what has no room counts together. */
export function addUsage(models: Map<string, LlmDay>, usage: LlmDay): void {
  const key = `${usage.provider.length}:${usage.provider}${usage.model}`;
  const known = models.get(key);
  if (known === undefined && models.size >= MAX_MODELS && usage.model !== OTHERS.model)
    return addUsage(models, { ...usage, ...OTHERS });
  models.set(key, {
    ...usage,
    calls: usage.calls + (known?.calls ?? 0),
    errors: usage.errors + (known?.errors ?? 0),
    inputTokens: usage.inputTokens + (known?.inputTokens ?? 0),
    outputTokens: usage.outputTokens + (known?.outputTokens ?? 0),
  });
}

/** What models cost at the prices of now. @param prices the first that fits counts */
export function priced(models: readonly LlmDay[], prices: readonly Price[]): LlmFacts[] {
  return models.map((each) => {
    const price = prices.find(({ model }) => isLike(model, each.model));
    if (price === undefined) return { ...each, currency: '' };
    const { currency, input, output } = price;
    return { ...each, currency, cost: (each.inputTokens * input + each.outputTokens * output) / 1e6 };
  });
}

function textOf(attributes: Attributes, key: string): string {
  return valueText(attributeOf(attributes, key) ?? '');
}

function pointOf({ startMs, timeMs, ...stream }: FollowedStream, of: 'count' | 'sum'): StreamPoint {
  return { startMs, timeMs, value: { type: 'number', value: stream[of], isInteger: false } };
}
