// Generators and async iterables: alive, in the context of the span, timed to the last item.
import { check, OPERATION, pause, rejectionOf, thrownBy, type Trial } from './checks.ts';
import type { Row } from './suite.ts';

/** The two kinds of generator under one set of rows. */
interface Kind {
  readonly id: string;
  readonly title: string;
  /** Gives 1, 2 and 3; makes a child span before each, and throws after `failAfter` of them. */
  make(trial: Trial, failAfter?: number): () => Generator<number> | AsyncGenerator<number>;
}

const failure = new RangeError('conformance failure');

const KINDS: readonly Kind[] = [
  {
    id: 'generator',
    title: 'a generator',
    make: (trial, failAfter = Infinity) =>
      trial.wrap(function* () {
        for (let i = 1; i <= 3; i++) {
          if (i > failAfter) throw failure;
          trial.subject.child('inside');
          yield i;
        }
      }),
  },
  {
    id: 'async-generator',
    title: 'an async generator',
    make: (trial, failAfter = Infinity) =>
      trial.wrap(async function* () {
        for (let i = 1; i <= 3; i++) {
          await pause(1);
          if (i > failAfter) throw failure;
          trial.subject.child('inside');
          yield i;
        }
      }),
  },
];

/** Reads it by `for await`, which does for both kinds. @param most stops with a break after so many */
async function read(items: unknown, most = Infinity): Promise<number[]> {
  const all: number[] = [];
  for await (const item of items as AsyncIterable<number>) {
    all.push(item);
    if (all.length >= most) break;
  }
  return all;
}

function rowsOf({ id, title, make }: Kind): readonly Row[] {
  return [
    {
      id: `${id}-alive`,
      title: `${title} gives its items as it did`,
      async run(trial) {
        const items = make(trial)();
        check(typeof (items as { next?: unknown }).next === 'function', 'it is no iterator any more');
        check((await read(items)).join() === '1,2,3', 'it gives other items');
      },
    },
    {
      id: `${id}-timed`,
      title: `${title} is timed to its last item`,
      async run(trial) {
        const items = make(trial)();
        await trial.open();
        await items.next();
        await pause(20);
        await trial.open();
        await read(items);
        const { durationMs } = await trial.ended();
        check(durationMs >= 15, `more than 20 ms were timed as ${durationMs}`);
      },
    },
    {
      id: `${id}-context`,
      title: `the body of ${title} runs in the context of the span`,
      async run(trial) {
        await read(make(trial)());
        const spans = await trial.spans();
        const parent = spans.find(({ name }) => name === OPERATION);
        const inside = spans.filter(({ name }) => name === 'inside');
        const isInside = inside.length === 3 && inside.every(({ parentSpanId }) => parentSpanId === parent?.spanId);
        check(parent !== undefined && isInside, 'spans made in its body are no children');
      },
    },
    {
      id: `${id}-break`,
      title: `${title} that is left by break ends its span once, without ERROR`,
      async run(trial) {
        check((await read(make(trial)(), 1)).join() === '1', 'it gives other items');
        await trial.ended();
      },
    },
    {
      id: `${id}-throw`,
      title: `a throw in the body of ${title} is the same error; the span has ended with ERROR`,
      async run(trial) {
        const items = make(trial, 1)();
        await items.next();
        const thrown = id === 'generator' ? thrownBy(() => items.next()) : await rejectionOf(items.next());
        check(thrown === failure, 'another error was thrown');
        await trial.ended('error');
      },
    },
  ];
}

export const ITERATOR_ROWS: readonly Row[] = [
  ...KINDS.flatMap(rowsOf),
  {
    id: 'async-iterable-in-promise',
    title: 'an async iterable inside a promise is timed to its last item',
    async run(trial) {
      const open = trial.wrap(async () => {
        await pause(1);
        return {
          async *[Symbol.asyncIterator]() {
            yield 1;
            await pause(20);
            yield 2;
          },
        };
      });
      const items = await open();
      await trial.open();
      check((await read(items)).join() === '1,2', 'it gives other items');
      const { durationMs } = await trial.ended();
      check(durationMs >= 15, `more than 20 ms were timed as ${durationMs}`);
    },
  },
];
