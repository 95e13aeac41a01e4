// Asks other models when one fails. The one part of the instruments that does what the program did not: because it is
// asked to, by options.
import { context, createContextKey } from '@opentelemetry/api';
import { type AnyFunction, disguise, observe, type Observation } from './observe.ts';
import { lowCardinality, LowLimits } from './attributes.ts';
import { Metering } from './call.ts';
import type { Method } from './ending.ts';
import { readRequest } from './llm-request.ts';
import { asked, fieldsOf, isPromise, known } from './results.ts';
import { markWorkflow } from './run-context.ts';
import { GEN_AI_ATTRIBUTE, GEN_AI_METRIC, GEN_AI_OPERATION } from '../names.ts';

/** Another model to ask. */
export interface Fallback {
  readonly model: string;
  /** That of the first model unless set. */
  readonly provider?: string;
  /** Takes the same arguments; unless set, the same function with this `model` in its first argument. */
  readonly call?: AnyFunction;
}

/** What is used of the options of a call. */
interface Options {
  readonly provider: string;
  readonly model?: string | ((args: never) => string | undefined);
  readonly fallbacks: readonly (string | Fallback)[];
  readonly fallbackOn?: (error: unknown) => boolean;
}

interface Try {
  readonly model: string | undefined;
  readonly call: AnyFunction;
}

/** How far one call went. */
interface Progress {
  tries: number;
  answeredBy: string | undefined;
}

const KEY = createContextKey('evenkeel.fallback');
const MAX_MODELS = 100;

/**
 * Makes a function that tries the traced one and then its fallbacks, in a span around them.
 *
 * @param fn the function without its span
 * @param traced the same with it
 * @param traceTry traces a further function as a call of another model
 */
export function withFallbacks(
  options: Options,
  fn: AnyFunction,
  traced: AnyFunction,
  traceTry: (model: string, provider: string | undefined, fn: AnyFunction) => AnyFunction,
): AnyFunction {
  const others = options.fallbacks.map((fallback): Try => {
    const { model, provider, call } = typeof fallback === 'string' ? { model: fallback } : (fallback as Fallback);
    if (typeof model !== 'string' || (call !== undefined && typeof call !== 'function'))
      throw new TypeError('a fallback is the name of a model, or has one and a function to call');
    return { model, call: traceTry(model, provider, call ?? withModel(fn, model)) };
  });
  const { model, fallbackOn = isNoAbort } = options;
  const first: Try = { model: typeof model === 'string' ? model : undefined, call: traced };
  const chain = chainOf([first, ...others], (error) => asked(() => fallbackOn(error), []) === true);
  return observe(around(options), disguise(chain, fn));
}

function chainOf(tries: readonly Try[], isNext: (error: unknown) => boolean): AnyFunction {
  return function chain(this: unknown, ...args: unknown[]): unknown {
    const progress = context.active().getValue(KEY) as Progress | undefined;
    const attempt = (position: number): unknown => {
      const { model, call } = tries[position] as Try;
      const answered = <R>(result: R): R => {
        if (progress !== undefined && position > 0) progress.answeredBy = model;
        return result;
      };
      const failed = (error: unknown): unknown => {
        if (position + 1 >= tries.length || !isNext(error)) throw error;
        return attempt(position + 1);
      };
      if (progress !== undefined) progress.tries = position + 1;
      let result: unknown;
      try {
        result = Reflect.apply(call, this, args);
      } catch (error) {
        return failed(error);
      }
      return isPromise(result) ? result.then(answered, failed) : answered(result);
    };
    return attempt(0);
  } as AnyFunction;
}

/** The call as a program sees it, whichever model answers. It is not measured: its tries are. */
function around({ provider, model }: Options): Observation {
  const limits = new LowLimits();
  const fixed = known({
    [GEN_AI_ATTRIBUTE.genAiOperation]: GEN_AI_OPERATION.fallback,
    [GEN_AI_ATTRIBUTE.genAiProvider]: provider,
    [GEN_AI_ATTRIBUTE.genAiRequestModel]: typeof model === 'string' ? model : undefined,
  });
  return {
    name: typeof model === 'string' ? `${GEN_AI_OPERATION.fallback} ${model}` : GEN_AI_OPERATION.fallback,
    fixed,
    // For its meters alone.
    metering: new Metering({}, undefined, undefined),
    enter: (outside) => outside.setValue(KEY, { tries: 0, answeredBy: undefined } satisfies Progress),
    watch(call, args) {
      markWorkflow(call.span);
      const first =
        typeof model === 'function' ? asked(model, args) : (model ?? asked(() => readRequest(args).model, args));
      if (first !== undefined && typeof model !== 'string') {
        call.add({ low: { [GEN_AI_ATTRIBUTE.genAiRequestModel]: lowCardinality(first, MAX_MODELS) } }, limits);
        call.span.updateName(`${GEN_AI_OPERATION.fallback} ${String(call.low?.[GEN_AI_ATTRIBUTE.genAiRequestModel])}`);
      }
      return {
        over() {
          const { tries, answeredBy } = call.active.getValue(KEY) as Progress;
          call.span.setAttribute(GEN_AI_ATTRIBUTE.fallbackTries, tries);
          if (answeredBy === undefined) return;
          const by = { [GEN_AI_ATTRIBUTE.fallbackModel]: answeredBy };
          call.span.setAttributes(by);
          call.meters?.get(GEN_AI_METRIC.llmFallbacks).add(1, { ...fixed, ...call.low, ...by }, call.active);
        },
      };
    },
  };
}

function withModel(fn: AnyFunction, model: string): AnyFunction {
  const asking: Method = function (first, ...rest) {
    // Where it cannot be copied, the function gets what it got before.
    const changed = asked(([request]: [unknown]) => fieldsOf(request) && { ...fieldsOf(request), model }, [first]);
    return Reflect.apply(fn, this, [changed ?? first, ...rest]) as unknown;
  };
  return asking;
}

function isNoAbort(error: unknown): boolean {
  return fieldsOf(error)?.['name'] !== 'AbortError';
}
