// Writes down what is known of series, so that it is there after a restart, and reads it again: each every half hour, and
// when something is said of it; never many at once.
import type { Host } from '../pipeline/contract.ts';
import type { StateStore } from '../store/contract.ts';
import type { resourceInstruments } from './instruments.ts';
import { decodeSeries, encodeSeries, OtherFormat } from './saved.ts';
import type { SavedSeries, Series } from './series.ts';

const ROOM = 'resources';
const EVERY_MS = 1_800_000;
/** After a failure all is written again, from then on over some minutes. */
const AGAIN_WITHIN_MS = 300_000;
/** Documents of 12 KB that are written together. */
const BATCH = 32;
/** The whole program has five seconds to stop. */
const STOP_WITHIN_MS = 1500;

export class Keeping {
  readonly #host: Host<keyof typeof resourceInstruments>;
  /** Undefined: nothing is kept. */
  store: StateStore | undefined;
  readonly #urgent = new Set<Series>();
  readonly #removed: string[] = [];
  /** What was written before is not written over before it is read. */
  #isReading = false;
  #isStopped = false;

  constructor(host: Host<keyof typeof resourceInstruments>) {
    this.#host = host;
  }

  /** A new series is written for the first time after a while. */
  began(series: Series, nowMs: number): void {
    series.dueMs = nowMs + this.#host.random() * EVERY_MS;
  }

  /** Something was said of a series: it is written with the next step. */
  happened(series: Series): void {
    if (this.store !== undefined) this.#urgent.add(series);
  }

  forget(series: Series): void {
    this.#urgent.delete(series);
    if (this.store !== undefined) this.#removed.push(series.identity.subject.key);
  }

  /** Writes those of which something was said. */
  async saveUrgent(): Promise<void> {
    if (this.store === undefined || this.#isReading || this.#isStopped || this.#urgent.size === 0) return;
    const urgent = [...this.#urgent];
    this.#urgent.clear();
    // Those that could not be written are due.
    if (!(await this.#hand(this.store, urgent, []))) for (const series of urgent) series.dueMs = 0;
  }

  /** Writes what is due, and what is not watched any more. @param all series that are watched */
  async save(all: readonly Series[], nowMs: number): Promise<void> {
    if (this.store === undefined || this.#isReading || this.#isStopped) return;
    const due: Series[] = [];
    for (const series of all) if (series.dueMs <= nowMs && due.length < BATCH) due.push(series);
    if (due.length === 0 && this.#removed.length === 0) return;
    for (const series of due) series.dueMs = nowMs + EVERY_MS * (0.9 + 0.2 * this.#host.random());
    if (await this.#hand(this.store, due, this.#removed.splice(0))) return;
    // Any of them may be missing now.
    for (const series of all) series.dueMs = nowMs + this.#host.random() * AGAIN_WITHIN_MS;
  }

  /** Writes every series for the last time, as far as there is time. */
  async saveAll(all: Iterable<Series>): Promise<void> {
    const { store } = this;
    this.#isStopped = true;
    if (store === undefined || this.#isReading) return;
    const untilMs = this.#host.clock.monotonicMs() + STOP_WITHIN_MS;
    const rest = [...all];
    while (rest.length > 0 && this.#host.clock.monotonicMs() < untilMs)
      if (!(await this.#hand(store, rest.splice(0, BATCH), this.#removed.splice(0)))) return;
  }

  /** Reads what was written down. @param take takes one over; says why where it does not */
  async load(take: (saved: SavedSeries) => 'taken' | 'limit' | 'format'): Promise<void> {
    if (this.store === undefined) return;
    this.#isReading = true;
    try {
      for await (const page of this.store.load(ROOM)) {
        if (this.#isStopped) return;
        for (const { key, body } of page) this.#take(key, body, take);
      }
    } catch (error) {
      this.#host.log('error', 'RESOURCES_UNREAD', `what was learned before cannot be read: ${String(error)}`);
    }
    this.#isReading = false;
  }

  #take(
    key: string,
    body: Uint8Array<ArrayBuffer> | undefined,
    take: (saved: SavedSeries) => 'taken' | 'limit' | 'format',
  ): void {
    try {
      if (body === undefined) throw new Error('its checksum is wrong');
      const answer = take(decodeSeries(body));
      if (answer !== 'taken')
        this.#lose(key, answer, answer === 'limit' ? 'max_series was reached' : 'of another kind');
    } catch (error) {
      // What a later program wrote may be of use to it again.
      const isFormat = error instanceof OtherFormat;
      if (!isFormat) this.#removed.push(key);
      this.#lose(key, isFormat ? 'format' : 'damaged', String(error));
    }
  }

  #lose(key: string, reason: 'damaged' | 'format' | 'limit', why: string): void {
    this.#host.count('lost_states', 1, { reason });
    this.#host.log('warning', 'RESOURCE_LOST', `a series is learned anew, ${key}: ${why}`);
  }

  async #hand(store: StateStore, due: readonly Series[], removed: readonly string[]): Promise<boolean> {
    const documents = due.map((series) => {
      return { key: series.identity.subject.key, body: encodeSeries(series.snapshot()) };
    });
    const isSaved = await store.save(ROOM, documents, removed);
    if (isSaved) this.#host.count('saved_states', due.length);
    return isSaved;
  }
}
