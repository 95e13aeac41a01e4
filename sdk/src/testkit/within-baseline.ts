// Measures an operation and holds it against its baseline, so that a busy machine does not look like a slower program.
import { type Baseline, findBaseline } from './baseline-file.ts';
import { checkNumbers } from '../creation-checks.ts';
import { type Bounds, judge, type Judgement, LEAST_CALLS } from './baseline-test.ts';

export interface BaselineOptions {
  /** Path of what `evenkeel baseline export` wrote, or its content; `baselines.json` where the process runs. */
  readonly baselines?: string | object;
  /** Of the operation in the baselines; by default the name that was given, or that of the function. */
  readonly name?: string;
  readonly service?: string;
  /** Span kind: `server`, `client`, `internal` … */
  readonly kind?: string;
  /** By how much longer typical calls may take: 0.5, which allows for another machine, is 1.5 times as long. */
  readonly tolerance?: number;
  /** Chance that a run within its tolerance fails, 0.01. */
  readonly falseAlarms?: number;
  /** 0.9 to 0.99: judges the slowest calls as well, where the baseline has calls enough to know them. */
  readonly quantile?: number;
  /** Calls of a function that are measured, each after the one before has ended; 100, or what can be had in a second. */
  readonly calls?: number;
  /** Calls before that; 200, or what can be had in a fifth of a second. */
  readonly warmup?: number;
  /** A function is measured again, up to so many times, before it counts as slower; 3. */
  readonly rounds?: number;
  /** Where durations of a name come from: what `createTestTelemetry` gives. */
  readonly telemetry?: { durationsOf(name: string): readonly number[] };
  /** Time that durations are measured by. */
  readonly clock?: { monotonicMs(): number; pause(ms: number): Promise<void> };
}

/** A function that is called, durations in milliseconds in their order, or the name of spans that were recorded. */
export type Operation = (() => unknown) | readonly number[] | string;

export interface Verdict extends Judgement {
  readonly name: string;
  readonly isWithin: boolean;
  readonly tolerance: number;
  readonly falseAlarms: number;
  readonly rounds: number;
}

