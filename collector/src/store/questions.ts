// Questions to the store's thread: short ones go at once, long ones one after the other, so that a short one never waits
// behind more than one turn of a long one.
import type { IsWanted, LongQuestion, ShortQuestion, StoreReply, StoreRequest } from './contract.ts';

/** Of each kind; whoever asks faster than the thread answers is told so. */
const MAX_QUESTIONS = 64;
/** More would only share the thread, and hold their answers at the same time. */
const MAX_LONG_AT_ONCE = 1;

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting extends Asked {
  readonly question: LongQuestion;
  readonly isWanted: IsWanted;
}

/** Open questions. */
export class Questions {
  readonly #post: (request: StoreRequest) => boolean;
  /** On their way, by id. */
  readonly #short = new Map<number, Asked>();
  readonly #long = new Map<number, Asked>();
  readonly #waiting: Waiting[] = [];
  #nextId = 1;

  /** @param post hands a request to the thread; false where there is none */
  constructor(post: (request: StoreRequest) => boolean) {
    this.#post = post;
  }

  askShort(question: ShortQuestion): Promise<unknown> {
    if (this.#short.size >= MAX_QUESTIONS) return busy();
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      if (this.#post({ kind: 'short', id, question })) this.#short.set(id, { resolve, reject });
      else reject(closed());
    });
  }

  askLong(question: LongQuestion, isWanted: IsWanted): Promise<unknown> {
    if (this.#waiting.length + this.#long.size >= MAX_QUESTIONS) return busy();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, isWanted, resolve, reject });
      this.#askNext();
    });
  }

  /** Takes the answer to one of them. */
  hear(reply: Extract<StoreReply, { kind: 'answer' | 'refused' }>): void {
    const { id } = reply;
    const asked = this.#short.get(id) ?? this.#long.get(id);
    this.#short.delete(id);
    this.#long.delete(id);
    if (reply.kind === 'answer') asked?.resolve(reply.value);
    else asked?.reject(new Error(reply.message));
    this.#askNext();
  }

  /** Gives all of them up. */
  fail(message: string): void {
    const all = [...this.#short.values(), ...this.#long.values(), ...this.#waiting.splice(0)];
    this.#short.clear();
    this.#long.clear();
    for (const { reject } of all) reject(new Error(message));
  }

  #askNext(): void {
    while (this.#long.size < MAX_LONG_AT_ONCE) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const id = this.#nextId++;
      if (!next.isWanted()) next.reject(new Error('nobody waits for the answer any more'));
      else if (this.#post({ kind: 'long', id, question: next.question })) this.#long.set(id, next);
      else next.reject(closed());
    }
  }
}

function closed(): Error {
  return new Error('the store is closed');
}

function busy(): Promise<never> {
  return Promise.reject(new Error('the store is busy'));
}
