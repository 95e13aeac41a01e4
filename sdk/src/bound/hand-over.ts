// Sends what is left while the process is ending and nothing asynchronous runs any more: a worker thread sends, this
// thread waits for it. Costs some tens of milliseconds, so it is done only when something would be lost.
import { Worker } from 'node:worker_threads';

/** Where a body goes, and what has to be known to send it by hand. */
export interface Address {
  readonly url: string;
  /** Of gRPC its metadata. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates of the configuration for a URL of https; those of Node where there are none. */
  readonly tls?: TlsMaterial;
  /** The method to call; present where the server speaks gRPC. */
  readonly grpcPath?: string;
  /** Of a server of gRPC that listens there instead of at the URL. */
  readonly socketPath?: string;
}

/** As the options of `node:tls`. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly key?: string | Buffer;
  readonly cert?: string | Buffer;
}

/** A serialised request and where it goes. */
export interface Parcel {
  readonly address: Address;
  readonly body: Uint8Array;
}

/**
 * Gives what would be lost now, and forgets it; never waits.
 *
 * @param others what is sent anyway
 */
export type Holder = (others: readonly Parcel[]) => Parcel[];

/** How long an ending process waits for all answers together; a dead address refuses at once. */
const HAND_OVER_TIMEOUT_MS = 300;

/** How long it waits for the thread: 30 to 60 ms, and more only where the machine itself is too busy. */
const THREAD_TIMEOUT_MS = 1000;

/** What the worker says first; 0 is that it has said nothing. */
const SENDING = 1;
const DONE = 2;

/** What it says of a parcel. */
const TAKEN = 1;

/**
 * Plain script of the worker: it must not load the program's hooks, nor anything from a package.
 *
 * Bodies of one signal go one after the other: of two collections of a counter the older must not come last.
 */
const SCRIPT = `
const { workerData: { parcels, flags } } = require('node:worker_threads');
const say = (state) => { Atomics.store(flags, 0, state); Atomics.notify(flags, 0); };
say(${SENDING});

function post({ url, headers, tls }, body, done) {
  const { request } = url.startsWith('https:') ? require('node:https') : require('node:http');
  const sending = request(url, { ...tls, method: 'POST', headers }, (answer) => {
    const isTaken = answer.statusCode >= 200 && answer.statusCode < 300;
    answer.resume();
    answer.on('end', () => done(isTaken));
    answer.on('error', () => done(false));
  });
  sending.on('error', () => done(false));
  sending.end(body);
}

function call({ url, headers, tls, grpcPath, socketPath }, body, done) {
  const session = require('node:http2').connect(url, { ...tls, path: socketPath });
  session.on('error', () => done(false));
  const fixed = { ':method': 'POST', ':path': grpcPath, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...headers, ...fixed });
  let status;
  const read = (answered) => { status = answered['grpc-status'] ?? status; };
  stream.on('response', read).on('trailers', read).on('error', () => done(false)).on('close', () => done(status === '0'));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(body.length, 1);
  stream.resume().end(Buffer.concat([prefix, body]));
}

const send = ({ address, body }) => new Promise((done) => {
  try { (address.grpcPath ? call : post)(address, body, done); } catch { done(false); }
});
const lanes = new Map();
parcels.forEach((parcel, i) => {
  const { url, grpcPath, socketPath } = parcel.address;
  const lane = [url, grpcPath, socketPath].join();
  const before = lanes.get(lane) ?? Promise.resolve();
  lanes.set(lane, before.then(() => send(parcel)).then((isTaken) => {
    if (isTaken) Atomics.store(flags, i + 1, ${TAKEN});
  }));
});
Promise.all(lanes.values()).then(() => say(${DONE}));
`;

/** Sends what is left, asking the holders in turn. @returns how many bodies there were, and how many of them were taken */
export function handOverAll(holders: readonly Holder[]): { bodies: number; taken: number } {
  const parcels: Parcel[] = [];
  let unwritten = 0;
  for (const holder of holders) {
    try {
      parcels.push(...holder(parcels));
    } catch {
      // What cannot be serialised, as a log record whose body contains itself, does not take the rest with it.
      unwritten++;
    }
  }
  return { bodies: parcels.length + unwritten, taken: handOver(parcels) };
}

/** An exporter and, where its items can be sent by hand, how; without a way, as to the console, it is done when it returns. */
interface Sender<Items> {
  readonly exporter: { export(items: Items, done: () => void): void };
  readonly pack?: (items: Items) => Parcel | undefined;
}

/** Makes a holder of what waits before an exporter. @param take gives what waits, undefined or an empty list where nothing does */
export function holderOf<Items>(
  { exporter, pack }: Sender<Items>,
  take: (others: readonly Parcel[]) => Items | undefined,
): Holder {
  return (others) => {
    const items = take(others);
    if (items === undefined || (Array.isArray(items) && items.length === 0)) return [];
    if (pack === undefined) exporter.export(items, () => {});
    return [pack?.(items) ?? []].flat();
  };
}

/**
 * Sends parcels and waits for the answers, at most 300 ms in all after sending began.
 *
 * Never throws. Bodies are not compressed, and a refused one is not repeated.
 *
 * @returns how many were taken
 */
export function handOver(parcels: readonly Parcel[]): number {
  if (parcels.length === 0) return 0;
  try {
    const flags = new Int32Array(new SharedArrayBuffer((parcels.length + 1) * Int32Array.BYTES_PER_ELEMENT));
    const worker = new Worker(SCRIPT, {
      eval: true,
      workerData: { parcels, flags },
      // Neither --import nor NODE_OPTIONS of the program: the worker would start telemetry of its own.
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
    });
    worker.on('error', () => {});
    worker.unref();
    Atomics.wait(flags, 0, 0, THREAD_TIMEOUT_MS);
    Atomics.wait(flags, 0, SENDING, HAND_OVER_TIMEOUT_MS);
    return flags.subarray(1).filter((state) => state === TAKEN).length;
  } catch {
    return 0;
  }
}
