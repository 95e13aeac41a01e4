// Operations that are watched, by number and by key, with numbers for their services.
import type { Subject } from './contract.ts';
import type { Operation } from './operation.ts';
import type { Watched } from './watched.ts';

export class WatchedTable {
  /** By number; one that was forgotten leaves a gap. */
  readonly all: (Watched | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #services = new Map<string, number>();
  readonly #most: number;
  readonly #firstDueMs: () => number;

  /** @param most operations at once; @param firstDueMs when one that has just come is written down first */
  constructor(most: number, firstDueMs: () => number) {
    this.#most = most;
    this.#firstDueMs = firstDueMs;
  }

  get isFull(): boolean {
    return this.#byKey.size >= this.#most;
  }

  numberOf(key: string): number | undefined {
    return this.#byKey.get(key);
  }

  by(key: string): Watched | undefined {
    const at = this.#byKey.get(key);
    return at === undefined ? undefined : this.all[at];
  }

  serviceNamed(name: string): number {
    let id = this.#services.get(name);
    if (id === undefined) this.#services.set(name, (id = this.#services.size));
    return id;
  }

  /** @returns its number */
  add(subject: Subject, operation: Operation, usedMs: number): number {
    const at = this.#free.pop() ?? this.all.length;
    const service = this.serviceNamed(subject.attributes['service.name'] ?? '');
    this.all[at] = { subject, service, operation, usedMs, dueMs: this.#firstDueMs() };
    this.#byKey.set(subject.key, at);
    return at;
  }

  remove(at: number): void {
    const watched = this.all[at];
    if (watched === undefined) return;
    this.#byKey.delete(watched.subject.key);
    this.all[at] = undefined;
    this.#free.push(at);
  }
}
