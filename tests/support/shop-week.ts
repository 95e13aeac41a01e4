// A week of a small shop, made by a seed: its calls hour by hour, and an account of them that shares nothing with what is
// tested. On Wednesday a dependency is slow, over Friday's midnight orders fail, a disk fills all week, models are called.
import { normal } from './learned-operation.ts';
import { type Random, seeded } from './random.ts';
import type { PointShape } from './data-points.ts';
import { exponentialOf, histogramOf } from './data-points.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A Monday. */
export const WEEK_MS = Date.UTC(2026, 2, 2);

/** Calls an hour at noon; at night a fifth of it, at the weekend three fifths. */
const OPERATIONS = [
  { service: 'web', name: 'GET /', kind: 2, calls: 60, medianMs: 12, errorRatio: 0.002 },
  { service: 'web', name: 'GET /cart', kind: 2, calls: 30, medianMs: 25, errorRatio: 0 },
  { service: 'shop', name: 'POST /orders', kind: 2, calls: 25, medianMs: 110, errorRatio: 0.01 },
  { service: 'shop', name: 'SELECT orders', kind: 3, calls: 40, medianMs: 3, errorRatio: 0 },
  { service: 'pay', name: 'POST /charge', kind: 2, calls: 20, medianMs: 70, errorRatio: 0.02 },
  // So seldom that its series is forgotten in between.
  { service: 'shop', name: 'nightly report', kind: 1, calls: 0, medianMs: 42_000, errorRatio: 0 },
] as const;

export const KIND_NAMES = ['', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT'] as const;

export interface WeekCall {
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly error: boolean;
  /** What it failed of. */
  readonly errorType: string;
}

/** Hours of the week. */
export const HOURS = Array.from({ length: 168 }, (_, hour) => hour);

export const SLOW: Stretch = { fromMs: WEEK_MS + 2 * DAY_MS + 14 * HOUR_MS, toMs: WEEK_MS + 2 * DAY_MS + 16 * HOUR_MS };
export const FAILING: Stretch = { fromMs: WEEK_MS + 5 * DAY_MS - 4 * HOUR_MS, toMs: WEEK_MS + 5 * DAY_MS + HOUR_MS };

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Calls that end within an hour, each at a time of its own. @param hour of the week, 0..167 */
export function callsOf(hour: number): WeekCall[] {
  const random = seeded(1000 + hour);
  const fromMs = WEEK_MS + hour * HOUR_MS;
  const ofDay = hour < 5 * 24 ? 1 : 0.6;
  const busy = ofDay * (0.2 + 0.8 * Math.sin(((hour % 24) / 24) * Math.PI) ** 2);
  return OPERATIONS.flatMap(({ calls, ...operation }) => {
    const count = calls === 0 ? Number(hour % 6 === 3) : Math.round(calls * busy);
    return Array.from({ length: count }, () => callOf(operation, fromMs, random));
  });
}

type Shape = Pick<(typeof OPERATIONS)[number], 'service' | 'name' | 'kind' | 'medianMs' | 'errorRatio'>;

function callOf({ service, name, kind, medianMs, errorRatio }: Shape, fromMs: number, random: Random): WeekCall {
  const startMs = fromMs + Math.floor(random() * HOUR_MS * 0.9);
  const isSlow = service === 'pay' && startMs >= SLOW.fromMs && startMs < SLOW.toMs;
  const isFailing = name === 'POST /orders' && startMs >= FAILING.fromMs && startMs < FAILING.toMs;
  const error = random() < (isFailing ? 0.4 : errorRatio);
  // What is cached takes no time that a clock can tell.
  const isNothing = name === 'SELECT orders' && random() < 0.05;
  const durationMs = isNothing ? 0 : medianMs * (isSlow ? 4 : 1) * Math.exp(0.5 * normal(random));
  const errorType = !error ? '' : isFailing ? 'ETIMEDOUT' : random() < 0.7 ? '500' : '';
  // To the microsecond, so that it is the same in nanoseconds.
  return { service, name, kind, startMs, durationMs: Math.round(durationMs * 1000) / 1000, error, errorType };
}

/** Calls of an operation, summed up without any bucket. */
export interface Account {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly calls: number;
  readonly errors: number;
  readonly meanMs: number;
  quantileMs(q: number): number;
}

export function accountsOf(calls: readonly WeekCall[]): Account[] {
  const groups = Map.groupBy(calls, ({ service, name, kind }) => JSON.stringify([service, name, kind]));
  return [...groups.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const sorted = same.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
    return [
      {
        service: first.service,
        name: first.name,
        kind: KIND_NAMES[first.kind] ?? '',
        calls: same.length,
        errors: same.filter(({ error }) => error).length,
        meanMs: sorted.reduce((sum, each) => sum + each, 0) / same.length,
        quantileMs: (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN,
      },
    ];
  });
}

/** Share of the disk in use: 2 % more a day, and a little more by day than by night. */
export function diskRatio(timeMs: number): number {
  const days = (timeMs - WEEK_MS) / DAY_MS;
  return 0.8 + 0.02 * days + 0.003 * Math.sin(days * 2 * Math.PI);
}

/** Calls of models in an hour. */
export interface ModelCalls {
  readonly calls: number;
  readonly errors: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export function modelCallsOf(hour: number): ModelCalls {
  const calls = 3 + (hour % 5);
  return { calls, errors: hour % 24 === 11 ? 1 : 0, inputTokens: calls * 1200, outputTokens: calls * 300 };
}

/** Metrics of a client of models, cumulative from its start. @param hours that it has counted */
export function modelPoints(hours: readonly number[], startMs: number, timeMs: number): PointShape[] {
  const all = hours.map(modelCallsOf);
  const sum = (of: (each: ModelCalls) => number): number => all.reduce((total, each) => total + of(each), 0);
  const calls = sum((each) => each.calls);
  const errors = sum((each) => each.errors);
  const model = { 'gen_ai.provider.name': 'acme', 'gen_ai.request.model': 'small-2' };
  const plain = { service: 'assistant', startMs, timeMs };
  const duration = (attributes: Record<string, string>, count: number): PointShape => ({
    ...plain,
    name: 'gen_ai.client.operation.duration',
    unit: 's',
    attributes: { ...model, ...attributes },
    value: histogramOf(Array.from({ length: count }, () => 0.8), [0.5, 1, 2]),
  }); // prettier-ignore
  const tokens = (type: string, count: number): PointShape => ({
    ...plain,
    name: 'gen_ai.client.token.usage',
    unit: '{token}',
    attributes: { ...model, 'gen_ai.token.type': type },
    value: { ...exponentialOf(Array.from({ length: calls }, () => 1), 0), sum: count },
  }); // prettier-ignore
  return [
    duration({}, calls - errors),
    duration({ 'error.type': 'timeout' }, errors),
    tokens('input', sum((each) => each.inputTokens)),
    tokens('output', sum((each) => each.outputTokens)),
  ]; // prettier-ignore
}
