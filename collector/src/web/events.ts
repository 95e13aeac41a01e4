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

interface Stream {
  /** Asked before each event. */
  readonly mayStay: () => boolean;
  /** Monotonic time of the last event that was written. */
  writtenMs: number;
}

/** Streams named events, each read once and written to every open page. */
export class EventStreams {
  readonly #clock: Clock;
  readonly #read: () => Readonly<Record<string, unknown>>;
  readonly #open = new Map<ServerResponse, Stream>();
  #cancel: (() => void) | undefined;

  /** @param read answers the data of each event by its name */
  constructor(clock: Clock, read: () => Readonly<Record<string, unknown>>) {
    this.#clock = clock;
    this.#read = read;
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
    this.#open.set(response, { mayStay, writtenMs: this.#clock.monotonicMs() });
    response.once('close', () => this.#forget(response));
    response.write(this.#text());
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
    const text = this.#text();
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
        stream.writtenMs = nowMs;
      }
    }
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

  /** Bytes that all pages share. */
  #text(): Buffer {
    const events = Object.entries(this.#read()).map(
      ([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`,
    );
    return Buffer.from(events.join(''));
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
