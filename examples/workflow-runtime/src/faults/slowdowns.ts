// Slows a dependency of the runtime on request by doing its work several times over. Never by waiting: what is slow
// here costs CPU or disk, as a slow dependency does.

/** The dependencies that can be slowed: SQL queries, README files, manifests, the search over the vectors. */
export const DEPENDENCIES = ['table', 'readme', 'manifest', 'vectors'] as const;

export type Dependency = (typeof DEPENDENCIES)[number];

/** The most times one piece of work is done; a search of 0.1 ms then takes 0.1 s and the API still answers. */
export const MAX_SLOWDOWN = 1000;

export class Slowdowns {
  readonly #times = new Map<Dependency, number>(DEPENDENCIES.map((dependency) => [dependency, 1]));

  /** @param times how often the work is done, 1 (normal) to MAX_SLOWDOWN; the caller has checked it */
  set(dependency: Dependency, times: number): void {
    this.#times.set(dependency, times);
  }

  times(dependency: Dependency): number {
    return this.#times.get(dependency) ?? 1;
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#times);
  }
}

/** Does work a number of times and returns the last result. */
export function repeat<T>(times: number, work: () => T): T {
  for (let done = 1; done < times; done++) work();
  return work();
}

/**
 * Does asynchronous work a number of times, one after the other, and resolves to the last result.
 *
 * @param signal ends it when nobody waits for the result any more
 */
export async function repeatAsync<T>(times: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let done = 1; done < times; done++) {
    signal?.throwIfAborted();
    await work();
  }
  return work();
}
