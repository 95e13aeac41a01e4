// One queue to one receiver, whatever is spoken there: in a bounded room that several may share, one delivery at a time so that order stays,
// retried with jitter, cut at stop. What is in a parcel and how it is sent is the exporter's business.
import type { Host } from '../pipeline/contract.ts';
import type { ExporterBooks, Unit } from './exporter-books.ts';
import type { FailedReason } from './instruments.ts';
import { type RetryOptions, retryDelayMs } from './retry.ts';

/** What waits for delivery. One may grow by joining while it waits, but not once its delivery has begun. */
export interface Parcel {
  readonly unit: Unit;
  /** In its unit. */
  readonly count: number;
  /** As counted against the queue's limit. */
  readonly sizeBytes: number;
}

/** How one attempt ended. */
export type Attempt =
  /** For good; `settle` counts what became of it, in the turn in which it leaves the queue. */
  | { readonly isSettled: true; settle(): void }
  | { readonly isSettled: false; readonly why: string; readonly afterMs?: number | undefined };

/** What an exporter knows of its parcels. */
export interface Courier<P extends Parcel> {
  /** Makes ready what every attempt sends. It must not throw for what a receiver or sender did. */
  prepare(parcel: P): Promise<(cut: AbortSignal) => Promise<Attempt>>;
  /** Names the receiver in the log, without what may hold a secret. */
  where(parcel: P): string;
  /** Takes `next` into `last`, which waits behind others, where that makes one request of two. */
  join?(last: P, next: P): boolean;
  /** Makes a parcel that will not be joined any more as small as it is sent, while it waits anyway. */
  pack?(parcel: P): Promise<void>;
}

/** What the queues of one exporter may hold together. */
export class QueueRoom {
  readonly maxBytes: number;
  usedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** 0..1. */
  get fill(): number {
    return this.usedBytes / this.maxBytes;
  }
}

export interface DeliveryOptions {
  readonly name: string;
  readonly room: QueueRoom;
  /** Of the room, 0..1, that this queue may take. */
  readonly share: number;
  readonly retry: RetryOptions;
  /** Which gives way where both do not fit: what comes, or what has waited longest. */
  readonly whenFull: 'newest_lost' | 'oldest_lost';
}

/** A queue filled so far, before a receiver that does not answer, lasts longer packed; else a parcel is packed in its turn. */
const PACKED_FROM = 1 / 8;

/** Of the queue; by then an outage has lasted for some seconds. */
const HASTE_FROM = 1 / 8;
const HASTY_MS = 2000;

/** A parcel with its size as it was counted last. */
interface Queued<P> {
  readonly parcel: P;
  sizeBytes: number;
  isPacked: boolean;
}

/** Delivers parcels in the order in which they are added. */
export class Delivery<P extends Parcel> {
  readonly #options: DeliveryOptions;
  readonly #courier: Courier<P>;
  readonly #books: ExporterBooks;
  readonly #host: Pick<Host, 'clock' | 'random' | 'log'>;
  readonly #queue: Queued<P>[] = [];
  readonly #cut = new AbortController();
  #queuedBytes = 0;
  #delivering: Promise<void> | undefined;
  #isPacking = false;
  /** The attempt before was in vain: packing ahead then takes no time from a delivery. */
  #isDown = false;

  constructor(
    options: DeliveryOptions,
    courier: Courier<P>,
    books: ExporterBooks,
    host: Pick<Host, 'clock' | 'random' | 'log'>,
  ) {
    this.#options = options;
    this.#courier = courier;
    this.#books = books;
    this.#host = host;
  }

  /** Something waits, and the last attempt was in vain. */
  get isFailing(): boolean {
    return this.#isDown && this.#queue.length > 0;
  }

  /** Queues a parcel, or counts it as failed where there is no room for it or no time. */
  add(parcel: P): void {
    if (this.#cut.signal.aborted) return this.#books.failed(parcel, 'stop');
    if (!this.#makeRoom(parcel.sizeBytes)) return this.#books.failed(parcel, 'queue_full');
    this.#grow(parcel.sizeBytes);
    this.#books.queued(parcel.unit, parcel.count);
    // The first is being delivered and stays as it is.
    const last = this.#queue.length > 1 ? this.#queue.at(-1) : undefined;
    const isJoined = last !== undefined && !last.isPacked && this.#courier.join?.(last.parcel, parcel) === true;
    if (isJoined) last.sizeBytes += parcel.sizeBytes;
    else this.#queue.push({ parcel, sizeBytes: parcel.sizeBytes, isPacked: false });
    this.#books.size(this.#options.room.usedBytes);
    this.#delivering ??= this.#deliverAll();
    this.#packWhereDown();
  }

  /** Delivers what is queued for at most `withinMs`, and counts the rest as failed. */
  async stop(withinMs: number): Promise<void> {
    const cancel = this.#host.clock.after(withinMs, () => {
      const lost = `${this.#books.queuedText()} were not delivered within the drain limit and are lost`;
      this.#host.log('error', `STOP_${this.#options.name}`, lost);
      this.#cut.abort();
    });
    await this.#delivering;
    cancel();
    this.#cut.abort();
  }

