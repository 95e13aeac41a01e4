// The one wrapper behind every decorator and every trace function: a span around a call, and nothing else changed.
// It uses only the 1.9 surface of the OpenTelemetry API; without an SDK a call costs a few nanoseconds.
import { type Attributes, context, INVALID_TRACEID, type Span, type SpanKind, trace } from '@opentelemetry/api';
import { SCOPE_NAME, SCOPE_VERSION } from '../names.ts';
import { fail, settle } from './settle.ts';

/** Any function; `never`, because the wrapper passes nothing that the caller did not pass. */
export type AnyFunction = (...args: never) => unknown;

/** Parameters of a function as a tuple. */
export type ArgumentsOf<F> = F extends (...args: infer P) => unknown ? P : never;

/** Attributes of a span: fixed, or made from the arguments of each recorded call. */
export type AttributesOption<Args> = Attributes | ((args: Args) => Attributes);

/** What the span of a call looks like. */
export interface Observation {
  /** Span name: one of few, never made from user data. */
  readonly name: string;
  readonly kind?: SpanKind | undefined;
  /** Present when the span starts, so that samplers see them. */
  readonly fixed?: Attributes | undefined;
  /** Called only when the span records; what it throws is ignored. */
  readonly fromArguments?: ((args: never) => Attributes) | undefined;
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
const tracer = trace.getTracer(SCOPE_NAME, SCOPE_VERSION);

/**
 * Wraps a function so that each call is a span, ended on return, throw, settlement or the last item.
 *
 * The wrapper keeps `this`, name, length and own properties; a sync function stays sync.
 */
export function observe<F extends AnyFunction>(observation: Observation, fn: F): F {
  const { name, kind, fixed, fromArguments } = observation;
  const spanOptions = { ...(kind !== undefined && { kind }), ...(fixed !== undefined && { attributes: fixed }) };

  function observed(this: unknown, ...args: unknown[]): unknown {
    const parent = context.active();
    const span = tracer.startSpan(name, spanOptions, parent);
    // No SDK: there is no span to end and no context to carry.
    if (span.spanContext().traceId === INVALID_TRACEID) return Reflect.apply(fn, this, args);
    if (fromArguments !== undefined && span.isRecording()) addAttributes(span, fromArguments, args);
    const active = trace.setSpan(parent, span);
    let result: unknown;
    try {
      result = context.with(active, (): unknown => Reflect.apply(fn, this, args));
    } catch (thrown) {
      fail(span, thrown);
      throw thrown;
    }
    return settle(span, active, result);
  }
  return disguise(observed, fn);
}

/** Makes the decorator that wraps the decorated function with {@link observe}. */
export function decorator<Args extends readonly unknown[]>(observation: Observation): Instrument<Args> {
  const wrap = (value: unknown): unknown =>
    typeof value === 'function' ? observe(observation, value as AnyFunction) : value;

  return function decorate(target: unknown, second: unknown, descriptor?: PropertyDescriptor): unknown {
    if (typeof second !== 'object') {
      // Accessors have no value to wrap, and fields no descriptor.
      return typeof descriptor?.value === 'function' ? { ...descriptor, value: wrap(descriptor.value) } : descriptor;
    }
    const { kind } = second as DecoratorContext;
    if (kind === 'field') return wrap;
    // A class called through a wrapper could not be constructed.
    return kind === 'class' ? undefined : wrap(target);
  } as Instrument<Args>;
}

/** Splits the attributes option of a public function into the two forms of an {@link Observation}. */
export function attributesFrom<Args>(
  option: AttributesOption<Args> | undefined,
  fixed?: Attributes,
): Pick<Observation, 'fixed' | 'fromArguments'> {
  if (typeof option === 'function') return { fixed, fromArguments: option as (args: never) => Attributes };
  return { fixed: option && fixed ? { ...fixed, ...option } : (option ?? fixed) };
}

function addAttributes(span: Span, fromArguments: (args: never) => Attributes, args: unknown[]): void {
  try {
    const attributes: unknown = fromArguments(args as never);
    // Nothing waits for an async callback by mistake, so its rejection would end the process.
    if (attributes instanceof Promise) attributes.catch(() => {});
    else span.setAttributes(attributes as Attributes);
  } catch {
    // The callback or what it returned is broken; the call matters more than its attributes.
  }
}

/**
 * Makes a wrapper look like the function it wraps.
 *
 * Own properties are copied, and the function becomes the wrapper's prototype: so its constructor still says
 * AsyncFunction, and metadata that frameworks keep per function (as Nest does) is found through it.
 */
function disguise<F extends AnyFunction>(wrapper: object, fn: F): F {
  for (const key of Reflect.ownKeys(fn)) {
    const fixed = Object.getOwnPropertyDescriptor(wrapper, key)?.configurable === false;
    // Sloppy functions own `arguments` and `caller`, which tell nothing about the wrapper.
    if (fixed || key === 'arguments' || key === 'caller') continue;
    Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(fn, key) ?? {});
  }
  return Object.setPrototypeOf(wrapper, fn) as F;
}
