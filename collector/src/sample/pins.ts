// What someone asked to keep for a time: a trace, or everything of a service or an operation.
// A pinned trace is kept for another's sake: it carries no threshold and counts in no estimate. An explicit drop wins.
import type { TraceFacts } from './facts.ts';
import { KEY_SEPARATOR, type KeyPart, type TraceKey, type TraceKeys } from './trace-key.ts';

/** Pins at once; each is looked at once a trace. */
export const MAX_PINS = 256;

/** One wish. Either a trace, or a service with or without one of its operations. */
export interface Pin {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId?: string;
  readonly service?: string;
  readonly operation?: string;
  /** Monotonic. */
  readonly untilMs: number;
}

/** Wishes by what they name. Those of traces also help traces that are still waiting. */
export class Pins {
  readonly #until = new Map<string, number>();
  readonly #operation: TraceKey;
  readonly #service: TraceKey;
  #hasOperations = false;

  constructor(keys: TraceKeys) {
    const of = (...parts: KeyPart[]): TraceKey => keys.of(parts);
    this.#operation = of('service', 'operation');
    this.#service = of('service');
  }

  get count(): number {
    return this.#until.size;
  }

  /** How many have not run out. */
  inForce(nowMs: number): number {
    this.#expire(nowMs);
    return this.#until.size;
  }

  /** @returns false where there is no room for one more */
  add({ traceId, service = '', operation, untilMs }: Pin, nowMs: number): boolean {
    this.#expire(nowMs);
    if (this.#until.size >= MAX_PINS) return false;
    this.#until.set(traceId ?? (operation === undefined ? service : `${service}${KEY_SEPARATOR}${operation}`), untilMs);
    this.#hasOperations ||= traceId === undefined;
    return true;
  }

  /** Tells whether a trace is pinned. Only asked while there are pins. */
  has(traceId: string, facts: TraceFacts): boolean {
    return (
      this.#isPinned(traceId, facts.nowMs) ||
      (this.#hasOperations &&
        (this.#isPinned(this.#service.of(facts), facts.nowMs) ||
          this.#isPinned(this.#operation.of(facts), facts.nowMs)))
    );
  }

  #isPinned(name: string, nowMs: number): boolean {
    const until = this.#until.get(name);
    if (until !== undefined && until < nowMs) this.#until.delete(name);
    return until !== undefined && until >= nowMs;
  }

  #expire(nowMs: number): void {
    for (const [name, until] of this.#until) if (until < nowMs) this.#until.delete(name);
    if (this.#until.size === 0) this.#hasOperations = false;
  }
}
