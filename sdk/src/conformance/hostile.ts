// Arguments and results that break whoever looks at them: the call must not notice that it is watched.
import { check } from './checks.ts';
import type { Row } from './suite.ts';

/** Values that throw when they are read, listed or turned into text. */
function hostileValues(): readonly unknown[] {
  const circular: Record<string, unknown> = { big: 10n ** 30n };
  circular['self'] = circular;
  const bomb = (): never => {
    throw new Error('somebody looked');
  };
  return [
    circular,
    10n,
    Object.defineProperty({}, 'value', { enumerable: true, get: bomb }),
    { toJSON: bomb, toString: bomb },
    new Proxy({}, { ownKeys: bomb, getPrototypeOf: bomb, getOwnPropertyDescriptor: bomb, has: bomb }),
    Object.freeze({ frozen: true }),
    Object.create(null),
  ];
}

export const HOSTILE_ROWS: readonly Row[] = [
  {
    id: 'hostile-arguments',
    title: 'hostile arguments arrive untouched',
    async run(trial) {
      const pass = trial.wrap((...args: unknown[]) => args.length);
      for (const value of hostileValues()) {
        check(pass(value, value) === 2, 'arguments are gone');
        await trial.ended();
      }
    },
  },
  {
    id: 'hostile-results',
    title: 'hostile results come back untouched',
    async run(trial) {
      for (const value of hostileValues()) {
        check(trial.wrap(() => value)() === value, 'another object was returned');
        await trial.ended();
      }
    },
  },
  {
    id: 'throwing-then',
    title: 'an object whose `then` throws when it is read comes back untouched',
    async run(trial) {
      // oxlint-disable-next-line unicorn/no-thenable -- the row is about one
      const value = Object.defineProperty({}, 'then', {
        get(): never {
          throw new Error('somebody looked');
        },
      });
      check(trial.wrap(() => value)() === value, 'another object was returned');
      await trial.ended();
    },
  },
  {
    id: 'identity',
    title: 'returned objects and functions are the same',
    async run(trial) {
      const values = [
        { id: 1 },
        [1],
        new Map(),
        new Date(0),
        (): number => 1,
        new (class Private {
          #secret = 1;
          read(): number {
            return this.#secret;
          }
        })(),
      ];
      for (const value of values) {
        check(trial.wrap(() => value)() === value, 'another object was returned');
        check((await trial.wrap(async () => value)()) === value, 'another object was resolved');
        await trial.spans();
      }
    },
  },
];
