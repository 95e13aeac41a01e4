// The main thread's side of what rooms keep: hands documents over, bounded in bytes, and never throws into the flow.
import type { Host } from '../pipeline/contract.ts';
import type { LoadedDocument, StateAnswer, StateDocument, StateStore } from './contract.ts';
import type { storeInstruments } from './instruments.ts';
import type { Questions } from './questions.ts';

/** Documents on their way to the thread. A room saves what it has a little at a time. */
const MAX_QUEUE_BYTES = 16 * 1024 ** 2;

export class StateQuestions implements StateStore {
  readonly #questions: Questions;
  readonly #host: Host<keyof typeof storeInstruments>;
  #queueBytes = 0;

  constructor(questions: Questions, host: Host<keyof typeof storeInstruments>) {
    this.#questions = questions;
    this.#host = host;
  }

  async save(room: string, documents: readonly StateDocument[], removed: readonly string[] = []): Promise<boolean> {
    const count = documents.length + removed.length;
    const bytes = documents.reduce((sum, { body }) => sum + body.length, 0);
    // One that is larger by itself goes alone.
    if (this.#queueBytes > 0 && this.#queueBytes + bytes > MAX_QUEUE_BYTES) return this.#dropped(count, 'queue_full');
    this.#queueBytes += bytes;
    try {
      const nowMs = this.#host.clock.nowMs();
      const sizeBytes = await this.#questions.askShort({ kind: 'save_state', room, documents, removed, nowMs });
      if (typeof sizeBytes === 'number') this.#host.record('state_size', sizeBytes);
      if (removed.length > 0) this.#host.count('state_removed', removed.length);
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#host.log('error', 'STORE_STATE', `what ${room} has learned was not stored: ${message}`);
      return this.#dropped(count, 'failed');
    } finally {
      this.#queueBytes -= bytes;
    }
  }

  async *load(room: string, after = ''): AsyncGenerator<readonly LoadedDocument[], void, undefined> {
    let from = after;
    for (;;) {
      const answer = (await this.#questions.askShort({ kind: 'state_page', room, after: from })) as StateAnswer;
      const last = typeof answer === 'number' ? undefined : answer.at(-1);
      if (typeof answer === 'number' || last === undefined) return;
      yield answer;
      from = last.key;
    }
  }

  /** Says that the file was damaged and begun anew. */
  lost(message: string): void {
    const what = 'the file of what was learned was damaged and is set aside as state.sqlite.damaged';
    this.#host.log('error', 'STORE_STATE_LOST', `${what}: ${message}`);
  }

  #dropped(count: number, reason: 'queue_full' | 'failed'): false {
    this.#host.count('state_dropped', count, { reason });
    return false;
  }
}
