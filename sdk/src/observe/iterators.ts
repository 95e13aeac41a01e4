// Generators and async iterables: each step runs in the context of the call, which is over after the last item.
import { type Ending, joins, type Method, shadow } from './ending.ts';
import { isPromise } from './results.ts';

const STEPS = ['next', 'return', 'throw'] as const;

/** Watches the first iterator that is asked for. */
export function watchIterable(ending: Ending, iterable: object, key: symbol, iterate: Method): void {
  if (joins(ending, iterable, key)) return;
  const restore = shadow(ending, iterable, key, function (...args) {
    restore();
    const iterator = ending.run(() => Reflect.apply(iterate, this, args));
    try {
      watchIterator(ending, iterator as object);
    } catch {
      // A frozen iterator, or none at all: the program gets it as it is, and the call is timed to here.
      ending.succeed();
    }
    return iterator;
  });
}

export function watchIterator(ending: Ending, iterator: object): void {
  if (joins(ending, iterator, 'next')) return;
  for (const key of STEPS) {
    const step = (iterator as Record<string, unknown>)[key];
    if (typeof step !== 'function') continue;
    shadow(ending, iterator, key, function (...args) {
      const result = ending.run(() => Reflect.apply(step, this, args));
      if (!isPromise(result)) {
        note(ending, result);
        return result;
      }
      return result.then(
        (item: unknown) => {
          note(ending, item);
          return item;
        },
        (thrown: unknown) => {
          ending.fail(thrown);
          throw thrown;
        },
      );
    });
  }
}

function note(ending: Ending, result: unknown): void {
  try {
    const { done, value } = (result ?? {}) as Partial<IteratorResult<unknown>>;
    if (done === true) ending.succeed();
    // A cursor may have a `next` of its own kind.
    else if (done === false || 'value' in (result as object)) ending.item(value);
  } catch {
    // A throwing getter: whoever reads the item meets it.
  }
}
