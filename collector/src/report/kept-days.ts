// Days that were written down, and which reports were mailed. In the store, one document a day; without one the last two
// days are known, and nothing after a restart.
import type { Host } from '../pipeline/contract.ts';
import type { StateDocument, StateStore } from '../store/contract.ts';
import { dayText } from './cells.ts';
import type { ReportKind } from './contract.ts';
import type { FollowedStream } from './llm-usage.ts';
import { type DayRecord, decodeDay, encodeDay } from './day.ts';
import { DAY_MS, dateOf } from './periods.ts';

export const REPORT_ROOM = 'report';
/** Both come after every day in the order of keys. */
const INDEX = 'index';
const STREAMS = 'streams';
const AFTER_DAYS = '9999';
const HELD_WITHOUT_STORE = 2;

/** Until when reports of each kind were mailed: the end of the last period. */
export type Mailed = Partial<Record<ReportKind, number>>;

interface Index {
  /** As `2026-03-02`. */
  readonly days: readonly string[];
  readonly mailed: Mailed;
}

export class KeptDays {
  readonly #maxDays: number;
  readonly #host: Pick<Host, 'log' | 'clock'>;
  readonly #state: StateStore | undefined;
  readonly #known = new Set<number>();
  /** Where there is no store. */
  readonly #held = new Map<number, Uint8Array>();
  #mailed: Mailed = {};
  #isOpen = false;
  /** Metrics that were followed before the restart. */
  streams: readonly (readonly [string, FollowedStream])[] = [];

  constructor(maxDays: number, host: Pick<Host, 'log' | 'clock'>, state: StateStore | undefined) {
    this.#maxDays = maxDays;
    this.#host = host;
    this.#state = state;
  }

  /** Beginnings of the days that are known, in order. */
  get days(): readonly number[] {
    return [...this.#known].sort((a, b) => a - b);
  }

  get mailed(): Mailed {
    return this.#mailed;
  }

  /** Reads which days there are. @returns false where that cannot be read now; it is tried again before anything is written */
  async open(): Promise<boolean> {
    if (this.#state === undefined || this.#isOpen) return true;
    try {
      if (!(await this.#readIndex(this.#state))) {
        await this.#readKeys(this.#state);
        const nowMs = this.#host.clock.nowMs();
        // Nobody knows what was mailed: no report is mailed twice.
        if (this.#known.size > 0) this.#mailed = { daily: nowMs, weekly: nowMs, monthly: nowMs };
      }
      this.#isOpen = true;
    } catch (error) {
      this.#host.log('error', 'UNREAD', `days of before the restart cannot be read yet: ${String(error)}`);
    }
    return this.#isOpen;
  }

  /** Days within a time, in order. Rejects where they cannot be read. */
  async *load(fromMs: number, toMs: number): AsyncGenerator<DayRecord, void, undefined> {
    if (this.#state === undefined) {
      const held = [...this.#held].filter(([day]) => day >= fromMs && day < toMs).sort(([a], [b]) => a - b);
      return yield* held.flatMap(([, body]) => decodeDay(body) ?? []);
    }
    const last = dayText(toMs - 1);
    for await (const page of this.#state.load(REPORT_ROOM, dayText(fromMs - DAY_MS)))
      for (const { key, body } of page) {
        if (key > last) return;
        const record = this.#decoded(key, body);
        if (record !== undefined) yield record;
      }
  }

  /**
   * Writes a day, with how far metrics were followed for it, and lets those go that are too old.
   *
   * @returns false where it is not sure to survive
   */
  async save(record: DayRecord, streams: KeptDays['streams'] = []): Promise<boolean> {
    if (!(await this.open())) return false;
    const { fromMs } = record;
    const body = encodeDay(record);
    const isNew = !this.#known.has(fromMs);
    const removed = this.days.filter((day) => day < fromMs - this.#maxDays * DAY_MS);
    this.#known.add(fromMs);
    for (const day of removed) this.#known.delete(day);
    if (this.#state === undefined) {
      this.#held.set(fromMs, body);
      for (const day of [...this.#held.keys()].slice(0, -HELD_WITHOUT_STORE)) {
        this.#held.delete(day);
        this.#known.delete(day);
      }
      return true;
    }
    const documents = [{ key: dayText(fromMs), body }, documentOf(STREAMS, streams)];
    if (isNew || removed.length > 0) documents.push(this.#index());
    const isSaved = await this.#state.save(REPORT_ROOM, documents, removed.map(dayText));
    // The index goes with the next one.
    if (!isSaved) this.#known.delete(fromMs);
    return isSaved;
  }

  /** Notes what was mailed. @returns whether it would survive a restart; without a store nothing has to */
  async noteMailed(kind: ReportKind, toMs: number | undefined): Promise<boolean> {
    const { [kind]: _, ...others } = this.#mailed;
    this.#mailed = toMs === undefined ? others : { ...others, [kind]: toMs };
    return this.#state === undefined || this.#state.save(REPORT_ROOM, [this.#index()]);
  }

  #index(): StateDocument {
    const index: Index = { days: this.days.map(dayText), mailed: this.#mailed };
    return documentOf(INDEX, index);
  }

  async #readIndex(state: StateStore): Promise<boolean> {
    let isRead = false;
    for await (const page of state.load(REPORT_ROOM, AFTER_DAYS))
      for (const { key, body } of page) {
        const json = body === undefined ? undefined : jsonOf(body);
        if (key === STREAMS && json !== undefined) this.streams = json as KeptDays['streams'];
        if (key !== INDEX || json === undefined) continue;
        const { days, mailed } = json as Index;
        for (const day of days) this.#know(day);
        this.#mailed = mailed;
        isRead = true;
      }
    return isRead;
  }

  /** Without an index: by reading all days. */
  async #readKeys(state: StateStore): Promise<void> {
    for await (const page of state.load(REPORT_ROOM)) for (const { key } of page) this.#know(key);
  }

  #know(key: string): void {
    const day = dateOf(key);
    if (day !== undefined) this.#known.add(day);
  }

  #decoded(key: string, body: Uint8Array | undefined): DayRecord | undefined {
    const record = body === undefined ? undefined : decodeDay(body);
    if (record === undefined)
      this.#host.log('warning', 'DAY', `${key} is damaged, or of another version, and left out of reports`);
    return record;
  }
}

function documentOf(key: string, value: object): StateDocument {
  return { key, body: new Uint8Array(Buffer.from(JSON.stringify(value))) };
}

/** Undefined where it is none. */
function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}
