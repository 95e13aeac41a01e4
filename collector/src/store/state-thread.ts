// The thread's side of what rooms keep: serves saves and pages, and begins anew where the file is damaged.
import type { StateAnswer, StateQuestion } from './contract.ts';
import { isBroken } from './sqlite.ts';
import { putStateAside, StateFile } from './state-file.ts';

export class StateThread {
  readonly #folder: string;
  readonly #lost: (error: unknown) => void;
  #file: StateFile;

  /** @param lost is told where the file was damaged and an empty one took its place */
  constructor(folder: string, lost: (error: unknown) => void) {
    this.#folder = folder;
    this.#lost = lost;
    try {
      this.#file = new StateFile(folder);
    } catch (error) {
      if (!isBroken(error)) throw error;
      this.#file = this.#beginAnew(error);
    }
  }

  /** @throws Error from SQLite; after a damaged file an empty one is there */
  answer(question: StateQuestion): StateAnswer {
    try {
      if (question.kind === 'state_page') return this.#file.page(question.room, question.after);
      const { room, documents, removed, nowMs } = question;
      this.#file.save(room, documents, removed, nowMs);
      return this.#file.sizeBytes();
    } catch (error) {
      if (isBroken(error)) {
        this.#file.close();
        this.#file = this.#beginAnew(error);
      }
      throw error;
    }
  }

  close(): void {
    this.#file.close();
  }

  #beginAnew(error: unknown): StateFile {
    putStateAside(this.#folder);
    const empty = new StateFile(this.#folder);
    this.#lost(error);
    return empty;
  }
}
