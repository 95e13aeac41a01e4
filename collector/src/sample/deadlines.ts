// When pending traces are due. Each delay has a first in, first out queue of its own, in which deadlines come in order.
// Says what ended the waiting, not what becomes of the trace.
import { copyInto, lengthFor } from '../otlp/columns.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import type { TraceFacts } from './facts.ts';
import type { DecisionCause } from './sample-counts.ts';
import { NONE } from './span-slots.ts';
import { TRACE_HELD, type TraceSlots } from './trace-slots.ts';
import { AppliedWaits, MAX_WAITS, NO_WAIT, timesOf, type Wait, type WaitTimes } from './waits.ts';

/** How long traces wait. */
export interface DeadlineOptions {
  readonly decisionWaitMs: number;
  readonly afterRootMs: number;
  /** A trace with an error is decided so long after its first error; undefined where errors do not hurry it. */
  readonly afterErrorMs?: number | undefined;
}

/** What ended the waiting of a trace. */
export interface Ending {
  readonly cause: DecisionCause;
  /** Index of the configured wait whose time it was; NO_WAIT where it was the time for all traces. */
  readonly wait: number;
}

/** The moment a delay counts from. */
type Moment = 'wait' | 'root';

/** One queue, and what its deadlines mean. */
interface Line {
  readonly queue: DeadlineQueue;
  readonly cause: DecisionCause;
  /** Of `after_match`; undefined elsewhere. */
  readonly wait?: number;
  /** Where it is one of several delays after the same moment. */
  readonly step?: { readonly ladder: Ladder; readonly index: number };
}

/**
 * The delays after one moment that traces may have. A trace is queued for the shortest; when that is over and its own delay
 * is longer, it climbs to the next. So each trace stands in one queue, and each queue stays in order.
 */
class Ladder {
  readonly times: WaitTimes;
  readonly moment: Moment;
  readonly queues: readonly DeadlineQueue[];
  /**
   * Of traces that learned too late of a delay that was over by then. They stand in their regular queue, too, in case they
   * learn of a longer one before it is their turn here.
   */
  readonly overdue = new DeadlineQueue();

  constructor(moment: Moment, times: WaitTimes) {
    this.moment = moment;
    this.times = times;
    this.queues = times.distinctMs.map(() => new DeadlineQueue());
  }

  get lines(): Line[] {
    const steps = this.queues.map((queue, index) => ({ queue, cause: this.moment, step: { ladder: this, index } }));
    // With one delay for all there is nothing to learn too late.
    if (steps.length === 1) return steps;
    return [...steps, { queue: this.overdue, cause: this.moment, step: { ladder: this, index: this.queues.length } }];
  }
}

/** Deadlines of all pending traces. */
export class Deadlines {
  readonly #traces: TraceSlots;
  readonly #waits: readonly Wait[];
  /** Undefined where no waits are configured. */
  readonly #applied: AppliedWaits | undefined;
  readonly #start: Ladder;
  readonly #first: DeadlineQueue;
  readonly #shortestMs: number;
  readonly #longestMs: number;
  readonly #root: Ladder;
  readonly #failed = new DeadlineQueue();
  readonly #afterErrorMs: number | undefined;
  /** By wait. */
  readonly #matched: readonly DeadlineQueue[];
  readonly #lines: readonly Line[];
  /** Arrival of the root span of each trace, by slot; only where waits are configured. */
  #rootedMs = new Float64Array(1024);
  #ending: Ending = endingOf('wait', NO_WAIT);

