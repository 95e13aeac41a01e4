// Plain calls: what they return and throw, who their children are, and how the function looks from outside.
import { check, OPERATION, pause, rejectionOf, thrownBy, type Trial } from './checks.ts';
import type { Row } from './suite.ts';

const failure = (): Error => new TypeError('conformance failure');

/** Asks for the value and the end; whether the end is one with ERROR, other rows ask. */
async function throwsValue(trial: Trial, value: unknown): Promise<void> {
  const broken = trial.wrap((): void => {
    throw value;
  });
  check(Object.is(await rejectionOf((async () => broken())()), value), 'another value was thrown');
  await trial.over();
  const rejected = trial.wrap(async (): Promise<void> => {
    throw value;
  });
  check(Object.is(await rejectionOf(rejected()), value), 'another value was rejected');
  await trial.over();
}

class Tracked<T> extends Promise<T> {
  readonly tag = 'tracked';
}

/** Begins its work with the first `then`, as query builders do. */
class Lazy {
  begun = 0;
  // oxlint-disable-next-line unicorn/no-thenable -- the rows are about one
  then(resolve: (value: string) => void): void {
    this.begun++;
    setTimeout(() => resolve('done'), 20);
  }
}

export const CALL_ROWS: readonly Row[] = [
  {
    id: 'sync-return',
    title: 'a sync call returns its value at once',
    async run(trial) {
      check(trial.wrap((a: number, b: number) => a + b)(2, 3) === 5, 'another value was returned');
      await trial.ended();
    },
  },
  {
    id: 'sync-throw',
    title: 'a sync throw is the same error; the span has ended with ERROR',
    async run(trial) {
      const error = failure();
      const broken = trial.wrap(() => {
        throw error;
      });
      check(thrownBy(broken) === error, 'another error was thrown');
      await trial.ended('error');
    },
  },
  {
    id: 'async-return',
    title: 'an async call gives a promise and is timed until it settles',
    async run(trial) {
      const result = trial.wrap(async () => {
        await pause(30);
        return 7;
      })();
      check(result instanceof Promise, 'no promise was returned');
      await trial.open();
      check((await result) === 7, 'another value was resolved');
      const { durationMs } = await trial.ended();
      check(durationMs >= 25, `30 ms were timed as ${durationMs}`);
    },
  },
  {
    id: 'async-throw',
    title: 'a rejection is the same error; the span has ended with ERROR',
    async run(trial) {
      const error = failure();
      const broken = trial.wrap(async () => {
        await pause(1);
        throw error;
      });
      check((await rejectionOf(broken())) === error, 'another error was rejected');
      await trial.ended('error');
    },
  },
  {
    id: 'throw-undefined',
    title: 'undefined can be thrown',
    run: (trial) => throwsValue(trial, undefined),
  },
  { id: 'throw-null', title: 'null can be thrown', run: (trial) => throwsValue(trial, null) },
  { id: 'throw-string', title: 'a string can be thrown', run: (trial) => throwsValue(trial, 'text') },
  {
    id: 'exception-recorded',
    title: 'an error is recorded as an exception',
    async run(trial) {
      const broken = trial.wrap(() => {
        throw failure();
      });
      await rejectionOf((async () => broken())());
      check((await trial.over()).hasException, 'no exception was recorded');
    },
  },
  {
    id: 'child-sync',
    title: 'spans made inside are children, those made after are not',
    async run(trial) {
      trial.wrap(() => trial.subject.child('inside'))();
      trial.subject.child('outside');
      const spans = await trial.spans();
      const parent = spans.find(({ name }) => name === OPERATION);
      const inside = spans.find(({ name }) => name === 'inside');
      const outside = spans.find(({ name }) => name === 'outside');
      check(parent !== undefined && inside?.parentSpanId === parent.spanId, 'the span made inside is no child');
      check(outside?.parentSpanId === undefined, 'the span made after is a child');
    },
  },
  {
    id: 'child-after-await',
    title: 'spans made after an await are children',
    async run(trial) {
      await trial.wrap(async () => {
        await pause(1);
        trial.subject.child('inside');
      })();
      const spans = await trial.spans();
      const parent = spans.find(({ name }) => name === OPERATION);
      const inside = spans.find(({ name }) => name === 'inside');
      check(parent !== undefined && inside?.parentSpanId === parent.spanId, 'the span made after await is no child');
    },
  },
  {
    id: 'this',
    title: 'this is kept',
    async run(trial) {
      const owner = {
        base: 40,
        add: trial.wrap(function (this: { base: number }, more: number) {
          return this.base + more;
        }),
      };
      check((await owner.add(2)) === 42, 'this is another');
      await trial.ended();
    },
  },
  {
    id: 'name',
    title: 'the name of the function is kept',
    run(trial) {
      // Given, not written: what is published may be minified.
      const { name } = trial.wrap(Object.defineProperty((): void => {}, 'name', { value: 'loadOrder' }));
      check(name === 'loadOrder', `the name is "${name}"`);
    },
  },
  {
    id: 'length',
    title: 'the number of its parameters is kept',
    run(trial) {
      const { length } = trial.wrap((_a: number, _b: number, _c: number) => 1);
      check(length === 3, `the length is ${length}`);
    },
  },
  {
    id: 'own-properties',
    title: 'own properties of the function are kept',
    run(trial) {
      const wrapped = trial.wrap(Object.assign(() => 1, { timeout: 30 }));
      check(wrapped.timeout === 30, 'a property is gone');
    },
  },
  {
    id: 'promise-subclass',
    title: 'a promise of a subclass stays one',
    async run(trial) {
      const made = new Tracked<number>((resolve) => setTimeout(() => resolve(1), 5));
      const result: unknown = trial.wrap(() => made)();
      check(result instanceof Tracked && result.tag === 'tracked', 'the promise is of another class');
      check((await (result as Tracked<number>)) === 1, 'another value was resolved');
      await trial.ended();
    },
  },
  {
    id: 'thenable-not-triggered',
    title: 'a lazy thenable is not begun by being instrumented',
    async run(trial) {
      const lazy = new Lazy();
      const result: unknown = trial.wrap(() => lazy)();
      await pause(5);
      check(lazy.begun === 0, 'its work was begun');
      check(result === lazy || typeof (result as Lazy).then === 'function', 'it is no thenable any more');
    },
  },
  {
    id: 'thenable-timed',
    title: 'a lazy thenable is timed when it is used',
    async run(trial) {
      const lazy = new Lazy();
      check(((await trial.wrap(() => lazy)()) as unknown) === 'done', 'another value was resolved');
      check(lazy.begun === 1, `its work was begun ${lazy.begun} times`);
      const { durationMs } = await trial.ended();
      check(durationMs >= 15, `20 ms were timed as ${durationMs}`);
    },
  },
  {
    id: 'callback',
    title: 'a function with a callback is timed until it is called; its error is ERROR',
    async run(trial) {
      const { wrapCallback } = trial.subject;
      if (wrapCallback === undefined) throw new Error('there is no way to say so');
      type Done = (error: Error | null, value?: number) => void;
      const later = wrapCallback.call(trial.subject, OPERATION, (fails: boolean, done: Done): void => {
        setTimeout(() => (fails ? done(failure()) : done(null, 9)), 20);
      }) as (fails: boolean, done: Done) => void;
      const value = await new Promise((resolve) => {
        later(false, (_error, result) => resolve(result));
      });
      check(value === 9, 'another value was reported');
      const { durationMs } = await trial.ended();
      check(durationMs >= 15, `20 ms were timed as ${durationMs}`);
      await new Promise((resolve) => {
        later(true, resolve);
      });
      await trial.ended('error');
    },
  },
  {
    id: 'recursion',
    title: 'each level of a recursion is a child of the one before',
    async run(trial) {
      const count = trial.wrap((left: number): number => (left === 0 ? 0 : 1 + count(left - 1)));
      check(count(3) === 3, 'another value was returned');
      const spans = (await trial.spans()).filter(({ name }) => name === OPERATION);
      check(spans.length === 4, `${spans.length} spans instead of 4`);
      const parents = spans.map(({ parentSpanId }) => parentSpanId);
      const isChain = spans.slice(1).every(({ spanId }, i) => parents[i] === spanId);
      check(isChain, 'the levels are no chain');
    },
  },
  {
    id: 'concurrency',
    title: 'calls at the same time do not mix their children',
    async run(trial) {
      const task = trial.wrap(async (label: string, ms: number) => {
        await pause(ms);
        trial.subject.child(label);
        return trial.subject.activeSpanId();
      });
      const ids = await Promise.all([task('a', 15), task('b', 5), task('c', 10)]);
      check(new Set(ids).size === 3, 'they share a span');
      const spans = await trial.spans();
      for (const [i, label] of ['a', 'b', 'c'].entries())
        check(spans.find(({ name }) => name === label)?.parentSpanId === ids[i], `child ${label} is of another call`);
    },
  },
];
