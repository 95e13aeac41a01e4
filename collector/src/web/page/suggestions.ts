// What fields suggest while somebody types.
import type { OperationSummary } from '../api.ts';

/** More would not be read. */
export const MAX_SUGGESTIONS = 200;

/** Texts once each, without empty ones, in the order people expect. */
export function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== '').sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** Names of a service's operations, or of all where it is empty. */
export function namesOf(operations: readonly OperationSummary[], ofService: string): string[] {
  return distinct(
    operations.filter(({ service }) => ofService === '' || service === ofService).map(({ name }) => name),
  );
}