  #packWhereDown(): void {
    if (this.#isDown && !this.#isPacking && this.#options.room.fill > PACKED_FROM) void this.#packWaiting();
  }

  /** One after the other, from the front: neither the first, which is on its way, nor the last, which may be joined. */
  async #packWaiting(): Promise<void> {
    this.#isPacking = true;
    for (;;) {
      const waiting = this.#queue.find(({ isPacked }, i) => !isPacked && i > 0 && i < this.#queue.length - 1);
      if (waiting === undefined || !this.#isDown || this.#cut.signal.aborted) break;
      waiting.isPacked = true;
      try {
        await this.#courier.pack?.(waiting.parcel);
      } catch {
        // Its delivery meets the same fault, and counts and tells it.
        continue;
      }
      if (!this.#queue.includes(waiting)) continue;
      this.#grow(waiting.parcel.sizeBytes - waiting.sizeBytes);
      waiting.sizeBytes = waiting.parcel.sizeBytes;
      this.#books.size(this.#options.room.usedBytes);
    }
    this.#isPacking = false;
  }

  #makeRoom(sizeBytes: number): boolean {
    if (this.#fits(sizeBytes)) return true;
    const { whenFull, room } = this.#options;
    if (whenFull === 'newest_lost' || sizeBytes > room.maxBytes) return false;
    // Never the first, which is on its way.
    while (!this.#fits(sizeBytes)) {
      const [oldest] = this.#queue.splice(1, 1);
      if (oldest === undefined) return false;
      this.#leave(oldest);
      this.#books.failed(oldest.parcel, 'queue_full');
    }
    return true;
  }

  #fits(sizeBytes: number): boolean {
    const { room, share } = this.#options;
    return room.usedBytes + sizeBytes <= room.maxBytes && this.#queuedBytes + sizeBytes <= room.maxBytes * share;
  }

  #grow(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#options.room.usedBytes += bytes;
  }

  async #deliverAll(): Promise<void> {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const settle = await this.#deliver(first.parcel);
      // All in one turn, so that the books balance whenever they are looked at.
      this.#queue.shift();
      this.#leave(first);
      settle();
    }
    // In the same turn that saw the queue empty, so that no parcel is left without anyone to deliver it.
    this.#delivering = undefined;
  }

  #leave({ parcel, sizeBytes }: Queued<P>): void {
    this.#grow(-sizeBytes);
    this.#books.queued(parcel.unit, -parcel.count);
    this.#books.size(this.#options.room.usedBytes);
  }

  /** @returns what counts how it ended */
  async #deliver(parcel: P): Promise<() => void> {
    const fail = (reason: FailedReason) => (): void => this.#books.failed(parcel, reason);
    const cut = this.#cut.signal;
    try {
      const send = await this.#courier.prepare(parcel);
      const startedMs = this.#host.clock.monotonicMs();
      for (let attempt = 1; ; attempt++) {
        if (cut.aborted) return fail('stop');
        const result = await send(cut);
        this.#isDown = !result.isSettled;
        if (result.isSettled) return () => result.settle();
        this.#packWhereDown();
        if (cut.aborted) return fail('stop');
        const sinceFirstMs = this.#host.clock.monotonicMs() - startedMs;
        const delayMs = retryDelayMs(this.#retry(), attempt, sinceFirstMs, result.afterMs, this.#host.random());
        this.#logAgain(parcel, result.why, delayMs === undefined);
        if (delayMs === undefined) return fail('retries');
        await this.#sleep(delayMs);
      }
    } catch (error) {
      // Nothing here is meant to throw; should it, one parcel is lost and said to be, not the process.
      this.#host.log('error', `INTERNAL_${this.#options.name}`, `a batch is given up: ${String(error)}`);
      return fail('internal');
    }
  }

  /** A queue that fills asks more often: what it may lose is dearer than an attempt. */
  #retry(): RetryOptions {
    const { retry } = this.#options;
    if (this.#options.room.fill < HASTE_FROM) return retry;
    return { ...retry, maxMs: Math.min(retry.maxMs, Math.max(retry.initialMs, HASTY_MS)) };
  }

  #logAgain(parcel: P, why: string, isLast: boolean): void {
    const next = isLast ? 'the batch is given up' : 'will be tried again';
    const code = `${isLast ? 'GIVEN_UP' : 'EXPORT'}_${this.#options.name}`;
    this.#host.log(isLast ? 'error' : 'warning', code, `${this.#courier.where(parcel)} ${why}; ${next}`);
  }

  /** Sleeps, unless the drain ends first. */
  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#host.clock.after(delayMs, done);
      const { signal } = this.#cut;
      function done(): void {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}
