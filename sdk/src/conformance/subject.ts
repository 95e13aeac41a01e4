// What the conformance suite needs of an instrumentation, so that any of them can be put to it. Types only.

/** A function of any kind. */
export type AnyFunction = (...args: never) => unknown;

/** A finished span as the suite looks at it. */
export interface FinishedSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly status: 'unset' | 'ok' | 'error';
  /** Has an exception recorded on it, as an event or beside it as a log record. */
  readonly hasException: boolean;
  readonly durationMs: number;
}

/** An instrumentation under test. */
export interface Subject {
  readonly name: string;
  /** Gives the function instrumented, so that each of its calls is a span of that name. */
  wrap<F extends AnyFunction>(name: string, fn: F): F;
  /** As {@link wrap}, for a function whose last argument is a callback `(error, result)`. */
  wrapCallback?<F extends AnyFunction>(name: string, fn: F): F;
  /** Finished spans since the last look, in order of their end. */
  takeSpans(): readonly FinishedSpan[] | Promise<readonly FinishedSpan[]>;
  /** Of the span that is active now. */
  activeSpanId(): string | undefined;
  /** Starts and ends a span of that name in the context that is active now. */
  child(name: string): void;
}

/** What came of one row. */
export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly holds: boolean;
  /** What was seen where it does not hold. */
  readonly detail?: string;
}
