// The general instrument: any method or function as a span and metrics under a name of the program's choice.
import type { Attributes, SpanKind } from '@opentelemetry/api';
import { ATTRIBUTE, METRIC } from '../names.ts';
import { type AttributesOption, type CallAttributes, type LowAttributes, LowLimits } from './attributes.ts';
import { type Call, Metering, type Watch } from './call.ts';
import { emitCall } from './events.ts';
import { sizeOf } from './size.ts';
import { MemoryDelta } from './memory-delta.ts';
import { asked } from './results.ts';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  type Instrument,
  instrument,
  type Observation,
  type ResultOf,
} from './observe.ts';
import { placeOfCaller } from './place.ts';

/** What an operation promises. */
export interface Objective {
  /** A call keeps it when it does not fail and takes no longer. */
  readonly latencyMs: number;
  /** Share of calls that have to keep it, above 0 and below 1; 0.99 unless set. */
  readonly objective?: number;
}

/** Options of {@link measurePerformance}. */
export interface MeasureOptions<Args, Low extends LowAttributes, Result, ResultLow extends LowAttributes> {
  /** Name of the operation: the span name, and with it the series of its metrics. */
  readonly name: string;
  /** Fixed, or a function of the arguments, called only for recorded calls. */
  readonly attributes?: AttributesOption<Args, Low>;
  /** Attributes from what a call returned or resolved to; not for iterators and streams. */
  readonly recordResult?: (result: Result) => CallAttributes<ResultLow>;
  /** INTERNAL unless set. */
  readonly kind?: SpanKind;
  /** A duration histogram and a counter of outcomes, on unless false. */
  readonly metrics?: boolean;
  /** Counts calls by whether they kept this objective, and marks spans of those that did not. */
  readonly slo?: Objective;
  /** Records how the used heap changed during a call: 1 microsecond. */
  readonly memory?: boolean;
  /** Records about how many bytes the arguments hold, by a bounded walk. */
  readonly argsSize?: boolean;
  /** Records name, file and line of where the function was wrapped; found once. */
  readonly code?: boolean;
  /** Tells the end of failed calls, or of all, as log records. */
  readonly log?: 'errors' | 'all';
  /** The last argument is a callback `(error, result)`, and a call is over when it is called. */
  readonly callback?: boolean;
}

/**
 * Measures every call of a method or function.
 *
 * `@measurePerformance('orders.create')` decorates a method, `measurePerformance('orders.create', fn)` wraps a
 * function; the wrapped function has the same type and behaves the same.
 */
export function measurePerformance<
  F extends AnyFunction,
  const Low extends LowAttributes,
  const ResultLow extends LowAttributes,
>(nameOrOptions: string | MeasureOptions<ArgumentsOf<F>, Low, ResultOf<F>, ResultLow>, fn: F): F;
export function measurePerformance<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
  Result = unknown,
  const ResultLow extends LowAttributes = LowAttributes,
>(nameOrOptions: string | MeasureOptions<Args, Low, Result, ResultLow>): Instrument<Args>;
export function measurePerformance(nameOrOptions: string | AnyOptions, fn?: AnyFunction): unknown {
  return instrument(
    () => observationOf(typeof nameOrOptions === 'string' ? { name: nameOrOptions } : nameOrOptions, fn),
    fn,
  );
}

type AnyOptions = MeasureOptions<never, LowAttributes, never, LowAttributes>;

/** What the options ask for. @param fn undefined where it is not known yet */
export function observationOf(options: AnyOptions, fn?: AnyFunction): Observation {
  const { name, kind, attributes, callback, metrics = true } = options;
  const { fixed, fromArguments, low } = attributesFrom(attributes, options.code === true ? codeOf(fn) : {});
  const base: Attributes = { [ATTRIBUTE.operation]: name, ...low };
  return {
    name,
    kind,
    fixed,
    fromArguments,
    metering: metrics ? new Metering(base, METRIC.operationDuration, METRIC.operationCalls) : undefined,
    watch: watchOf(options),
    isCallback: callback,
  };
}

function codeOf(fn: AnyFunction | undefined): Attributes {
  const place = placeOfCaller();
  return {
    ...(fn !== undefined && fn.name !== '' && { [ATTRIBUTE.codeFunction]: fn.name }),
    ...(place !== undefined && { [ATTRIBUTE.codeFile]: place.file, [ATTRIBUTE.codeLine]: place.line }),
  };
}

/** What the options want to know of a call; undefined where that is nothing. */
function watchOf({ name, recordResult, slo, memory, argsSize, log }: AnyOptions): Observation['watch'] {
  if (slo !== undefined) checkObjective(slo);
  const limits = new LowLimits();
  const makers: ((call: Call, args: readonly unknown[]) => Watch | undefined)[] = [];
  if (argsSize === true)
    makers.push((call, args) => void call.add({ high: { [ATTRIBUTE.argumentsSize]: sizeOf(args) } }, limits));
  if (recordResult !== undefined)
    makers.push((call) => ({
      value(result) {
        const attributes = asked(() => recordResult(result as never), []);
        if (attributes !== undefined) call.add(attributes, limits);
      },
    }));
  if (slo !== undefined) makers.push((call) => watchObjective(call, slo, limits));
  if (memory === true) makers.push(watchMemory);
  if (log !== undefined)
    makers.push((call) => ({
      over(errorType) {
        if (errorType === undefined && log === 'errors') return;
        const failure = errorType === undefined ? {} : { [ATTRIBUTE.errorType]: errorType };
        emitCall(name, { [ATTRIBUTE.operation]: name, ...call.low, ...failure }, errorType !== undefined, call.active);
      },
    }));
  if (makers.length === 0) return undefined;
  return (call, args) => joined(makers.map((make) => make(call, args)));
}

function joined(watches: readonly (Watch | undefined)[]): Watch {
  return {
    value: (value) => watches.forEach((watch) => watch?.value?.(value)),
    over: (errorType, thrown) => watches.forEach((watch) => watch?.over?.(errorType, thrown)),
  };
}

function checkObjective({ latencyMs, objective = 0.99 }: Objective): void {
  if (typeof latencyMs !== 'number' || Number.isNaN(latencyMs)) throw new TypeError('slo.latencyMs is a number');
  if (!(objective > 0 && objective < 1)) throw new TypeError('slo.objective is above 0 and below 1');
}

function watchObjective(call: Call, { latencyMs, objective = 0.99 }: Objective, limits: LowLimits): Watch {
  const startMs = performance.now();
  return {
    over(errorType) {
      const isMet = errorType === undefined && performance.now() - startMs <= latencyMs;
      const low = { [ATTRIBUTE.sloMet]: isMet, [ATTRIBUTE.sloObjective]: objective };
      call.add({ low: low as LowAttributes as never }, limits);
    },
  };
}

function watchMemory(call: Call): Watch {
  const delta = new MemoryDelta();
  return {
    over() {
      const { bytes, isOverlapped } = delta.end();
      if (call.span.isRecording())
        call.span.setAttributes({ [ATTRIBUTE.memoryDelta]: bytes, [ATTRIBUTE.memoryOverlapped]: isOverlapped });
    },
  };
}
