// Spans as they come, put into seconds by their end, and each second closed when all of its spans should be here: an SDK
// sends what ended some seconds ago, and by arrival every flush would look like a stop. Pure; time is an argument.
import assert from 'node:assert/strict';
import { addCalls, clearStep, emptyStep, type Step } from './step.ts';
import { BINS } from './bins.ts';
import { OpenSecond } from './open-second.ts';
import { MAX_LAG_MS, type Sender } from './sender.ts';
import { type SenderCount, ServiceSenders } from './service-senders.ts';

export const STEP_MS = 1000;
/** Seconds that may be open at once; a power of two. */
const OPEN_SECONDS = 64;
/** What ended so long before the last closed second was held back somewhere: nobody waits for more of it. */
const HELD_BACK_SECONDS = MAX_LAG_MS / STEP_MS;
/** Seconds of one service that are closed at once after a restart: of all services they are many, and other work goes on. */
const MAX_AT_ONCE = 8;
/** Of how long after its end a second was closed, so much is that of the last one. */
const LAST_SHARE = 1 / 16;
/** An entry of an open second: operation, then a bit for an error, then the bin. */
const BIN_BITS = 8;
const ERROR_BIT = 1 << BIN_BITS;
const OPERATION_SHIFT = BIN_BITS + 1;
/** Operations that fit an entry. */
export const MAX_OPERATIONS = 2 ** (32 - OPERATION_SHIFT);

class Service {
  readonly senders: ServiceSenders;
  readonly seconds: OpenSecond[] = [];
  readonly operations: number[] = [];
  /** The last second that was closed. */
  closed: number;
  /** Nothing is closed before: it was known before a restart, and its first batch tells how late it sends. */
  heldUntilMs = 0;
  mostAtOnce = Infinity;
  /** When it sent last. */
  sentMs = -Infinity;
  /** How long after its end a second was closed of late; NaN before any. */
  closedAfterMs = NaN;

  constructor(second: number, senders: SenderCount) {
    this.closed = second - 1;
    this.senders = new ServiceSenders(senders);
  }

  /** The last second that is complete. */
  completeSecond(nowMs: number): number {
    const inTime = Math.floor((nowMs - this.senders.lagMs()) / STEP_MS) - 1;
    const ended = Math.floor(nowMs / STEP_MS) - 1;
    return Math.max(inTime, Math.min(ended, Math.floor(this.senders.completeTo(nowMs)) - 1));
  }
}

/** Who is sending, of which service; kept by nobody for longer than a body takes. */
export interface Taking {
  readonly service: Service;
  readonly sender: Sender;
}

/** Takes a closed second of an operation; the step is reused. */
export type TakeStep = (operation: number, step: Step) => void;

export class LiveSteps {
  readonly #take: TakeStep;
  readonly #services = new Map<number, Service>();
  readonly #pool: Step[] = [];
  /** Step of an operation in the second that is being closed. */
  readonly #stepOf = new Map<number, Step>();
  readonly #empty = emptyStep(1);
  /** Whose batches are being taken, with their services. */
  readonly #sending: Taking[] = [];
  readonly #senders: SenderCount = { value: 0 };
  #refusedMs = -Infinity;
  /** Spans that came after their second was closed. */
  late = 0;

  constructor(take: TakeStep) {
    this.#take = take;
  }

  /** Makes an operation known, so that it is stepped also while it is not called. */
  register(service: number, operation: number, nowMs: number): void {
    this.#service(service, nowMs).operations.push(operation);
  }

