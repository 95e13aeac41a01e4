// Results of the OpenAI and Anthropic clients that end in ways of their own: streams that are emitters as well as iterables
// (`messages.stream()`, `responses.stream()`) and run whoever reads them, and promises with a raw response beside.
import type { Call } from './call.ts';
import type { Method } from './ending.ts';
import { type AnyFunction, disguise, type Observation } from './observe.ts';

/** What is used of them. */
interface EmittingStream {
  on(event: string, listener: (value: unknown) => void): unknown;
  abort(): void;
  readonly ended: boolean;
  readonly errored: boolean;
}

/** Each chunk comes by one of these, of chat completions, responses and messages. */
const CHUNK_EVENTS = ['chunk', 'event', 'streamEvent'];

/**
 * Lets calls that return such a result end when it does.
 *
 * @returns the observation to use, and what makes the function to be observed of the program's
 */
export function endingWithResults(observation: Observation): {
  readonly observation: Observation;
  readonly watched: (fn: AnyFunction) => AnyFunction;
} {
  // Between being told of a call and running its function nothing else runs.
  let begun: Call | undefined;
  const { watch } = observation;
  return {
    observation: {
      ...observation,
      watch(call, args) {
        begun = call;
        return watch?.(call, args);
      },
    },
    watched(fn) {
      function called(this: unknown, ...args: unknown[]): unknown {
        const call = begun;
        begun = undefined;
        const result: unknown = Reflect.apply(fn, this, args);
        if (call !== undefined) watchResult(call, result);
        return result;
      }
      return disguise(called, fn);
    },
  };
}

function watchResult(call: Call, result: unknown): void {
  try {
    if (isEmittingStream(result)) watchEmitter(call, result);
    else if (result instanceof Promise) watchRawResponse(call, result);
  } catch {
    // As with other hostile results, the call is timed alone.
  }
}

function watchEmitter(call: Call, result: EmittingStream): void {
  if (result.ended) return;
  for (const event of CHUNK_EVENTS) result.on(event, (chunk) => call.item(chunk));
  result.on('end', () => {
    // A listener for errors would make one look handled that nobody handles. An abort is no error.
    if (result.errored) call.fail({ name: 'StreamError', message: 'the stream failed' });
    else call.end();
  });
  call.isCalledBack = true;
}

/** Ways to such a promise's value that never ask for `then`, by which a lazy promise is watched. */
const BESIDE_THEN = ['withResponse', 'catch', 'finally'];

function watchRawResponse(call: Call, promise: Promise<unknown>): void {
  const { withResponse, asResponse } = promise as unknown as Readonly<Record<string, unknown>>;
  if (typeof withResponse !== 'function' || typeof asResponse !== 'function') return;
  const replace = (key: string, method: Method): void => {
    Object.defineProperty(promise, key, { value: method, configurable: true, writable: true });
  };
  // `withResponse` asks for the raw response, too.
  let isParsed = false;
  for (const key of BESIDE_THEN) {
    const original = (promise as unknown as Readonly<Record<string, Method>>)[key];
    if (original === undefined) continue;
    replace(key, function (...args) {
      isParsed = true;
      const result = Reflect.apply(original, this, args);
      // It has asked for what `then` gives, so that is only looked at.
      promise.then(
        () => {},
        () => {},
      );
      return result;
    });
  }
  replace('asResponse', async function (...args) {
    try {
      const response = (await Reflect.apply(asResponse, this, args)) as unknown;
      // Its body is for the program, and unread.
      if (!isParsed) call.end();
      return response;
    } catch (thrown) {
      call.fail(thrown);
      throw thrown;
    }
  });
}

function isEmittingStream(result: unknown): result is EmittingStream {
  if (typeof result !== 'object' || result === null) return false;
  const { on, abort, ended, errored } = result as Partial<EmittingStream>;
  return (
    typeof on === 'function' &&
    typeof abort === 'function' &&
    typeof ended === 'boolean' &&
    typeof errored === 'boolean'
  );
}
