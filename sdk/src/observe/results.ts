// How much a call brought, read from results of the shapes that libraries have.

/** Where libraries put the list in the result of a search. */
const LISTS = ['documents', 'results', 'matches', 'records', 'memories', 'items', 'hits', 'data', 'rows', 'points'];

/** What is read of objects that others made; nothing is known of it. */
export type Fields = Readonly<Record<string, unknown>>;

/** Fields of an object; undefined of anything else. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** How many entries a result holds. @returns undefined where that cannot be seen */
export function countOf(result: unknown): number | undefined {
  if (Array.isArray(result)) return result.length;
  if (result instanceof Map || result instanceof Set) return result.size;
  if (typeof result !== 'object' || result === null) return undefined;
  const found = LISTS.map((key) => (result as Record<string, unknown>)[key]).find((entries) => Array.isArray(entries));
  return (found as readonly unknown[] | undefined)?.length;
}

/** Runs a callback of the program about a call. @returns undefined where it throws: the call matters more */
export function asked<Args, Answer>(
  question: ((args: Args) => Answer) | undefined,
  args: readonly unknown[],
): Answer | undefined {
  try {
    const answer = question?.(args as Args);
    if (!(answer instanceof Promise)) return answer;
    // Nothing waits for an async callback by mistake, so its rejection would end the process.
    answer.catch(() => {});
    return undefined;
  } catch {
    return undefined;
  }
}

/** Of a proxy that was revoked not even that can be asked. */
export function isPromise(value: unknown): value is Promise<unknown> {
  try {
    return value instanceof Promise;
  } catch {
    return false;
  }
}

/** Attributes without those that are not known. */
export function known<V>(attributes: Readonly<Record<string, V | undefined>>): Record<string, V> {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, V>;
}
