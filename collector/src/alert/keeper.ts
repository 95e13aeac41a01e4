// Keeps what is known of alerts, one time after the other, and never holds up an alert.
import type { Host } from '../pipeline/contract.ts';

/** Keeping what is known takes milliseconds; where it hangs, an alert is not held up by it. */
const SAVE_WITHIN_MS = 2000;

/** Lets what is known be saved. */
export class Keeper {
  readonly #save: () => Promise<void>;
  readonly #host: Pick<Host, 'clock' | 'log'>;
  #keeping: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param save saves what is known when it is called */
  constructor(save: () => Promise<void>, host: Pick<Host, 'clock' | 'log'>) {
    this.#save = save;
    this.#host = host;
  }

  /** Resolves once what is known now is kept. Calls while that is under way share the next time. */
  keep(): Promise<void> {
    if (this.#keeping === undefined) {
      this.#keeping = this.#keepOnce().then(() => void (this.#keeping = undefined));
      return this.#keeping;
    }
    this.#next ??= this.#keeping.then(() => {
      this.#next = undefined;
      return this.keep();
    });
    return this.#next;
  }

  /** Resolves once all is kept that was to be; waits no longer than for two times. */
  async settled(): Promise<void> {
    await (this.#next ?? this.#keeping);
  }

  /** Never fails and never hangs: an alert that is told twice is better than one that is not. */
  async #keepOnce(): Promise<void> {
    let cancel = (): void => {};
    const patience = new Promise<void>((resolve) => {
      cancel = this.#host.clock.after(SAVE_WITHIN_MS, resolve);
    });
    try {
      await Promise.race([this.#save(), patience]);
    } catch {
      this.#host.log('error', 'SAVE', 'what is known of alerts cannot be kept; after a restart some may be told again');
    }
    cancel();
  }
}
