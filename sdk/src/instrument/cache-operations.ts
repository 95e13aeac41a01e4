// What the methods of caches do, and how to tell whether a look-up found something.
import { isObject, member, type Method } from './methods.ts';
import { attempt } from './readings.ts';

/** What is too old is told apart where a cache says so. */
export type Finding = 'hit' | 'stale' | 'miss';

/** Tells by what came out whether a look-up found something; undefined where it was none. */
export type Find = (value: unknown) => Finding | undefined;

/** One call as it is made, and how its outcome is read. */
export interface Prepared {
  readonly args: unknown[];
  readonly find: Find;
}

/** What a method of a cache does. */
export interface Operation {
  /** One of few. */
  readonly name: string;
  /** It answers a promise of its own, not one that is kept in the cache. */
  readonly isAsync?: boolean;
  readonly find?: Find;
  /** Where what is needed to tell has to be put among the arguments; undefined where the outcome tells it. Never throws. */
  readonly prepare?: (args: unknown[], outside: Outside, cache: unknown) => Prepared | undefined;
}

/** Runs what is the program's own within a method of the cache. */
export type Outside = (work: () => unknown) => unknown;

const byValue = (value: unknown): Finding => (value === undefined || value === null ? 'miss' : 'hit');
const byTruth = (value: unknown): Finding => (value === true ? 'hit' : 'miss');

const fill: Operation = {
  name: 'get_or_set',
  isAsync: true,
  prepare: (args, outside) => attempt(() => prepareFill(args, outside)),
};

/** By method. @see the interfaces of Map, keyv, cache-manager, bentocache, node-redis */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  get: { name: 'get', find: byValue },
  has: { name: 'has', find: byTruth },
  getOrSet: fill,
  getOrSetForever: fill,
  wrap: fill,
  set: { name: 'set' },
  setForever: { name: 'set' },
  setEx: { name: 'set' },
  delete: { name: 'delete' },
  del: { name: 'delete' },
  clear: { name: 'clear' },
};

/** Where lru-cache knows better. */
export const LRU_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...OPERATIONS,
  get: { name: 'get', find: byValue, prepare: prepareGet },
  peek: { name: 'peek', find: byValue },
  fetch: { name: 'fetch', isAsync: true, prepare: (args) => attempt(() => prepareStatus(args, 'fetch')) },
  forceFetch: { name: 'fetch', isAsync: true, prepare: (args) => attempt(() => prepareStatus(args, 'fetch')) },
  memo: { name: 'memo', prepare: (args) => attempt(() => prepareStatus(args, 'memo')) },
};

/** A function among the arguments is called where the cache has nothing. */
function prepareFill(args: unknown[], outside: Outside): Prepared {
  let isCalled = false;
  const watch = (fn: Method): Method =>
    function (...given) {
      isCalled = true;
      return outside(() => Reflect.apply(fn, this, given));
    };
  const watched = args.map((argument) => {
    if (typeof argument === 'function') return watch(argument as Method);
    const factory = member(argument, 'factory');
    if (typeof factory !== 'function') return argument;
    return { ...(argument as object), factory: watch(factory.bind(argument) as Method) };
  });
  return { args: watched, find: () => (isCalled ? 'miss' : 'hit') };
}

/** What lru-cache writes about a call into an object of its options. */
export function withStatus(args: unknown[], index: number): { args: unknown[]; status: unknown } {
  const options = args[index];
  const given = options === undefined ? undefined : member(options, 'status');
  if (isObject(given) || (options !== undefined && !isObject(options))) return { args, status: given };
  const status = {};
  const all = args.slice(0, index);
  while (all.length < index) all.push(undefined);
  all.push(options === undefined ? { status } : { ...options, status });
  return { args: all, status };
}

/** Only a cache that may give what is too old has to be asked what it gave. */
function prepareGet(given: unknown[], _outside: Outside, cache: unknown): Prepared | undefined {
  try {
    const [, options] = given as [unknown, { allowStale?: unknown } | null | undefined];
    const { allowStale } = cache as { allowStale?: unknown };
    return (options?.allowStale ?? allowStale) === true ? prepareStatus(given, 'get') : undefined;
  } catch {
    return undefined;
  }
}

/** Who waits for what another call fetches has missed, and so has who waits because what is there is too old. */
function prepareStatus(given: unknown[], field: string): Prepared {
  const { args, status } = withStatus(given, 1);
  return {
    args,
    find(value) {
      if (member(status, 'returnedStale') === true) return 'stale';
      // Before 11.5 a memo tells only what it writes.
      const said = member(status, field) ?? (member(status, 'set') === undefined ? undefined : 'miss');
      // Without a way to fetch it is a plain look-up.
      if (said === 'get' || typeof said !== 'string') return byValue(value);
      return said === 'hit' ? 'hit' : 'miss';
    },
  };
}
