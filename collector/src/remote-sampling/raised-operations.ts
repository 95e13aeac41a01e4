// Operations in violation, of which services are told to sample more, and less and less once it is over. Pure.

export interface RaiseOptions {
  /** How many times as much; 1 raises nothing. */
  readonly factor: number;
  /** What was raised halves in so long once it is over. */
  readonly decayMs: number;
}

/** Below this it is as if it had never been. */
const LEAST_FACTOR = 1.05;
/** Operations at once, of all services: more are in violation only where everything is. */
const MAX_RAISED = 1000;

/** How many times as much of an operation of one service is wanted. */
export type FactorOf = (operation: string) => number;

export class RaisedOperations {
  readonly #options: RaiseOptions;
  /** By service and operation, when the violation was over; Infinity while it is open. */
  readonly #services = new Map<string, Map<string, number>>();
  #count = 0;

  constructor(options: RaiseOptions) {
    this.#options = options;
  }

  /** Takes that an operation is in violation, or is no more. */
  violated(service: string, operation: string, isOpen: boolean, nowMs: number): void {
    if (this.#options.factor <= 1) return;
    const known = this.#services.get(service)?.get(operation);
    if (!isOpen && known !== Infinity) return;
    if (known === undefined && this.#count >= MAX_RAISED) return;
    let operations = this.#services.get(service);
    if (operations === undefined) this.#services.set(service, (operations = new Map()));
    if (known === undefined) this.#count++;
    operations.set(operation, isOpen ? Infinity : nowMs);
  }

  /**
   * @param isEntry tells whether a service is entered by an operation; one that it is not is sampled where others are
   * @returns undefined where nothing of the service is raised
   */
  factorsOf(service: string, isEntry: (operation: string) => boolean, nowMs: number): FactorOf | undefined {
    const operations = this.#services.get(service);
    if (operations === undefined) return undefined;
    const own = new Map<string, number>();
    let all = 1;
    for (const [operation, overMs] of operations) {
      const { factor, decayMs } = this.#options;
      const left = overMs === Infinity ? factor : 1 + (factor - 1) * 0.5 ** ((nowMs - overMs) / decayMs);
      if (left < LEAST_FACTOR) {
        operations.delete(operation);
        this.#count--;
      } else if (isEntry(operation)) own.set(operation, left);
      else all = Math.max(all, left);
    }
    if (operations.size === 0) this.#services.delete(service);
    return (operation) => Math.max(all, own.get(operation) ?? 1);
  }
}
