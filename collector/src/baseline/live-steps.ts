// Spans as they come, put into seconds by their end, and each second closed when all of its spans should be here: an SDK
// sends what ended some seconds ago, and by arrival every flush would look like a stop. Pure; time is an argument.
import { addCalls, clearStep, emptyStep, type Step } from './step.ts';
import { BINS } from './bins.ts';
import { OpenSecond } from './open-second.ts';

export const STEP_MS = 1000;
/** Seconds that may be open at once; a power of two. */
const OPEN_SECONDS = 64;
/** A service that sends later than this is late. */
const MAX_LAG_MS = 40_000;
/** The lag of a service is the most it was in this many slices of this length, so that one late batch is soon forgotten. */
const LAG_SLICES = 12;
const LAG_SLICE_MS = 10_000;
/** Seconds of one service that are closed at once after a restart: of all services they are many, and other work goes on. */
const MAX_AT_ONCE = 8;
/** Beyond the lag, for what is on its way. */
const SLACK_MS = 500;
/** An entry of an open second: operation, then a bit for an error, then the bin. */
const BIN_BITS = 8;
const ERROR_BIT = 1 << BIN_BITS;
const OPERATION_SHIFT = BIN_BITS + 1;
/** Operations that fit an entry. */
export const MAX_OPERATIONS = 2 ** (32 - OPERATION_SHIFT);

class Service {
  readonly seconds: OpenSecond[] = [];
  readonly operations: number[] = [];
  /** The last second that was closed. */
  closed: number;
  /** Nothing is closed before: it was known before a restart, and its first batch tells how late it sends. */
  heldUntilMs = 0;
  mostAtOnce = Infinity;
  /** The oldest end in the batch that is being taken; Infinity between batches. */
  oldest = Infinity;
  readonly #lags = new Float64Array(LAG_SLICES);
  #slice = -1;

  constructor(second: number) {
    this.closed = second - 1;
  }

  noteLag(lagMs: number, nowMs: number): void {
    const slice = Math.floor(nowMs / LAG_SLICE_MS);
    for (let s = Math.max(this.#slice + 1, slice - LAG_SLICES + 1); s <= slice; s++) this.#lags[s % LAG_SLICES] = 0;
    this.#slice = Math.max(slice, this.#slice);
    const at = this.#slice % LAG_SLICES;
    this.#lags[at] = Math.max(this.#lags[at], Math.min(MAX_LAG_MS, lagMs));
  }

  /** How long after a second its last spans come, milliseconds. */
  lagMs(): number {
    let most = 0;
    for (const lag of this.#lags) most = Math.max(most, lag);
    return most + SLACK_MS;
  }
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
      found = new Service(Math.floor(nowMs / STEP_MS) + 1);
      found.heldUntilMs = nowMs + MAX_LAG_MS;
      found.mostAtOnce = MAX_AT_ONCE;
      this.#services.set(service, found);
    }
    found.operations.push(operation);
  }

  /** Forgets an operation. */
  forget(service: number, operation: number): void {
    const operations = this.#services.get(service)?.operations;
    const at = operations?.indexOf(operation) ?? -1;
    if (at >= 0) operations?.splice(at, 1);
    if (operations?.length === 0) this.#services.delete(service);
  }

  /** Adds a call of a registered operation. @param second of its end, since the epoch */
  add(service: number, operation: number, second: number, bin: number, isError: boolean): void {
    const from = this.#services.get(service);
    if (from === undefined) return;
    if (second < from.oldest) from.oldest = second;
    if (second <= from.closed) {
      this.late++;
      return;
    }
    // A clock that is ahead is none of ours to mend: what ends further ahead than fits counts with the last that does.
    const into = Math.min(second, from.closed + OPEN_SECONDS - 1);
    const open = openSecond(from, into);
    open.add(((operation << OPERATION_SHIFT) | (isError ? ERROR_BIT : 0) | bin) >>> 0);
  }

  /** Ends a batch: how late its oldest span is tells how long seconds have to stay open. */
  endBatch(service: number, nowMs: number): void {
    const from = this.#services.get(service);
    if (from === undefined || from.oldest === Infinity) return;
    from.noteLag(Math.max(0, nowMs - (from.oldest + 1) * STEP_MS), nowMs);
    from.oldest = Infinity;
    from.heldUntilMs = 0;
  }

  /** Closes seconds that are complete. */
  close(nowMs: number): void {
    for (const service of this.#services.values()) {
      if (nowMs < service.heldUntilMs) continue;
      const until = Math.floor((nowMs - service.lagMs()) / STEP_MS) - 1;
      // After a pause of this program or a step of the clock nothing is known of the time between.
      if (until - service.closed > OPEN_SECONDS) service.closed = until - 1;
      const to = Math.min(until, service.closed + service.mostAtOnce);
      while (service.closed < to) this.#closeSecond(service, ++service.closed);
    }
  }

  /** How long after its end a second of a service is closed, on average. */
  closedAfterMs(service: number): number {
    return (this.#services.get(service)?.lagMs() ?? 0) + STEP_MS / 2;
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
      found = new Service(Math.floor((nowMs - MAX_LAG_MS) / STEP_MS));
      this.#services.set(service, found);
    }
    return found;
  }

  #closeSecond(service: Service, second: number): void {
    const timeMs = (second + 1) * STEP_MS;
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
    for (const operation of service.operations) {
      const step = this.#stepOf.get(operation) ?? this.#empty;
      step.timeMs = timeMs;
      this.#take(operation, step);
    }
    for (const step of this.#stepOf.values()) {
      clearStep(step);
      this.#pool.push(step);
    }
    this.#stepOf.clear();
  }
}

function openSecond({ seconds }: Service, second: number): OpenSecond {
  const open = (seconds[second % OPEN_SECONDS] ??= new OpenSecond(second));
  if (open.second !== second) open.begin(second);
  return open;
}
