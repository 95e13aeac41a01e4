// Answers on their way to those who read a listener: bounded in bytes over all connections, and in time for each. Whoever
// asks and does not read would otherwise hold an answer in memory for as long as the connection lasts.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Host, Instruments } from './contract.ts';

/** Of all answers of one listener: four of the largest trace, or hundreds of what the page usually asks for. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Answers as small as of health and `why` have as much again to themselves: who watches or asks is not shut out by readers. */
const SMALL_BYTES = 8 * 1024;
/** For one answer to be read whole: 4 MiB over a line of 1 Mbit/s. */
const READ_WITHIN_MS = 30_000;
/** Where there is no room for another, who has had so long gives way: a reader of the same machine is through by then. */
const GRACE_MS = 5000;
const LOOK_EVERY_MS = 1000;
/** Said to those who find no room: readers that read are through in far less. */
const RETRY_AFTER_S = '1';

/** What readers ask of their surroundings. Whoever makes the host declares `readerInstruments`. */
export type ReaderHost = Pick<Host<keyof ReturnType<typeof readerInstruments>>, 'clock' | 'log' | 'count'>;

/** Counters of listeners that are read. @param listeners their blocks, as in `web` */
export function readerInstruments(listeners: readonly string[]) {
  return {
    refused_answers: {
      kind: 'counter',
      unit: '{request}',
      description: 'Requests answered with 503 because answers that others had yet to read filled the limit.',
      attributes: { listener: listeners },
    },
    unread_answers: {
      kind: 'counter',
      unit: '{request}',
      description: 'Connections closed because an answer was not read in time.',
      attributes: { listener: listeners },
    },
  } as const satisfies Instruments;
}

interface Reading {
  readonly sizeBytes: number;
  readonly sinceMs: number;
}

/** Those who read one listener. */
export class Readers {
  readonly #listener: string;
  readonly #host: ReaderHost;
  readonly #maxBytes: number;
  readonly #open = new Map<ServerResponse, Reading>();
  #bytes = 0;
  #cancelLook: (() => void) | undefined;

  /** @param listener its block, as in `web` */
  constructor(listener: string, host: ReaderHost, maxBytes = MAX_BYTES) {
    this.#listener = listener;
    this.#host = host;
    this.#maxBytes = maxBytes;
  }

  /** Finds room for an answer, where need be by cutting who has had long enough. @returns false where there is none */
  makeRoom(sizeBytes: number): boolean {
    const maxBytes = sizeBytes <= SMALL_BYTES ? 2 * this.#maxBytes : this.#maxBytes;
    const missingBytes = this.#bytes + sizeBytes - maxBytes;
    if (missingBytes > 0) this.#cut(GRACE_MS, missingBytes);
    return this.#bytes === 0 || this.#bytes + sizeBytes <= maxBytes;
  }

  /** Sends an answer whole, or 503 where there is no room for it. */
  send(
    response: ServerResponse,
    status: number,
    headers: Readonly<Record<string, string | number>>,
    body: Uint8Array,
  ): void {
    // Its reader went away while it was made.
    if (isGone(response)) return;
    if (!this.admit(response, body.length)) return this.refuse(response);
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.end(response.req.method === 'HEAD' ? undefined : body);
  }

  /**
   * Counts an answer as on its way until its reader has all of it; cuts the connection where that takes too long.
   *
   * @returns false where there is no room for it; one is always admitted
   */
  admit(response: ServerResponse, sizeBytes: number): boolean {
    if (!this.makeRoom(sizeBytes)) return false;
    this.#bytes += sizeBytes;
    this.#open.set(response, { sizeBytes, sinceMs: this.#host.clock.monotonicMs() });
    response.once('close', () => this.#forget(response));
    this.#cancelLook ??= this.#host.clock.every(LOOK_EVERY_MS, () => this.#cut(READ_WITHIN_MS, Infinity));
    return true;
  }

  /** Answers that there is no room. */
  refuse(response: ServerResponse): void {
    const listener = this.#listener;
    this.#host.count('refused_answers', 1, { listener });
    const message = `answers of ${listener} that are not read yet fill ${this.#maxBytes} bytes; others are refused`;
    this.#host.log('warning', `READERS_${listener}`, message);
    const body = JSON.stringify({ error: 'too many answers are on their way to others; ask again' });
    response.writeHead(503, { 'content-type': 'application/json', 'retry-after': RETRY_AFTER_S }).end(body);
  }

  /** Cuts those that have had more than their time, the longest first, until so many bytes are free again. */
  #cut(timeMs: number, wantedBytes: number): void {
    const untilMs = this.#host.clock.monotonicMs() - timeMs;
    const goalBytes = this.#bytes - wantedBytes;
    for (const [response, { sinceMs }] of this.#open) {
      if (sinceMs > untilMs || this.#bytes <= goalBytes) return;
      // One that waits behind another on its connection is not told by every version of Node that it closed.
      this.#forget(response);
      response.destroy();
      this.#host.count('unread_answers', 1, { listener: this.#listener });
    }
  }

  #forget(response: ServerResponse): void {
    this.#bytes -= this.#open.get(response)?.sizeBytes ?? 0;
    this.#open.delete(response);
    if (this.#open.size > 0) return;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }
}

/**
 * Tells whether nobody is there for an answer any more. One that waits behind another on its connection is not told by every
 * version of Node that it closed (20 does not, 24.21 does), so that its socket is asked too.
 */
export function isGone(response: ServerResponse): boolean {
  return response.destroyed || connectionOf(response)?.destroyed === true;
}

/** The connection of an answer, also of one that waits behind another; null once Node took it from its request. */
export function connectionOf(response: ServerResponse): Socket | null {
  return response.req.socket;
}