  constructor(options: DeadlineOptions, waits: readonly Wait[], traces: TraceSlots) {
    this.#traces = traces;
    this.#waits = waits;
    this.#applied = waits.length === 0 ? undefined : new AppliedWaits(waits);
    this.#start = new Ladder(
      'wait',
      timesOf(waits, ({ decisionWaitMs }) => decisionWaitMs, options.decisionWaitMs),
    );
    this.#root = new Ladder(
      'root',
      timesOf(waits, ({ afterRootMs }) => afterRootMs, options.afterRootMs),
    );
    this.#first = this.#start.queues[0] ?? new DeadlineQueue();
    this.#shortestMs = this.#start.times.distinctMs[0] ?? 0;
    this.#longestMs = this.#start.times.distinctMs.at(-1) ?? 0;
    this.#afterErrorMs = options.afterErrorMs;
    this.#matched = waits.map(() => new DeadlineQueue());
    this.#lines = [
      { queue: this.#failed, cause: 'error' },
      ...this.#matched.map((queue, wait): Line => ({ queue, cause: 'match', wait })),
      ...this.#root.lines,
      ...this.#start.lines,
    ];
  }

  /** Whether any wait has to look at traces as they change. */
  get looks(): boolean {
    return this.#applied !== undefined;
  }

  /** Entries of all queues: a few of each trace that waits, and up to a limit those of others. */
  get count(): number {
    return this.#lines.reduce((sum, { queue }) => sum + queue.count, 0);
  }

  /** What ended the waiting of the trace that `next` answered. */
  get ending(): Ending {
    return this.#ending;
  }

  /** A trace begins. */
  open(trace: number, nowMs: number): void {
    this.#push(this.#first, trace, nowMs + this.#shortestMs);
    if (this.#applied === undefined) return;
    this.#applied.open(trace);
    if (trace >= this.#rootedMs.length) this.#grow(trace);
    this.#rootedMs[trace] = Infinity;
  }

  /** The root span of a trace has come. */
  rooted(trace: number, nowMs: number): void {
    if (this.#applied !== undefined) this.#rootedMs[trace] = nowMs;
    const dueMs = nowMs + (this.#root.times.distinctMs[0] ?? 0);
    if (this.#hurries(trace, dueMs)) this.#push(this.#root.queues[0], trace, dueMs);
  }

  /** The first error span of a trace has come. */
  failed(trace: number, nowMs: number): void {
    if (this.#afterErrorMs !== undefined) this.#push(this.#failed, trace, nowMs + this.#afterErrorMs);
  }

  /** A trace has changed: waits may apply to it from now on. */
  look(trace: number, facts: TraceFacts, nowMs: number): void {
    const applied = this.#applied;
    if (applied === undefined) return;
    const before = applied.of(trace);
    const fresh = applied.look(trace, facts);
    if (fresh === 0) return;
    for (let wait = 0; wait < this.#waits.length; wait++) {
      const afterMatchMs = this.#waits[wait]?.afterMatchMs;
      if ((fresh & (1 << wait)) === 0 || afterMatchMs === undefined) continue;
      if (this.#hurries(trace, nowMs + afterMatchMs)) this.#push(this.#matched[wait], trace, nowMs + afterMatchMs);
    }
    for (const ladder of [this.#start, this.#root]) {
      const { ms } = ladder.times;
      const ownMs = ms[before | fresh] ?? 0;
      // A longer delay is met on the way up; a shorter one that is over will not be.
      if (ownMs < (ms[before] ?? 0) && this.#momentMs(ladder, trace) + ownMs <= nowMs)
        ladder.overdue.push(trace, this.#traces.generation[trace], nowMs);
    }
  }

  /** Takes the trace that is due first, whatever made it so. @returns its slot; NONE where none is due */
  next(nowMs: number): number {
    for (;;) {
      let first: Line | undefined;
      let firstMs = Infinity;
      for (let i = 0; i < this.#lines.length; i++) {
        const line = this.#lines[i];
        const { nextMs } = line.queue;
        if (nextMs < firstMs) [first, firstMs] = [line, nextMs];
      }
      if (first === undefined || firstMs > nowMs) return NONE;
      const trace = this.#take(first.queue);
      if (trace !== NONE && this.#isOver(first, trace, nowMs)) return trace;
    }
  }

  /** Takes the trace that has waited longest. @returns its slot; NONE where none waits */
  oldest(): number {
    const { queues, times } = this.#start;
    for (;;) {
      let first: DeadlineQueue | undefined;
      let firstMs = Infinity;
      for (let i = 0; i < queues.length; i++) {
        const startMs = queues[i].nextMs - times.distinctMs[i];
        if (startMs < firstMs) [first, firstMs] = [queues[i], startMs];
      }
      if (first === undefined) return NONE;
      const trace = this.#take(first);
      if (trace !== NONE) return trace;
    }
  }

  /** What comes so late that even the longest wait is over by then need not be queued. */
  #hurries(trace: number, dueMs: number): boolean {
    return dueMs < this.#traces.startMs[trace] + this.#longestMs;
  }

  /** Queues a trace. Not for `overdue`, where one may stand several times; that is empty again after the next tick. */
  #push(queue: DeadlineQueue | undefined, trace: number, dueMs: number): void {
    const { generation, count } = this.#traces;
    queue?.push(trace, generation[trace], dueMs);
    queue?.trim(count, generation);
  }

  /** Takes the first entry. @returns NONE where another queue was sooner */
  #take(queue: DeadlineQueue): number {
    const { slot, generation } = queue;
    queue.shift();
    const traces = this.#traces;
    return traces.generation[slot] !== generation || (traces.flags[slot] & TRACE_HELD) !== 0 ? NONE : slot;
  }

  /** Tells whether the waiting is over; where the trace's own delay is longer, it goes on to the next. */
  #isOver({ cause, wait = NO_WAIT, step }: Line, trace: number, nowMs: number): boolean {
    if (step === undefined || this.#applied === undefined) {
      this.#ending = endingOf(cause, wait);
      return true;
    }
    const { times, queues } = step.ladder;
    const bits = this.#applied.of(trace);
    const ownMs = times.ms[bits] ?? 0;
    const momentMs = this.#momentMs(step.ladder, trace);
    // It was overdue when it was queued for that, and is no longer.
    if (step.index === queues.length && momentMs + ownMs > nowMs) return false;
    const next = step.index + 1;
    if (next < queues.length && ownMs > (times.distinctMs[step.index] ?? 0)) {
      this.#push(queues[next], trace, momentMs + (times.distinctMs[next] ?? 0));
      return false;
    }
    this.#ending = endingOf(cause, times.of[bits] ?? NO_WAIT);
    return true;
  }

  #momentMs({ moment }: Ladder, trace: number): number {
    return moment === 'wait' ? this.#traces.startMs[trace] : (this.#rootedMs[trace] ?? Infinity);
  }

  #grow(trace: number): void {
    this.#rootedMs = copyInto(new Float64Array(lengthFor(trace)), this.#rootedMs);
  }
}

/** All there are, because every decided trace has one: by wait, NO_WAIT first. */
const ENDINGS: Readonly<Record<DecisionCause, readonly Ending[]>> = {
  root: endingsOf('root'),
  error: endingsOf('error'),
  match: endingsOf('match'),
  wait: endingsOf('wait'),
  budget: endingsOf('budget'),
  size: endingsOf('size'),
  stop: endingsOf('stop'),
};

function endingsOf(cause: DecisionCause): Ending[] {
  return Array.from({ length: MAX_WAITS + 1 }, (_, i) => ({ cause, wait: NO_WAIT + i }));
}

/** The same object for the same ending. */
export function endingOf(cause: DecisionCause, wait = NO_WAIT): Ending {
  return ENDINGS[cause][wait - NO_WAIT] ?? { cause, wait };
}
