// Caches in the process and outside of it: what look-ups find, what is written and evicted, how full they are. Calls are
// counted in plain numbers that are read at collection.
import { type Attributes, type Span, trace } from '@opentelemetry/api';
import { ATTRIBUTE, RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import { observe } from '../observe/observe.ts';
import {
  type Finding,
  LRU_OPERATIONS,
  type Operation,
  OPERATIONS,
  type Outside,
  withStatus,
} from './cache-operations.ts';
import { claim, type Undo, withOwnSpan } from './claims.ts';
import { after, errorType, member, method, type Method, numberOf, replaceMethod } from './methods.ts';
import { meet, Readings, record, secondsSince, type Total, Totals } from './readings.ts';

/** Options of {@link instrumentCache}. */
export interface CacheOptions<C = unknown> {
  /** Name of the cache, one of few; `cache` unless set. */
  readonly name?: string;
  /** Entries it holds; unless set its `size`, where it has one. */
  readonly entries?: (cache: C) => number;
  /** Bytes it holds; unless set what lru-cache calculates, where it is told sizes. */
  readonly sizeBytes?: (cache: C) => number;
  /**
   * Which operations are timed: those that answer a promise unless set. Timing one that is over in nanoseconds costs
   * more than the operation.
   */
  readonly timed?: 'async' | 'all' | 'none';
  /** Whether each operation is a span, too; not unless set. */
  readonly spans?: boolean;
}

const levels = new Readings([RESOURCE_METRIC.cacheEntries, RESOURCE_METRIC.cacheSize]);
const operations = new Totals(RESOURCE_METRIC.cacheOperations);
const evictions = new Totals(RESOURCE_METRIC.cacheEvictions);

/**
 * Measures a cache: lru-cache, a map or anything like one, and caches that answer promises (bentocache, keyv,
 * cache-manager, a client of Redis).
 *
 * A look-up is a hit where it gives something else than `undefined` and `null`, or where what was to fill the gap was not
 * called; `stale` where lru-cache says that it gave what is too old. Who has to wait for a value has missed. A `get` right
 * after a successful `has` of the same key is no second look-up.
 *
 * @returns the same cache
 */
export function instrumentCache<C extends object>(cache: C, options: CacheOptions<C> = {}): C {
  return claim('cache', cache, (target) => {
    if (method(target, 'get') === undefined) return undefined;
    const own: Attributes = { [RESOURCE_ATTRIBUTE.cacheName]: options.name ?? 'cache' };
    if (options.spans === true) claim('cache spans', target, () => []);
    return [readLevels(target, own, options), ...new CacheWatch(target, own, options).start(target)];
  });
}

function readLevels<C extends object>(cache: C, own: Attributes, { entries, sizeBytes }: CacheOptions<C>): Undo {
  return levels.add(cache, (target, report) => {
    const held = entries === undefined ? numberOf(target, 'size') : entries(target);
    if (held !== undefined) report(RESOURCE_METRIC.cacheEntries, held, own);
    const size = sizeBytes === undefined ? numberOf(target, 'calculatedSize') : sizeBytes(target);
    // Zero where lru-cache is not told sizes, and then it says nothing.
    if (size !== undefined && (size > 0 || sizeBytes !== undefined)) report(RESOURCE_METRIC.cacheSize, size, own);
  });
}

/** What calls of one operation are counted in. */
interface Counts {
  readonly attributes: Attributes;
  readonly hit: Total;
  readonly stale: Total;
  readonly miss: Total;
  readonly none: Total;
}

class CacheWatch {
  readonly #own: Attributes;
  readonly #cacheName: string;
  readonly #timed: 'async' | 'all' | 'none';
  readonly #hasSpans: boolean;
  readonly #isLru: boolean;
  /** Its spans stand for those of what it publishes at once. What lru-cache publishes names the cache instead. */
  readonly #coversChannels: boolean;
  /** What it gives is what it holds, promises too: they are the program's, and not looked at. */
  readonly #isSync: boolean;
  readonly #evictions: Total;
  /** Arguments of the method of the cache that runs: it may call another one. */
  #running: readonly unknown[] | undefined;
  /** Key that was just found. */
  #found: { readonly key: unknown } | undefined;

  constructor(cache: object, own: Attributes, { name, timed, spans }: CacheOptions<never>) {
    const tag = member(cache, Symbol.toStringTag);
    this.#own = own;
    this.#cacheName = name ?? 'cache';
    this.#timed = timed ?? 'async';
    this.#hasSpans = spans === true;
    this.#isLru = tag === 'LRUCache';
    this.#coversChannels = this.#hasSpans && !this.#isLru;
    this.#isSync = this.#isLru || tag === 'Map' || typeof member(cache, 'size') === 'number';
    this.#evictions = evictions.of(own);
  }

  start(cache: object): (Undo | undefined)[] {
    const known = this.#isLru ? LRU_OPERATIONS : OPERATIONS;
    return Object.entries(known).map(([name, operation]) =>
      replaceMethod(cache, name, (original) => this.#replacement(operation, original)),
    );
  }

  #replacement(operation: Operation, original: Method): Method {
    const attributes = { ...this.#own, [RESOURCE_ATTRIBUTE.cacheOperation]: operation.name };
    const counts: Counts = {
      attributes,
      hit: operations.of({ ...attributes, [RESOURCE_ATTRIBUTE.cacheResult]: 'hit' }),
      stale: operations.of({ ...attributes, [RESOURCE_ATTRIBUTE.cacheResult]: 'stale' }),
      miss: operations.of({ ...attributes, [RESOURCE_ATTRIBUTE.cacheResult]: 'miss' }),
      none: operations.of(attributes),
    };
    const isAsync = !this.#isSync || operation.isAsync === true;
    const call = this.#withEvictions(operation, original);
    const isTimed = this.#timed === 'all' || (this.#timed === 'async' && isAsync);
    const kind: CallKind = { operation, counts, isAsync, isTimed };
    const span = { name: `${operation.name} ${this.#cacheName}`, fixed: attributes };
    const run = this.#hasSpans ? observe(span, (work: () => unknown) => work()) : undefined;
    // In memory a look-up takes less time than anything that is done about it.
    if (!isAsync && !isTimed && run === undefined) return this.#counting(kind, call);
    const watched = (self: unknown, args: unknown[]): unknown => {
      if (this.#isOwnCall(args)) return Reflect.apply(original, self, args);
      if (run === undefined) return this.#call(kind, call, self, args, undefined);
      const work = (): unknown => this.#call(kind, call, self, args, trace.getActiveSpan());
      if (isAsync) return run(work);
      // What comes out of the cache must not look like the outcome of a call.
      let result: unknown;
      run(() => void (result = work()));
      return result;
    };
    return function (...args) {
      return watched(this, args);
    };
  }

  #counting(kind: CallKind, call: Method): Method {
    const counted = (self: unknown, args: unknown[]): unknown => {
      if (this.#isOwnCall(args)) return Reflect.apply(call, self, args);
      meet();
      const { prepare, find } = kind.operation;
      const prepared = prepare?.(args, this.#outside, self);
      const isKnown = this.#isKnown(kind.operation, args[0]);
      const value = this.#inside(kind, call, self, prepared === undefined ? args : prepared.args);
      this.#count(kind, args[0], isKnown ? undefined : (prepared?.find ?? find)?.(value));
      return value;
    };
    return function (...args) {
      return counted(this, args);
    };
  }

  /** Counts what throws, and what the method itself calls not at all. */
  #inside(kind: CallKind, call: Method, self: unknown, args: unknown[], failed?: (thrown: unknown) => void): unknown {
    const before = this.#running;
    this.#running = args;
    try {
      return this.#coversChannels
        ? withOwnSpan(true, () => Reflect.apply(call, self, args))
        : (Reflect.apply(call, self, args) as unknown);
    } catch (thrown) {
      if (failed !== undefined) failed(thrown);
      else operations.add(withError(kind, thrown));
      throw thrown;
    } finally {
      this.#running = before;
    }
  }

  /** What fills a gap may look things up as well. */
  readonly #outside: Outside = (work) => {
    const before = this.#running;
    this.#running = undefined;
    try {
      return this.#coversChannels ? withOwnSpan(false, work) : work();
    } finally {
      this.#running = before;
    }
  };

  /** What fills an lru-cache runs within its method as well, and looks for other keys. */
  #isOwnCall(args: readonly unknown[]): boolean {
    return this.#running !== undefined && (!this.#isLru || this.#running[0] === args[0]);
  }

  #count({ operation, counts }: CallKind, key: unknown, found: Finding | undefined): void {
    counts[found ?? 'none'].value++;
    this.#found = found === 'hit' && operation === OPERATIONS['has'] ? { key } : undefined;
  }

  #call(kind: CallKind, call: Method, self: unknown, given: unknown[], span: Span | undefined): unknown {
    meet();
    const startMs = kind.isTimed ? performance.now() : 0;
    const { operation, isAsync } = kind;
    let { isTimed } = kind;
    const prepared = operation.prepare?.(given, this.#outside, self);
    const { args, find = operation.find } = prepared ?? { args: given };
    const isKnown = this.#isKnown(operation, given[0]);
    const over = (value: unknown): void => {
      const found = isKnown ? undefined : find?.(value);
      this.#count(kind, given[0], found);
      if (isTimed) record(RESOURCE_METRIC.cacheDuration, secondsSince(startMs), kind.counts.attributes);
      if (found !== undefined) span?.setAttribute(RESOURCE_ATTRIBUTE.cacheResult, found);
    };
    const failed = (thrown: unknown): void => {
      const attributes = withError(kind, thrown);
      operations.add(attributes);
      if (isTimed) record(RESOURCE_METRIC.cacheDuration, secondsSince(startMs), attributes);
    };
    const result = this.#inside(kind, call, self, args, failed);
    // A cache that could have answered a promise, and did not.
    if (isAsync && this.#timed === 'async' && method(result, 'then') === undefined) isTimed = false;
    if (isAsync) return after(result, over, failed);
    over(result);
    return result;
  }

  #isKnown(operation: Operation, key: unknown): boolean {
    return this.#isSync && operation.name === 'get' && this.#found !== undefined && this.#found.key === key;
  }

  /** Counts what leaves an lru-cache when something comes in; no other kind says so. */
  #withEvictions({ name }: Operation, original: Method): Method {
    if (!this.#isLru || (name !== 'set' && name !== 'fetch')) return original;
    const total = this.#evictions;
    const index = name === 'set' ? 2 : 1;
    return function (...given) {
      const before = sizeOfFull(this);
      // What is not full evicts nothing, unless it counts sizes.
      if (before === undefined) return Reflect.apply(original, this, given);
      const { args, status } = withStatus(given, index);
      const result: unknown = Reflect.apply(original, this, args);
      const gone = goneFrom(this, before, status);
      if (gone > 0) total.value += gone;
      return result;
    };
  }
}

/** Entries of an lru-cache; undefined while there is room for more. */
function sizeOfFull(cache: unknown): number | undefined {
  try {
    const { size, max, maxSize } = cache as { size: number; max: number; maxSize: number };
    return size < max && maxSize === 0 ? undefined : size;
  } catch {
    // It only says that it is one.
    return undefined;
  }
}

/** @param status what lru-cache says of the call that may have evicted some */
function goneFrom(cache: unknown, before: number, status: unknown): number {
  try {
    const { set, fetch } = status as { set?: unknown; fetch?: unknown };
    return before + (set === 'add' || fetch === 'miss' ? 1 : 0) - (cache as { size: number }).size;
  } catch {
    // The status is the program's own.
    return 0;
  }
}

function withError({ counts }: CallKind, thrown: unknown): Attributes {
  return { ...counts.attributes, [ATTRIBUTE.errorType]: errorType(thrown) };
}

interface CallKind {
  readonly operation: Operation;
  readonly counts: Counts;
  readonly isAsync: boolean;
  readonly isTimed: boolean;
}
