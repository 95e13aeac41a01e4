// A service in which every operation has become slower: none of them explains much, all of them together do.
import type { AddedTime } from './added-time.ts';
import type { PathProfile } from './path-profile.ts';
import { kindOf } from './trace-tree.ts';

/** With fewer, operations speak for themselves. */
const MIN_OPERATIONS = 3;

/**
 * Adds up what operations of one service added in themselves; calls to others are the others' time, known or not.
 *
 * @param added by operation
 * @returns the service that added most, by the operation through which it is called
 */
export function slowService(rootKey: string, added: readonly AddedTime[], during: PathProfile): AddedTime | undefined {
  const sums = new Map<string, { addedMs: number; operations: number }>();
  for (const { key, kind, addedMs } of added) {
    const { operation } = during.operations.get(key) ?? {};
    if (operation === undefined || (kind !== 'slow_dependency' && kind !== 'own_code')) continue;
    if (['client', 'producer'].includes(kindOf(operation.kind))) continue;
    const sum = sums.get(operation.service) ?? { addedMs: 0, operations: 0 };
    sum.addedMs += addedMs;
    sum.operations++;
    sums.set(operation.service, sum);
  }
  const [most] = [...sums]
    .filter(([, { operations }]) => operations >= MIN_OPERATIONS)
    .sort(([, a], [, b]) => b.addedMs - a.addedMs);
  if (most === undefined) return undefined;
  const [service, sum] = most;
  const key = entryOf(service, rootKey, during);
  return key === undefined ? undefined : { key, kind: 'slow_service', ...sum };
}

/** The operation through which a service is called: the one that takes longest of those others call. */
function entryOf(service: string, rootKey: string, { operations, edges }: PathProfile): string | undefined {
  if (operations.get(rootKey)?.operation.service === service) return rootKey;
  let [entry, longestMs]: [string | undefined, number] = [undefined, -1];
  for (const [parent, children] of edges) {
    if (operations.get(parent)?.operation.service === service) continue;
    for (const key of children.keys()) {
      const child = operations.get(key);
      if (child?.operation.service !== service || child.durationMs <= longestMs) continue;
      [entry, longestMs] = [key, child.durationMs];
    }
  }
  return entry;
}
