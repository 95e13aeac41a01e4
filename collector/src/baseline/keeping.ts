// Writes down what is known, so that it is there after a restart, and reads it again. An operation is written every few
// minutes and when something happens to it; never many at once.
import type { Host } from '../pipeline/contract.ts';
import type { LoadedDocument, StateDocument, StateStore } from '../store/contract.ts';
import type { baselineInstruments } from './instruments.ts';
import type { WatchOptions } from './operation.ts';
import {
  decodeSaved,
  encodeSaved,
  OtherFormat,
  type RestoredOperation,
  restoredOperation,
  type SavedGroup,
} from './saved.ts';
import type { Violations } from './violations.ts';
import type { Watched } from './watched.ts';

const ROOM = 'baseline';
const OPERATION = 'operation ';
const GROUP = 'group ';
const LEARNING_EVERY_MS = 300_000;
const LEARNED_EVERY_MS = 1_800_000;
/** Documents a second, where nothing has happened to them: as many as all of them need, with some to spare. */
const LEAST_A_SECOND = 32;
const SPREAD_S = LEARNING_EVERY_MS / 1000 / 2;
/** After a failure all is written again, from then on over the usual time. */
const AGAIN_AFTER_MS = 60_000;
/** Whoever is told of a violation waits no longer than this for it to be written down. */
const SAVE_WITHIN_MS = 2000;
/** The whole program has five seconds to stop. */
const STOP_WITHIN_MS = 2000;
const BATCH = 64;

export class Keeping {
  readonly #host: Host<keyof typeof baselineInstruments>;
  readonly #violations: Violations;
  /** Undefined: nothing is kept. */
  store: StateStore | undefined;
  readonly #urgent = new Set<Watched>();
  readonly #removed: string[] = [];
  #cursor = 0;
  #againMs = Infinity;
  /** What was written before is not written over before it is read. */
  #isReading = false;
  #isStopped = false;

  constructor(host: Host<keyof typeof baselineInstruments>, violations: Violations) {
    this.#host = host;
    this.#violations = violations;
  }

  /** When an operation that has just come is written down first. */
  firstDueMs(nowMs: number): number {
    return nowMs + this.#host.random() * LEARNING_EVERY_MS;
  }

  /** Something happened to an operation: it is written with the next second. */
  happened(watched: Watched): void {
    if (this.store !== undefined) this.#urgent.add(watched);
  }

  /** An operation is not watched any more. */
  forget(watched: Watched): void {
    this.#urgent.delete(watched);
    if (this.store !== undefined) this.#removed.push(OPERATION + watched.subject.key);
  }

