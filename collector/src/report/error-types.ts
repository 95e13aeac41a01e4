// What calls failed of, by `error.type`. How many failed is known of all calls; of what, only of those that were looked at.
import type { ErrorFacts, OperationFacts } from './contract.ts';

/** Of one day. Names beyond it are counted under one. */
const MAX_TYPES = 1000;
const MAX_TEXT = 200;
const OTHER_TYPE = 'other types';
/** Failed calls that say nothing, and those of services of which none was looked at. */
const UNNAMED = 'not named';

/** Failed calls that were looked at. */
export class ErrorTypes {
  readonly #counts = new Map<string, ErrorFacts>();

  /** @param type empty where the call does not say */
  see(service: string, type: string, count = 1): void {
    const name = type === '' ? UNNAMED : type.slice(0, MAX_TEXT);
    const key = `${service.length}:${service}${name}`;
    const known = this.#counts.get(key);
    if (known !== undefined) this.#counts.set(key, { ...known, count: known.count + count });
    else if (this.#counts.size < MAX_TYPES || name === OTHER_TYPE)
      this.#counts.set(key, { service, type: name, count });
    else this.see(service, OTHER_TYPE, count);
  }

  addAll(seen: readonly ErrorFacts[]): void {
    for (const { service, type, count } of seen) this.see(service, type, count);
  }

  saved(): ErrorFacts[] {
    return [...this.#counts.values()];
  }
}

/** Shares the failed calls of each service out by what was seen of them; together they are as many as failed. */
export function errorsByType(operations: readonly OperationFacts[], seen: readonly ErrorFacts[]): ErrorFacts[] {
  const types = Map.groupBy(seen, ({ service }) => service);
  const services = Map.groupBy(operations, ({ service }) => service);
  return [...services].flatMap(([service, rows]) => {
    const errors = rows.reduce((sum, row) => sum + row.errors, 0);
    return errors === 0 ? [] : shared(errors, types.get(service) ?? [{ service, type: UNNAMED, count: 1 }]);
  });
}

/** Whole numbers with the given sum, as near to the shares as can be: the largest remainders are rounded up. */
function shared(errors: number, seen: readonly ErrorFacts[]): ErrorFacts[] {
  const all = seen.reduce((sum, { count }) => sum + count, 0);
  const parts = seen.map((each) => ({ ...each, exact: (errors * each.count) / all }));
  let left = errors - parts.reduce((sum, { exact }) => sum + Math.floor(exact), 0);
  return parts
    .toSorted((a, b) => (b.exact % 1) - (a.exact % 1))
    .map(({ service, type, exact }) => ({ service, type, count: Math.floor(exact) + (left-- > 0 ? 1 : 0) }))
    .filter(({ count }) => count > 0);
}
