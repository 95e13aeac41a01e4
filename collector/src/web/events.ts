// Server-sent events: one reading a second for all pages together, none while nobody looks.
import type { ServerResponse } from 'node:http';
import type { Clock } from '../pipeline/contract.ts';

const EVERY_MS = 1000;
/** Pages open at once; each costs a socket and a copy of every event. */
const MAX_STREAMS = 32;

/** Streams named events, each read once and written to every open page. */
export class EventStreams {
  readonly #clock: Clock;
  readonly #read: () => Readonly<Record<string, unknown>>;
  /** With each open page, whether it may stay. */
  readonly #open = new Map<ServerResponse, () => boolean>();
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
    this.#open.set(response, mayStay);
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#open.size === 0) this.#stop();
    });
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
    const text = this.#text();
    for (const [response, mayStay] of this.#open) {
      if (!mayStay()) response.end();
      // A page that does not read gets nothing new until it has caught up, instead of a growing backlog.
      else if (response.writableLength === 0) response.write(text);
    }
  }

  #text(): string {
    return Object.entries(this.#read())
      .map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
      .join('');
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
