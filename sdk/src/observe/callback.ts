// Functions that report by a callback of Node's kind, `(error, result)`, as their last argument.
import { context, type Context } from '@opentelemetry/api';
import type { Call } from './call.ts';
import type { Method } from './ending.ts';

/**
 * Puts a callback before the program's, which runs in the context of the caller. Without one the call ends as others do.
 *
 * @returns the arguments with it
 */
export function withCallback(call: Call, args: unknown[], outside: Context): unknown[] {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return args;
  call.isCalledBack = true;
  let isOver = false;
  const called: Method = function (...results) {
    if (!isOver) {
      isOver = true;
      const [error, value] = results;
      if (error === undefined || error === null) {
        call.value(value);
        call.end();
      } else call.fail(error);
    }
    return context.with(outside, () => Reflect.apply(callback, this, results) as unknown);
  };
  return [...args.slice(0, -1), called];
}