  /**
   * Makes an operation known that was so before a restart. Seconds begin now: of those between nothing is known. They are
   * not closed before the service sends, or might have: while this was away, it may have waited to try again.
   */
  resume(service: number, operation: number, nowMs: number): void {
    let found = this.#services.get(service);
    if (found === undefined) {
      found = new Service(Math.floor(nowMs / STEP_MS) + 1, this.#senders);
      found.heldUntilMs = nowMs + MAX_LAG_MS;
      found.mostAtOnce = MAX_AT_ONCE;
      this.#services.set(service, found);
    }
    found.operations.push(operation);
  }

  /** Forgets an operation. */
  forget(service: number, operation: number): void {
    const of = this.#services.get(service);
    const at = of?.operations.indexOf(operation) ?? -1;
    if (of === undefined || at < 0) return;
    of.operations.splice(at, 1);
    if (of.operations.length > 0) return;
    of.senders.clear();
    this.#services.delete(service);
  }

  /** Begins what a sender has sent. @param service one with operations; @param key tells the sender from others of it */
  begin(service: number, key: number): Taking {
    const to = this.#services.get(service);
    assert(to !== undefined, 'a service has no operations');
    const taking = { service: to, sender: to.senders.of(key) };
    this.#sending.push(taking);
    return taking;
  }

  /** Adds a call of a registered operation. @param end since the epoch, seconds with their fraction */
  add({ service, sender }: Taking, operation: number, end: number, bin: number, isError: boolean): void {
    const second = Math.floor(end);
    if (second <= service.closed) {
      this.late++;
      if (second <= service.closed - HELD_BACK_SECONDS) return;
    }
    if (end < sender.oldest) sender.oldest = end;
    if (end > sender.newest) sender.newest = end;
    if (second <= service.closed) return;
    // A clock that is ahead is none of ours to mend: what ends further ahead than fits counts with the last that does.
    const into = Math.min(second, service.closed + OPEN_SECONDS - 1);
    const open = openSecond(service, into);
    open.add(((operation << OPERATION_SHIFT) | (isError ? ERROR_BIT : 0) | bin) >>> 0);
  }

  /** Ends a body: how late its oldest spans are tells how long seconds have to stay open. */
  endBatch(nowMs: number): void {
    for (const { service, sender } of this.#sending) {
      if (sender.oldest === Infinity) continue;
      sender.endBatch(nowMs);
      service.sentMs = nowMs;
      service.heldUntilMs = 0;
    }
    this.#sending.length = 0;
  }

  /** A body was refused here, and nobody knows whose it was: what is missing for a while was not silent. */
  refused(nowMs: number): void {
    this.#refusedMs = nowMs;
  }

  /** Closes seconds that are complete. */
  close(nowMs: number): void {
    // The clock may have been set back.
    this.#refusedMs = Math.min(this.#refusedMs, nowMs);
    for (const service of this.#services.values()) {
      if (nowMs < service.heldUntilMs) continue;
      const until = service.completeSecond(nowMs);
      // After a pause of this program or a step of the clock nothing is known of the time between.
      if (until - service.closed > OPEN_SECONDS) service.closed = until - 1;
      const to = Math.min(until, service.closed + service.mostAtOnce);
      while (service.closed < to) this.#closeSecond(service, ++service.closed, nowMs);
    }
  }

  /** How long after its end a second of a service is closed, on average. */
  closedAfterMs(service: number): number {
    const of = this.#services.get(service);
    return of === undefined || Number.isNaN(of.closedAfterMs) ? STEP_MS / 2 : of.closedAfterMs;
  }

  /** Seconds between now and the last closed one, the most of all services. */
  delayMs(nowMs: number): number {
    let most = 0;
    for (const { closed, heldUntilMs } of this.#services.values())
      if (nowMs >= heldUntilMs) most = Math.max(most, nowMs - (closed + 1) * STEP_MS);
    return most;
  }

  #service(service: number, nowMs: number): Service {
    let found = this.#services.get(service);
    if (found === undefined) {
      found = new Service(Math.floor((nowMs - MAX_LAG_MS) / STEP_MS), this.#senders);
      this.#services.set(service, found);
    }
    return found;
  }

  #closeSecond(service: Service, second: number, nowMs: number): void {
    const timeMs = (second + 1) * STEP_MS;
    const { closedAfterMs: before } = service;
    const afterMs = nowMs - timeMs;
    service.closedAfterMs = Number.isNaN(before) ? afterMs : before + LAST_SHARE * (afterMs - before);
    const open = service.seconds[second % OPEN_SECONDS];
    if (open?.second === second) {
      open.each((entry, count) => {
        const operation = entry >>> OPERATION_SHIFT;
        let step = this.#stepOf.get(operation);
        if (step === undefined) this.#stepOf.set(operation, (step = this.#pool.pop() ?? emptyStep(BINS)));
        addCalls(step, entry & (ERROR_BIT - 1), (entry & ERROR_BIT) !== 0, count);
      });
      open.begin(second);
    }
    const isDoubtful = this.#isDoubtful(service, second);
    for (const operation of service.operations) {
      const step = this.#stepOf.get(operation) ?? this.#empty;
      // What is not told of is passed over.
      if (isDoubtful && step.calls === 0) continue;
      step.timeMs = timeMs;
      this.#take(operation, step);
    }
    for (const step of this.#stepOf.values()) {
      clearStep(step);
      this.#pool.push(step);
    }
    this.#stepOf.clear();
  }

  /** Whether spans of a second may have been refused. Who was refused waits before it sends again. */
  #isDoubtful({ sentMs }: Service, second: number): boolean {
    const forMs = sentMs > this.#refusedMs ? 0 : MAX_LAG_MS;
    return second * STEP_MS <= this.#refusedMs + forMs;
  }
}

function openSecond({ seconds }: Service, second: number): OpenSecond {
  const open = (seconds[second % OPEN_SECONDS] ??= new OpenSecond(second));
  if (open.second !== second) open.begin(second);
  return open;
}
