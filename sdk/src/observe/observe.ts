// The one wrapper behind every decorator and every trace function: a call is observed, and nothing else changed.
// It uses only the 1.9 surface of the OpenTelemetry API; without an SDK a call costs a few nanoseconds.
import {
  type Attributes,
  context,
  type Context,
  INVALID_TRACEID,
  type Span,
  type SpanKind,
  trace,
} from '@opentelemetry/api';
import { warn } from '../errors.ts';
import { SCOPE_NAME, SCOPE_VERSION } from '../names.ts';
import { state } from '../state.ts';
import { type AttributesOption, type CallAttributes, LowLimits } from './attributes.ts';
import { Call, type Metering, type Watch } from './call.ts';
import { withCallback } from './callback.ts';
import { instruments, recentInstruments } from './instruments.ts';
import { settle, settleSpan } from './settle.ts';

/** Any function; `never`, because the wrapper passes nothing that the caller did not pass. */
export type AnyFunction = (...args: never) => unknown;

/** Parameters of a function as a tuple. */
export type ArgumentsOf<F> = F extends (...args: infer P) => unknown ? P : never;

/** What a function returns or resolves to. */
export type ResultOf<F> = F extends (...args: never) => infer R ? Awaited<R> : never;

/** What the calls of an operation look like. */
export interface Observation {
  /** Span name: one of few, never made from user data. */
  readonly name: string;
  readonly kind?: SpanKind | undefined;
  /** Present when the span starts, so that samplers see them. */
  readonly fixed?: Attributes | undefined;
  /** Called only for calls that are recorded; what it throws is ignored. */
  readonly fromArguments?: ((args: never) => CallAttributes) | undefined;
  /** What is measured of each call; nothing when undefined. */
  readonly metering?: Metering | undefined;
  /** Whoever wants to know how a call goes; called before it, only for calls that are recorded. What it throws is ignored. */
  readonly watch?: ((call: Call, args: readonly unknown[]) => Watch | undefined) | undefined;
  /** What the context of a call holds beside its span, made of the context around it. */
  readonly enter?: ((around: Context) => Context) | undefined;
  /** The last argument is a callback of Node's kind, and the call is over when it is called. */
  readonly isCallback?: boolean | undefined;
}

/**
 * A decorator for methods and function fields, under standard and under legacy (`experimentalDecorators`) rules.
 *
 * The two are told apart by their second argument: a context object, or the name of the method. Under legacy rules
 * only methods can be decorated.
 */
export interface Instrument<Args extends readonly unknown[]> {
  <This, F extends AnyFunction>(
    method: F,
    context: ArgumentsOf<F> extends Args ? ClassMethodDecoratorContext<This> : never,
  ): F;
  <This, F extends AnyFunction>(
    field: undefined,
    context: ArgumentsOf<F> extends Args ? ClassFieldDecoratorContext<This, F> : never,
  ): (initial: F) => F;
  <F extends AnyFunction>(
    target: object,
    key: string | symbol,
    descriptor: ArgumentsOf<F> extends Args ? TypedPropertyDescriptor<F> : never,
  ): TypedPropertyDescriptor<F>;
}

// One tracer for all wrappers. Before a provider is registered the API hands out a proxy that finds it later.
let tracer = trace.getTracer(SCOPE_NAME, SCOPE_VERSION);

/** A provider was seen. Without one, starting a span and looking at it is cheaper than to start it active. */
let isLive = false;

/**
 * Wraps a function so that each call is a span and measurements, ended on return, throw, settlement or the last item.
 *
 * The wrapper keeps `this`, name, length and own properties; a sync function stays sync.
 */
export function observe<F extends AnyFunction>(observation: Observation, fn: F): F {
  const { name, kind, fixed, fromArguments, metering, watch, enter, isCallback } = observation;
  const spanOptions = { ...(kind !== undefined && { kind }), ...(fixed !== undefined && { attributes: fixed }) };
  const limits = new LowLimits();
  const isWatched = fromArguments !== undefined || watch !== undefined;
  const isPlain = !isWatched && isCallback !== true && enter === undefined;

  function observed(this: unknown, ...args: unknown[]): unknown {
    if (!state.isOn) return Reflect.apply(fn, this, args);
    let meters = metering === undefined ? undefined : recentInstruments();
    if (isLive && isPlain && meters === undefined)
      return tracer.startActiveSpan(name, spanOptions, (span) => spanOnly(span, fn, this, args));
    const parent = context.active();
    const span = tracer.startSpan(name, spanOptions, parent);
    if (!isLive && span.spanContext().traceId !== INVALID_TRACEID) {
      isLive = true;
      // From here the provider's own, without the proxy before it.
      tracer = trace.getTracer(SCOPE_NAME, SCOPE_VERSION);
      if (metering !== undefined) meters = instruments();
    }
    // No SDK: there is nothing to end and no context to carry.
    if (meters === undefined && !isLive) return Reflect.apply(fn, this, args);
    const active = trace.setSpan(enter === undefined ? parent : enter(parent), span);
    const call = new Call(span, active, meters, metering);
    if (isWatched && (meters !== undefined || span.isRecording())) begin(call, observation, args, limits);
    if (isCallback === true) args = withCallback(call, args, parent);
    let result: unknown;
    try {
      result = context.with(active, (): unknown => Reflect.apply(fn, this, args));
    } catch (thrown) {
      call.fail(thrown);
      throw thrown;
    }
    return call.isCalledBack ? result : settle(call, result);
  }
  return disguise(observed, fn);
}

