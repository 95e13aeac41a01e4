// Streams: a call that returns one is over when it was read to its end, failed, was cancelled or destroyed. They are
// watched from beside: nothing begins to flow, and an error that nobody handles stays one.
import { type Ending, joins, joinsOrClaims, type Method, shadow } from './ending.ts';
import { watchIterator } from './iterators.ts';

/** What is used of a stream of Node, spelled out so that types resolve without @types/node. */
interface NodeStream {
  on(event: string | symbol, listener: (thrown?: unknown) => void): unknown;
  readonly readableEnded?: boolean;
  readonly destroyed?: boolean;
}

type Methods = Record<PropertyKey, Method | undefined>;

/** Whether it is a readable stream of Node or of the same shape. */
export function isNodeStream(object: object): boolean {
  const { on, pipe, read } = object as Methods;
  return typeof on === 'function' && typeof pipe === 'function' && typeof read === 'function';
}

/** Watches a readable stream of Node. @see Node.js documentation, events.errorMonitor: it sees errors, and handles none */
export function watchNodeStream(ending: Ending, object: object): void {
  if (joinsOrClaims(ending, object, 'on')) return;
  const stream = object as NodeStream;
  const { errorMonitor } = process.getBuiltinModule('node:events');
  stream.on(errorMonitor, (thrown) => ending.fail(thrown));
  stream.on('end', () => ending.succeed());
  // Destroyed before its end: whoever read had enough.
  stream.on('close', () => ending.succeed());
  if (stream.readableEnded === true || stream.destroyed === true) ending.succeed();
}

/** Whether it is a web stream that can be read. */
export function isWebStream(object: object): boolean {
  const { getReader, tee, cancel } = object as Methods;
  return typeof getReader === 'function' && typeof tee === 'function' && typeof cancel === 'function';
}

/** Watches a web stream in each of the ways in which it can be read. */
export function watchWebStream(ending: Ending, stream: object): void {
  if (joins(ending, stream, 'getReader')) return;
  const { getReader, cancel, pipeTo, pipeThrough, tee, values, [Symbol.asyncIterator]: iterate } = stream as Methods;
  const replace = (key: PropertyKey, method: Method | undefined, watch: (result: unknown) => unknown): void => {
    if (method === undefined) return;
    shadow(ending, stream, key, function (...args) {
      return watch(Reflect.apply(method, this, args));
    });
  };
  replace('getReader', getReader, (reader) => watchReader(ending, reader as Reader));
  replace('cancel', cancel, (cancelled) => endWith(ending, cancelled as Promise<unknown>));
  replace('pipeTo', pipeTo, (piped) => endWith(ending, piped as Promise<unknown>));
  replace('tee', tee, (branches) => {
    // The first that is read to its end has told all there is.
    for (const branch of branches as object[]) watchWebStream(ending, branch);
    return branches;
  });
  const items = (iterator: unknown): unknown => {
    watchIterator(ending, iterator as object);
    return iterator;
  };
  replace('values', values, items);
  replace(Symbol.asyncIterator, iterate, items);
  if (pipeThrough === undefined || pipeTo === undefined) return;
  shadow(ending, stream, 'pipeThrough', function (pair, options) {
    // As the standard defines it, but for knowing when it ends.
    const { readable, writable } = pair as { readable: unknown; writable: unknown };
    endWith(ending, Reflect.apply(pipeTo, this, [writable, options]) as Promise<unknown>).catch(() => {});
    return readable;
  });
}

interface Reader {
  readonly closed: Promise<unknown>;
  read: (...args: unknown[]) => Promise<{ readonly done: boolean; readonly value?: unknown }>;
}

/** Its `closed` tells each way to end, and counts as handled whatever it does. @see Streams standard, closed of readers */
function watchReader(ending: Ending, reader: Reader): unknown {
  const { read } = reader;
  shadow(ending, reader, 'read', async function (...args) {
    const result = await (ending.run(() => Reflect.apply(read, this, args)) as ReturnType<Reader['read']>);
    if (result.done) ending.succeed();
    else ending.item(result.value);
    return result;
  });
  reader.closed.then(
    () => ending.succeed(),
    (thrown: unknown) => {
      // Whoever gives the lock back may let somebody else read on.
      if ((thrown as { code?: unknown } | undefined)?.code !== 'ERR_INVALID_STATE') ending.fail(thrown);
    },
  );
  return reader;
}

/** Ends with a promise. @returns one of the same outcome, so that a rejection that nobody handles stays one */
function endWith(ending: Ending, work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => {
      ending.succeed();
      return value;
    },
    (thrown: unknown) => {
      ending.fail(thrown);
      throw thrown;
    },
  );
}
