// Which violations are of one cause, as far as time tells: those that are open together and began about the same time.
// For recorded calls, of which it is not known who calls whom; see cause-groups.ts for live ones.

/** Violations that began so near each other are taken for one. */
const SAME_ONSET_MS = 60_000;

interface Open {
  readonly group: string;
  readonly onsetMs: number;
}

export class Grouping {
  readonly #open = new Map<string, Open>();
  readonly #newGroup: () => string;

  /** @param newGroup makes the id of a new group */
  constructor(newGroup: () => string) {
    this.#newGroup = newGroup;
  }

  /** The group of a violation; the first time it is asked for, it is chosen. @param key of the violation */
  groupOf(key: string, onsetMs: number): string {
    const known = this.#open.get(key);
    if (known !== undefined) return known.group;
    const group = this.#near(onsetMs)?.group ?? this.#newGroup();
    this.#open.set(key, { group, onsetMs });
    return group;
  }

  /** Forgets a violation that is over. */
  close(key: string): void {
    this.#open.delete(key);
  }

  #near(onsetMs: number): Open | undefined {
    for (const open of this.#open.values()) if (Math.abs(open.onsetMs - onsetMs) <= SAME_ONSET_MS) return open;
    return undefined;
  }
}
