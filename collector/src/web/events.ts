// Server-sent events: one reading a second for all pages together, none while nobody looks.
import type { ServerResponse } from 'node:http';
import type { Clock } from '../pipeline/contract.ts';
import { connectionOf, isGone } from '../pipeline/readers.ts';

const EVERY_MS = 1000;
/** Pages open at once; each costs a socket and, while it does not read, an event. */
const MAX_STREAMS = 32;
/** A page that has not read an event for so long is gone or means no good; its place is another's. */
const READ_WITHIN_MS = 30_000;
/** Events that pages have yet to read, over all of them; beyond it those that are behind are dropped at once. */
const MAX_BEHIND_BYTES = 8 * 1024 * 1024;

/** Events that a page is sent only when they have changed since it had them. */
export interface Changing {
  /** Another number with each change. */
  version(): number;
  read(): Readonly<Record<string, unknown>>;
}

interface Stream {
  /** Asked before each event. */
  readonly mayStay: () => boolean;
  /** Monotonic time of the last event that was written. */
  writtenMs: number;
  /** Of each that changes, the version that it has. */
  versions: readonly number[];
}

/** Streams named events, each read once and written to every open page. */
export class EventStreams {
  readonly #clock: Clock;
  readonly #read: () => Readonly<Record<string, unknown>>;
  readonly #changing: readonly Changing[];
  readonly #open = new Map<ServerResponse, Stream>();
  #cancel: (() => void) | undefined;

  /** @param read answers the data of each event by its name, for all pages each second */
  constructor(clock: Clock, read: () => Readonly<Record<string, unknown>>, changing: readonly Changing[] = []) {
    this.#clock = clock;
    this.#read = read;
    this.#changing = changing;
  }

  /**
   * Keeps a response open as a stream.
   *
   * @param mayStay asked before each event; a stream that may not stay ends
   * @returns false where there are too many
   */
  add(response: ServerResponse, mayStay: () => boolean): boolean {
    if (this.#open.size >= MAX_STREAMS) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 2000\n\n');
    this.#open.set(response, { mayStay, writtenMs: this.#clock.monotonicMs(), versions: this.#versions() });
    response.once('close', () => this.#forget(response));
    const changing = this.#changing.map((each) => textOf(each.read()));
    response.write(Buffer.concat([textOf(this.#read()), ...changing]));
    this.#cancel ??= this.#clock.every(EVERY_MS, () => this.#send());
    return true;
  }

  close(): void {
    this.#stop();
    for (const response of this.#open.keys()) response.end();
    this.#open.clear();
  }

  #send(): void {
    const nowMs = this.#clock.monotonicMs();
    const text = textOf(this.#read());
    const versions = this.#versions();
    const changed: Buffer[] = [];
    let behindBytes = 0;
    for (const [response, stream] of this.#open) {
      const behind = response.writableLength;
      behindBytes += behind;
      const isTooLate = behindBytes > MAX_BEHIND_BYTES || nowMs - stream.writtenMs >= READ_WITHIN_MS;
      if (isGone(response) || (behind > 0 && isTooLate)) this.#cut(response);
      else if (!stream.mayStay()) {
        response.end();
        // One that is behind keeps its place for what it has yet to read, and no longer than others do.
        if (behind === 0) this.#forget(response);
      }
      // A page that does not read gets nothing new until it has caught up, instead of a growing backlog.
      else if (behind === 0) {
        response.write(text);
        for (const [i, each] of this.#changing.entries())
          if (stream.versions[i] !== versions[i]) response.write((changed[i] ??= textOf(each.read())));
        stream.versions = versions;
        stream.writtenMs = nowMs;
      }
    }
  }

  #versions(): number[] {
    return this.#changing.map((each) => each.version());
  }

  /** The connection goes as a whole: what waits behind another stream on it would otherwise be held as long as that one. */
  #cut(response: ServerResponse): void {
    response.destroy();
    connectionOf(response)?.destroy();
    this.#forget(response);
  }

  #forget(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size === 0) this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** Bytes that all pages share. */
function textOf(events: Readonly<Record<string, unknown>>): Buffer {
  const texts = Object.entries(events).map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  return Buffer.from(texts.join(''));
}
