// Operations in violation, each for as long as anything of it is open: its latency may be over while it misses a target.
import type { ViolationGroup } from '../baseline/contract.ts';

/** Hears that an operation is in violation, or is no more. */
export type HearViolated = (service: string, name: string, isOpen: boolean) => void;

export class ViolatedOperations {
  readonly #hear: HearViolated;
  /** Ids of violations that are open, by operation. */
  readonly #open = new Map<string, Set<string>>();

  constructor(hear: HearViolated) {
    this.#hear = hear;
  }

  /** Takes a change of a group. What is open is told each time, for who did not listen yet. */
  take({ members }: ViolationGroup): void {
    for (const { id, subject, severity } of members) {
      const { 'service.name': service, 'span.name': name } = subject.attributes;
      if (service === undefined || name === undefined) continue;
      const key = JSON.stringify([service, name]);
      const open = this.#open.get(key) ?? new Set();
      if (severity !== 'none') {
        this.#open.set(key, open.add(id));
        this.#hear(service, name, true);
      } else if (open.delete(id) && open.size === 0) {
        this.#open.delete(key);
        this.#hear(service, name, false);
      }
    }
  }
}