const RANGES = { calls: { least: 1, most: 1e6 }, warmup: { most: 1e6 }, rounds: { least: 1, most: 100 } };
const DEFAULTS = { tolerance: 0.5, falseAlarms: 0.01, rounds: 3 };
/** Of a function: unless it is said how many calls are wanted, time decides, so that what is slow still fits into a test. */
const MEASURED = { calls: 100, forMs: 1000 };
/** Code that has just been loaded is slower until the compiler has seen enough of it. */
const WARMUP = { calls: 200, forMs: 200 };
const LEAST_WARMUP = 3;
/** Between rounds: what disturbs a machine is often over by then. */
const PAUSES_MS = [50, 250, 1000];
const PROCESS_CLOCK: NonNullable<BaselineOptions['clock']> = {
  monotonicMs: () => performance.now(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Judges an operation by its baseline.
 *
 * It fails only where each of its rounds is slower than the tolerance allows by a test with the chance of a false alarm
 * asked for, so the chance that all are is no larger, however alike they are.
 *
 * @throws Error where there is nothing to judge: no baseline, fewer than 20 calls on either side, or what the function throws
 */
export async function withinBaseline(operation: Operation, options: BaselineOptions = {}): Promise<Verdict> {
  checkNumbers('toStayWithinBaseline', options, RANGES);
  const bounds = boundsOf(options);
  const name = nameOf(operation, options);
  const baseline = findBaseline(options.baselines, { name, service: options.service, kind: options.kind });
  if (baseline.calls < LEAST_CALLS) throw new Error(`the baseline of ${name} has only ${baseline.calls} calls`);
  const verdict = (judgement: Judgement, rounds: number): Verdict => ({
    ...judgement,
    ...bounds,
    name,
    isWithin: !judgement.isSlower,
    rounds,
  });
  if (typeof operation !== 'function') return verdict(judge(recorded(operation, name, options), baseline, bounds), 1);
  const judgements = await measuredRounds(operation, baseline, bounds, options);
  // The least disturbed round says most of the program.
  const best = judgements.reduce((least, each) => (each.ratio.value < least.ratio.value ? each : least));
  const decisive = judgements.find(({ isSlower }) => !isSlower) ?? best;
  return verdict(decisive, judgements.length);
}

/** Says what was found in a few lines. */
export function textOf({
  name,
  ratio,
  quantiles,
  calls,
  isWithin,
  isTailOnly,
  tolerance,
  falseAlarms,
  rounds,
}: Verdict): string {
  const of = isTailOnly ? 'the slowest calls take longer than that; a typical call takes' : 'a typical call takes';
  const more = rounds === 1 ? '' : `, in ${isWithin ? 'one' : 'each'} of ${rounds} rounds`;
  return [
    `${name} ${isWithin ? 'stays within' : 'is slower than'} its baseline allows: ${digits(1 + tolerance)} times as long${more}`,
    `  ${of} ${digits(ratio.value)} times as long (95 % interval ${digits(ratio.low)} to ${digits(ratio.high)})`,
    ...quantiles.map(
      ({ quantile, baselineMs, runMs }) =>
        `  p${Math.round(quantile * 100)}  ${digits(baselineMs)} ms → ${digits(runMs)} ms`,
    ),
    `  ${calls.run} calls against ${calls.baseline} of the baseline; chance of a false alarm ${digits(falseAlarms)} at most`,
  ].join('\n');
}

async function measuredRounds(
  call: () => unknown,
  baseline: Baseline,
  bounds: Bounds,
  options: BaselineOptions,
): Promise<Judgement[]> {
  const { rounds = DEFAULTS.rounds, clock = PROCESS_CLOCK } = options;
  const warmup = options.warmup === undefined ? WARMUP : { calls: options.warmup, forMs: Infinity };
  const wanted = options.calls === undefined ? MEASURED : { calls: options.calls, forMs: Infinity };
  const judgements: Judgement[] = [];
  await measured(call, { ...warmup, least: Math.min(LEAST_WARMUP, warmup.calls) }, clock);
  while (judgements.length < rounds) {
    const durations = await measured(call, { ...wanted, least: LEAST_CALLS }, clock);
    const judgement = judge(durations, baseline, bounds);
    judgements.push(judgement);
    if (!judgement.isSlower) break;
    if (judgements.length < rounds) await clock.pause(PAUSES_MS[judgements.length - 1] ?? PAUSES_MS.at(-1) ?? 0);
  }
  return judgements;
}

/** @param wanted so many calls, or as many as there is time for and the least of them */
async function measured(
  call: () => unknown,
  wanted: { readonly calls: number; readonly forMs: number; readonly least: number },
  clock: NonNullable<BaselineOptions['clock']>,
): Promise<number[]> {
  const durations: number[] = [];
  const endMs = clock.monotonicMs() + wanted.forMs;
  while (durations.length < wanted.least || (durations.length < wanted.calls && clock.monotonicMs() < endMs)) {
    const fromMs = clock.monotonicMs();
    const answer = call();
    // To wait for what is there already would be measured as well.
    if (isThenable(answer)) await answer;
    durations.push(clock.monotonicMs() - fromMs);
  }
  return durations;
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function recorded(
  operation: readonly number[] | string,
  name: string,
  { telemetry }: BaselineOptions,
): readonly number[] {
  if (typeof operation === 'string' && telemetry === undefined)
    throw new Error('a name needs telemetry: toStayWithinBaseline({ telemetry: createTestTelemetry() })');
  const all = typeof operation === 'string' ? (telemetry?.durationsOf(operation) ?? []) : operation;
  const durations = all.filter((each) => Number.isFinite(each) && each >= 0);
  if (durations.length < all.length) throw new Error(`of ${name} there are durations that are none`);
  if (durations.length < LEAST_CALLS)
    throw new Error(`${durations.length} calls of ${name} were recorded; at least ${LEAST_CALLS} are needed`);
  return durations;
}

function nameOf(operation: Operation, { name }: BaselineOptions): string {
  if (name !== undefined) return name;
  const own = typeof operation === 'string' ? operation : typeof operation === 'function' ? operation.name : '';
  if (own === '') throw new Error('say which operation of the baselines is meant: toStayWithinBaseline({ name })');
  return own;
}

function boundsOf(options: BaselineOptions): Bounds & { readonly quantile: number | undefined } {
  const { tolerance = DEFAULTS.tolerance, falseAlarms = DEFAULTS.falseAlarms, quantile } = options;
  if (!(tolerance >= 0 && tolerance < Infinity)) throw new Error(`tolerance is 0 or above: ${tolerance}`);
  if (!(falseAlarms >= 1e-6 && falseAlarms <= 0.2)) throw new Error(`falseAlarms is 0.000001 to 0.2: ${falseAlarms}`);
  if (quantile !== undefined && !(quantile >= 0.9 && quantile <= 0.99))
    throw new Error(`quantile is 0.9 to 0.99: ${quantile}`);
  return { tolerance, falseAlarms, quantile };
}

function digits(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
