// The live feed: what the sidecar said last, and whether that still is the present.
// Time and the event stream are handed in, so that it runs without a browser.
import type { ChangingPageEvents, PageEvents } from '../page-events.ts';
import { History } from './history.ts';

/** `stale`: nothing heard for a while, numbers are old. `paused`: the reader froze them. */
export type Phase = 'connecting' | 'live' | 'stale' | 'paused';

export interface FeedState {
  readonly phase: Phase;
  /** Of the numbers held; undefined before the first. Unix milliseconds. */
  readonly receivedMs: number | undefined;
  readonly operations: PageEvents['operations'] | undefined;
  readonly books: PageEvents['books'] | undefined;
  readonly sampling: PageEvents['sampling'] | undefined;
  /** As they were told last, since they are told only when they change. */
  readonly violations: ChangingPageEvents['violations'] | undefined;
  readonly alerts: ChangingPageEvents['alerts'] | undefined;
}

/** The part of EventSource that is used. */
export interface Source {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

export interface FeedSurroundings {
  open(): Source;
  nowMs(): number;
  /** Calls back each second. @returns what ends it */
  everySecond(call: () => void): () => void;
}

/** The sidecar sends each second; a few may be late on a busy machine. */
export const STALE_AFTER_MS = 5000;
/** An open stream that says nothing for so long is opened anew; one the browser gave up, after STALE_AFTER_MS. */
export const REOPEN_AFTER_MS = 10_000;

/** States of an EventSource. */
const CONNECTING = 0;
const CLOSED = 2;
/** Five minutes; at most 3 MB. */
const HISTORY_LIMITS = { points: 300, operations: 500 };

const NOTHING_YET: FeedState = {
  phase: 'connecting',
  receivedMs: undefined,
  operations: undefined,
  books: undefined,
  sampling: undefined,
  violations: undefined,
  alerts: undefined,
};

/** Holds the latest answers and tells its listeners of each change. */
export class LiveFeed {
  readonly history = new History(HISTORY_LIMITS);
  readonly #surroundings: FeedSurroundings;
  readonly #listeners = new Set<() => void>();
  #state = NOTHING_YET;
  #source: Source | undefined;
  /** When it was opened or last said something. */
  #signMs = 0;
  #isHeard = false;
  #isPaused = false;
  #cancel: (() => void) | undefined;

  constructor(surroundings: FeedSurroundings) {
    this.#surroundings = surroundings;
  }

  get state(): FeedState {
    return this.#state;
  }

  /** Unix milliseconds, as the reader's clock has it. */
  nowMs(): number {
    return this.#surroundings.nowMs();
  }

  /** @returns what takes the listener off again */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#open();
    this.#cancel ??= this.#surroundings.everySecond(() => this.#check());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#source?.close();
  }

  /** Freezes the numbers; the history goes on. */
  pause(): void {
    this.#isPaused = true;
    this.#set({});
  }

  resume(): void {
    this.#isPaused = false;
    this.#set({});
  }

  #open(): void {
    this.#source?.close();
    const source = this.#surroundings.open();
    this.#source = source;
    this.#signMs = this.#surroundings.nowMs();
    source.addEventListener('operations', (event) => {
      const answer = parse<PageEvents['operations']>(event.data);
      this.history.record(this.#surroundings.nowMs(), answer.operations);
      this.#receive({ operations: answer });
    });
    source.addEventListener('books', (event) => this.#receive({ books: parse(event.data) }));
    source.addEventListener('sampling', (event) => this.#receive({ sampling: parse(event.data) }));
    source.addEventListener('violations', (event) => this.#receive({ violations: parse(event.data) }));
    source.addEventListener('alerts', (event) => this.#receive({ alerts: parse(event.data) }));
    source.addEventListener('error', () => this.#interrupted());
  }

  #receive(answer: Partial<PageEvents & ChangingPageEvents>): void {
    this.#signMs = this.#surroundings.nowMs();
    this.#isHeard = true;
    if (!this.#isPaused) this.#set({ ...answer, receivedMs: this.#signMs });
  }

  #check(): void {
    const silentMs = this.#surroundings.nowMs() - this.#signMs;
    if (silentMs >= STALE_AFTER_MS) this.#interrupted();
    const readyState = this.#source?.readyState;
    // While connecting, the browser retries by itself.
    if (readyState === CONNECTING) return;
    if (silentMs >= (readyState === CLOSED ? STALE_AFTER_MS : REOPEN_AFTER_MS)) this.#open();
  }

  #interrupted(): void {
    if (!this.#isHeard) return;
    this.#isHeard = false;
    this.history.gap(this.#surroundings.nowMs());
    this.#set({});
  }

  #set(change: Partial<FeedState>): void {
    const next = { ...this.#state, ...change };
    this.#state = { ...next, phase: this.#phase(next.receivedMs) };
    for (const listener of this.#listeners) listener();
  }

  #phase(receivedMs: number | undefined): Phase {
    if (this.#isPaused) return 'paused';
    if (this.#isHeard) return 'live';
    return receivedMs === undefined ? 'connecting' : 'stale';
  }
}

/** The sidecar that serves the page writes these answers from the same types, so they are taken at their word. */
function parse<T>(data: unknown): T {
  return JSON.parse(String(data)) as T;
}