/** The short way of calls of which nothing but a span is wanted; runs with the span active. */
function spanOnly(span: Span, fn: AnyFunction, self: unknown, args: unknown[]): unknown {
  let result: unknown;
  try {
    result = Reflect.apply(fn, self, args);
  } catch (thrown) {
    new Call(span, context.active()).fail(thrown);
    throw thrown;
  }
  if (typeof result === 'object' && result !== null) return settleSpan(span, result);
  span.end();
  return result;
}

/**
 * What a public function gives: the function it was handed, wrapped; without one the decorator that wraps.
 *
 * @param observation makes it of the options of a program, and may throw as in {@link instrumentBy}
 */
export function instrument(observation: () => Observation, fn: AnyFunction | undefined): unknown {
  return instrumentBy(() => {
    const made = observation();
    if (typeof made.name !== 'string') throw new TypeError('the name of an operation is a string');
    return (wrapped) => observe(made, wrapped);
  }, fn);
}

/**
 * As {@link instrument}, for those that wrap in their own way.
 *
 * @param make may throw, for options of a program that does not check its types; then nothing is observed, and that is said
 */
export function instrumentBy(make: () => (fn: AnyFunction) => AnyFunction, fn: AnyFunction | undefined): unknown {
  let wrap: ((fn: AnyFunction) => AnyFunction) | undefined;
  try {
    wrap = make();
  } catch (error) {
    tellInvalid(error);
  }
  const wrapped = (given: AnyFunction): AnyFunction => {
    try {
      return wrap === undefined || typeof given !== 'function' ? given : wrap(given);
    } catch (error) {
      // A proxy that does not want to be looked at.
      tellInvalid(error);
      return given;
    }
  };
  return fn ? wrapped(fn) : decoratorBy(wrapped);
}

/** Says that options of an instrument are of no use. @param error what came of reading them, whatever it is */
export function tellInvalid(error: unknown): void {
  const text = textOf(error) ?? 'its options cannot be read';
  if (told.has(text) || told.size >= MAX_TOLD) return;
  told.add(text);
  warn('INSTRUMENT_INVALID', text);
}

/** Each once: a program may make its instruments anew for each request. */
const told = new Set<string>();
const MAX_TOLD = 20;

function textOf(error: unknown): string | undefined {
  try {
    return error instanceof Error ? String(error.message) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the decorator that puts `wrapped` in the place of the decorated function. */
function decoratorBy<Args extends readonly unknown[]>(wrapped: (fn: AnyFunction) => AnyFunction): Instrument<Args> {
  const wrap = (value: unknown): unknown => (typeof value === 'function' ? wrapped(value as AnyFunction) : value);

  return function decorate(target: unknown, second: unknown, descriptor?: PropertyDescriptor): unknown {
    if (typeof second !== 'object' || second === null) {
      // Accessors have no value to wrap, and fields no descriptor.
      return typeof descriptor?.value === 'function' ? { ...descriptor, value: wrap(descriptor.value) } : descriptor;
    }
    const { kind } = second as DecoratorContext;
    if (kind === 'field') return wrap;
    // A class called through a wrapper could not be constructed.
    return kind === 'class' ? undefined : wrap(target);
  } as Instrument<Args>;
}

/**
 * Splits the attributes option of a public function into the forms of an {@link Observation}.
 *
 * @param own attributes that the function itself knows, beside those of the program
 */
export function attributesFrom<Args>(
  option: AttributesOption<Args> | undefined,
  own: Attributes = {},
): Pick<Observation, 'fixed' | 'fromArguments'> & { readonly low: Attributes } {
  if (typeof option === 'function')
    return { fixed: plainOf(own), fromArguments: option as (args: never) => CallAttributes, low: {} };
  const limits = new LowLimits();
  if (option !== undefined) limits.check(option, 'an instrument');
  const low = option?.low === undefined ? {} : limits.plain(option.low);
  return { fixed: plainOf({ ...own, ...low, ...option?.high }), low };
}

/** Fixed attributes are set before anything could be caught. An empty object costs a span as much as one that is not. */
function plainOf(attributes: Attributes): Attributes | undefined {
  const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
  const isItem = (value: unknown): boolean => value === undefined || value === null || isPlain(value);
  const entries = Object.entries(attributes).filter(
    ([, value]) => isPlain(value) || (Array.isArray(value) && value.every(isItem)),
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function begin(call: Call, observation: Observation, args: readonly unknown[], limits: LowLimits): void {
  const { name, fromArguments, watch } = observation;
  try {
    if (fromArguments !== undefined) {
      const attributes = fromArguments(args as never);
      limits.check(attributes, name);
      // Nothing waits for an async callback by mistake, so its rejection would end the process.
      if (attributes instanceof Promise) attributes.catch(() => {});
      else call.add(attributes, limits);
    }
  } catch {
    // The callback or what it returned is broken; the call matters more than its attributes.
  }
  try {
    call.watch = watch?.(call, args);
  } catch {
    // As above.
  }
}

/**
 * Makes a wrapper look like the function it wraps.
 *
 * Own properties are copied, and the function becomes the wrapper's prototype: so its constructor still says
 * AsyncFunction, and metadata that frameworks keep per function (as Nest does) is found through it.
 */
export function disguise<F extends AnyFunction>(wrapper: object, fn: F): F {
  for (const key of Reflect.ownKeys(fn)) {
    // What `new` makes, and what `instanceof` asks for; of functions it can be set but not defined anew.
    if (key === 'prototype') Reflect.set(wrapper, key, Reflect.get(fn, key));
    const fixed = Object.getOwnPropertyDescriptor(wrapper, key)?.configurable === false;
    // Sloppy functions own `arguments` and `caller`, which tell nothing about the wrapper.
    if (fixed || key === 'arguments' || key === 'caller') continue;
    Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(fn, key) ?? {});
  }
  return Object.setPrototypeOf(wrapper, fn) as F;
}