  /**
   * Writes what is due. What happened in one second is written together or not at all.
   *
   * @param watched all operations
   * @returns when what happened is written, or cannot be
   */
  async save(watched: readonly (Watched | undefined)[], nowMs: number): Promise<void> {
    const { store } = this;
    if (this.#isReading) return;
    const { changed, forgotten } = this.#violations.unsaved();
    if (store === undefined) return;
    if (nowMs >= this.#againMs) this.#saveAgain(watched, nowMs);
    const due = this.#due(watched, nowMs);
    const documents = [...due.map(documentOf), ...changed.map(groupDocument)];
    const removed = [...this.#removed.splice(0), ...forgotten.map((id) => GROUP + id)];
    if (documents.length === 0 && removed.length === 0) return;
    for (const each of due) each.dueMs = nowMs + this.#everyMs(each);
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => (cancel = this.#host.clock.after(SAVE_WITHIN_MS, resolve)));
    await Promise.race([this.#hand(store, documents, removed, due.length), late]);
    cancel();
  }

  /** Writes every operation for the last time, as far as there is time: first those that would lose most. */
  async saveAll(watched: readonly (Watched | undefined)[]): Promise<void> {
    const { store } = this;
    this.#isStopped = true;
    if (store === undefined || this.#isReading) return;
    const untilMs = this.#host.clock.monotonicMs() + STOP_WITHIN_MS;
    const known = watched.filter((each) => each !== undefined);
    const [learning, learned] = [true, false].map((is) => known.filter((each) => each.operation.isProvisional === is));
    const all = [...learning, ...learned];
    for (let i = 0; i < all.length && this.#host.clock.monotonicMs() < untilMs; i += BATCH) {
      const batch = all.slice(i, i + BATCH);
      if (!(await this.#hand(store, batch.map(documentOf), [], batch.length))) return;
    }
  }

  /**
   * Reads what was written down.
   *
   * @param takeOperation takes one over; false where there is no room for it
   * @returns false where it was stopped meanwhile
   */
  async load(options: WatchOptions, takeOperation: (restored: RestoredOperation) => boolean): Promise<boolean> {
    if (this.store === undefined) return true;
    this.#isReading = true;
    const groups: SavedGroup[] = [];
    const take = (document: LoadedDocument): void => {
      const { key, body } = document;
      if (body === undefined) throw new Error('its checksum is wrong');
      if (key.startsWith(GROUP)) groups.push(decodeSaved(body) as SavedGroup);
      else if (!takeOperation(restoredOperation(body, options))) this.#lose('limit', 'max_operations was reached', key);
    };
    try {
      for await (const page of this.store.load(ROOM)) {
        if (this.#isStopped) return false;
        for (const document of page) this.#try(take, document);
      }
    } catch (error) {
      this.#host.log('error', 'BASELINE_UNREAD', `what was learned before cannot be read: ${String(error)}`);
      // An empty file may have taken its place: what was read is written into it.
      this.#againMs = this.#host.clock.nowMs();
    }
    this.#violations.restore(groups);
    this.#isReading = false;
    return true;
  }

  #try(take: (document: LoadedDocument) => void, document: LoadedDocument): void {
    try {
      take(document);
    } catch (error) {
      // What a later program wrote may be of use to it again.
      const isFormat = error instanceof OtherFormat;
      if (!isFormat) this.#removed.push(document.key);
      this.#lose(isFormat ? 'format' : 'damaged', String(error), document.key);
    }
  }

  #lose(reason: 'damaged' | 'format' | 'limit', why: string, key: string): void {
    this.#host.count('lost_states', 1, { reason });
    this.#host.log('warning', 'BASELINE_LOST', `something learned before is learned anew, ${key}: ${why}`);
  }

  async #hand(
    store: StateStore,
    documents: readonly StateDocument[],
    removed: readonly string[],
    operations: number,
  ): Promise<boolean> {
    const isSaved = await store.save(ROOM, documents, removed);
    if (isSaved) this.#host.count('saved_states', operations);
    else this.#againMs = Math.min(this.#againMs, this.#host.clock.nowMs() + AGAIN_AFTER_MS);
    return isSaved;
  }

  #due(watched: readonly (Watched | undefined)[], nowMs: number): Watched[] {
    const due = [...this.#urgent];
    const most = due.length + Math.max(LEAST_A_SECOND, Math.ceil(watched.length / SPREAD_S));
    for (let i = 0; i < watched.length && due.length < most; i++) {
      this.#cursor = (this.#cursor + 1) % watched.length;
      const each = watched[this.#cursor];
      if (each !== undefined && each.dueMs <= nowMs && !this.#urgent.has(each)) due.push(each);
    }
    this.#urgent.clear();
    return due;
  }

  #everyMs({ operation }: Watched): number {
    const everyMs = operation.isProvisional ? LEARNING_EVERY_MS : LEARNED_EVERY_MS;
    return everyMs * (0.9 + 0.2 * this.#host.random());
  }

  #saveAgain(watched: readonly (Watched | undefined)[], nowMs: number): void {
    this.#againMs = Infinity;
    this.#violations.unsave();
    for (const each of watched) if (each !== undefined) each.dueMs = Math.min(each.dueMs, this.firstDueMs(nowMs));
  }
}

function documentOf({ subject, operation, usedMs }: Watched): StateDocument {
  const { attributes } = subject;
  const [service, name, kind] = ['service.name', 'span.name', 'span.kind'].map((of) => attributes[of] ?? '');
  const saved = { service, name, kind, usedMs, operation: operation.snapshot() };
  return { key: OPERATION + subject.key, body: encodeSaved(saved) };
}

function groupDocument(group: SavedGroup): StateDocument {
  return { key: GROUP + group.id, body: encodeSaved(group) };
}
