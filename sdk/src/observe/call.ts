// One call that is being observed: its span, its measurements, and what else wants to know how it went.
import { type Attributes, type Context, type Span, SpanStatusCode } from '@opentelemetry/api';
import type { MetricDefinition } from '../metric-definition.ts';
import { ATTRIBUTE, ERROR_TYPE_OTHER } from '../names.ts';
import { state } from '../state.ts';
import type { CallAttributes, LowLimits } from './attributes.ts';
import { emitException } from './events.ts';
import type { Instruments } from './instruments.ts';

/** Told how a call goes. Nothing it throws reaches the program. */
export interface Watch {
  /** What the call returned or resolved to; not for iterators and streams. */
  value?(value: unknown): void;
  /** Each item of an iterator or stream. */
  item?(item: unknown): void;
  /** The last thing, before the span ends. @param errorType undefined when it did not fail */
  over?(errorType: string | undefined, thrown?: unknown): void;
}

/** Kinds of errors an operation has series for; the rest is one. */
const MAX_ERROR_TYPES = 32;

/** What calls of one operation are measured by. Attribute sets are made once, since each call needs one. */
export class Metering {
  readonly #duration: MetricDefinition | undefined;
  readonly #calls: MetricDefinition | undefined;
  readonly #base: Attributes;
  readonly #failed = new Map<string, Attributes>();

  /** @param base few-valued attributes of each measurement */
  constructor(base: Attributes, duration: MetricDefinition | undefined, calls: MetricDefinition | undefined) {
    [this.#base, this.#duration, this.#calls] = [base, duration, calls];
  }

  record(
    meters: Instruments,
    durationS: number,
    low: Attributes | undefined,
    errorType: string | undefined,
    active: Context,
  ): void {
    const base = errorType === undefined ? this.#base : this.#failedBy(errorType);
    const attributes = low === undefined ? base : { ...base, ...low };
    if (this.#duration !== undefined) meters.get(this.#duration).record(durationS, attributes, active);
    if (this.#calls !== undefined) meters.get(this.#calls).add(1, attributes, active);
  }

  #failedBy(errorType: string): Attributes {
    let attributes = this.#failed.get(errorType);
    if (attributes !== undefined) return attributes;
    const isNew = this.#failed.size < MAX_ERROR_TYPES;
    attributes = { ...this.#base, [ATTRIBUTE.errorType]: isNew ? errorType : ERROR_TYPE_OTHER };
    if (isNew) this.#failed.set(errorType, attributes);
    return attributes;
  }
}

export class Call {
  readonly span: Span;
  /** The context of the call, with its span set: what it starts belongs to it. */
  readonly active: Context;
  readonly #meters: Instruments | undefined;
  readonly #metering: Metering | undefined;
  readonly #startMs: number;
  #low: Attributes | undefined;
  /** A callback ends it, not what it returns. */
  isCalledBack = false;
  #isOver = false;
  watch: Watch | undefined;

  /** @param meters undefined where nothing is measured */
  constructor(span: Span, active: Context, meters?: Instruments, metering?: Metering) {
    this.span = span;
    this.active = active;
    this.#meters = meters;
    this.#metering = metering;
    this.#startMs = meters === undefined ? 0 : performance.now();
  }

  /** Seconds since it began; only of calls that are measured. */
  get durationS(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  /** Where further metrics of the call go; undefined where nobody reads them. */
  get meters(): Instruments | undefined {
    return this.#meters;
  }

  /** Nobody wants to know how it goes: it is neither sampled nor measured. */
  get isUnseen(): boolean {
    const isTold = this.#meters !== undefined || this.watch !== undefined || this.span.isRecording();
    return !isTold && state.exceptionSignal === 'events';
  }

  /** Few-valued attributes so far. */
  get low(): Attributes | undefined {
    return this.#low;
  }

  /** Adds attributes to the span, the few-valued ones to the measurements too. */
  add({ low, high }: CallAttributes, limits: LowLimits): void {
    if (high !== undefined && this.span.isRecording()) this.span.setAttributes(high);
    if (low === undefined) return;
    const plain = limits.plain(low);
    this.span.setAttributes(plain);
    this.#low = this.#low === undefined ? plain : { ...this.#low, ...plain };
  }

  /** What it returned or resolved to. */
  value(value: unknown): void {
    try {
      this.watch?.value?.(value);
    } catch {
      // What looks at a result is broken; the call matters more.
    }
  }

  item(item: unknown): void {
    try {
      this.watch?.item?.(item);
    } catch {
      // As with a result.
    }
  }

  /** It is over and went well. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.watch !== undefined || this.#meters !== undefined) this.#conclude(undefined);
    this.span.end();
  }

  /**
   * It is over and failed: error type, status and exception are recorded.
   *
   * @param thrown any value, also `undefined` or an object whose getters throw
   */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const errorType = recordFailure(this.span, thrown, this.active);
    this.#conclude(errorType, thrown);
    this.span.end();
  }

  #conclude(errorType: string | undefined, thrown?: unknown): void {
    try {
      this.watch?.over?.(errorType, thrown);
    } catch {
      // As with a result.
    }
    if (this.#meters === undefined) return;
    try {
      this.#metering?.record(this.#meters, this.durationS, this.#low, errorType, this.active);
    } catch {
      // A meter of the program, or attributes that are none.
    }
  }
}

/** @returns the type of the error, one of few */
function recordFailure(span: Span, thrown: unknown, active: Context): string {
  let errorType: string = ERROR_TYPE_OTHER;
  try {
    const { type, message } = describe(thrown);
    errorType = type;
    span.setAttribute(ATTRIBUTE.errorType, type);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    const exception = { name: type, message, ...stackOf(thrown) };
    if (state.exceptionSignal !== 'logs') span.recordException(exception);
    if (state.exceptionSignal !== 'events') emitException(exception, active);
  } catch {
    // The error object is hostile; it must not be replaced by an error of ours.
    span.setAttribute(ATTRIBUTE.errorType, errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  return errorType;
}

function describe(thrown: unknown): { type: string; message: string } {
  if (typeof thrown !== 'object' || thrown === null) return { type: ERROR_TYPE_OTHER, message: String(thrown) };
  const { code, name, message } = thrown as { code?: unknown; name?: unknown; message?: unknown };
  // The code first, as OpenTelemetry's own recordException does: ECONNREFUSED says more than Error.
  const type = [code, name].find((value) => typeof value === 'string' && value !== '');
  return {
    type: typeof type === 'string' ? type : ERROR_TYPE_OTHER,
    message: typeof message === 'string' ? message : '',
  };
}

function stackOf(thrown: unknown): { stack?: string } {
  return thrown instanceof Error && typeof thrown.stack === 'string' ? { stack: thrown.stack } : {};
}
