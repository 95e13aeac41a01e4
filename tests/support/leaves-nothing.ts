// Holds the rule that makes it safe for unit files to share a process: what belongs to the whole process is, after a
// file, what it was before. A file that cannot keep it has its place among those with a process of their own
// (vitest.config.ts).
import { afterAll, expect } from 'vitest';

/** What a library adds when it is first used, the same whoever uses it; to change it later is another matter. */
const ADDED_ON_FIRST_USE = /^globalThis\.(__zod_\w+|Symbol\(undici\.globalDispatcher\.\d\))$/;

const before = shared();

// Hooks end in reverse order, so this one looks after those of the file.
afterAll(() => {
  const after = shared();
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changed = names.filter((name) => !Object.is(before.get(name), after.get(name)));
  const left = changed.filter((name) => before.has(name) || !ADDED_ON_FIRST_USE.test(name));
  expect(left, 'changed by this file, and left so for those that share its process').toEqual([]);
});

/** What all files of a process see of each other, by name. A getter is not called: Node loads what is behind it. */
function shared(): Map<string, unknown> {
  const seen = new Map<string, unknown>([
    ['cwd', process.cwd()],
    ['exitCode', process.exitCode],
  ]);
  for (const [name, value] of Object.entries(process.env)) seen.set(`env.${name}`, value);
  for (const event of process.eventNames()) seen.set(`process.on ${String(event)}`, process.listenerCount(event));
  // The API of OpenTelemetry keeps what was registered under a symbol of `globalThis`.
  for (const [of, object] of Object.entries({ globalThis, Math, Date, JSON, performance, console })) {
    for (const key of Reflect.ownKeys(object)) {
      const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
      seen.set(`${of}.${String(key)}`, value);
    }
  }
  return seen;
}
