// Which operations the table shows, in which order.
import type { OperationSummary } from '../api.ts';
import { word } from './format.ts';

export type OperationColumn = 'service' | 'name' | 'kind' | 'rate' | 'errors' | 'p50' | 'p95' | 'p99';

export interface Order {
  readonly column: OperationColumn;
  readonly direction: 'ascending' | 'descending';
}

type Sortable = string | number | null;

const VALUES: Readonly<Record<OperationColumn, (operation: OperationSummary) => Sortable>> = {
  service: (operation) => operation.service,
  name: (operation) => operation.name,
  kind: (operation) => word(operation.kind),
  rate: (operation) => operation.callsPerSecond,
  errors: (operation) => operation.errorRatio,
  p50: (operation) => operation.p50,
  p95: (operation) => operation.p95,
  p99: (operation) => operation.p99,
};

const TEXT_COLUMNS: ReadonlySet<OperationColumn> = new Set(['service', 'name', 'kind']);

/** Made once: thousands of names are compared each second. */
const TEXT_ORDER = new Intl.Collator('en', { numeric: true });

/** Identifies an operation across readings. */
export function operationId(operation: OperationSummary): string {
  const { service, name, kind, overflow, estimated } = operation;
  return JSON.stringify([service, name, kind, overflow, estimated]);
}

/** Sorts a copy. Operations without a value come last either way; equal ones by service and name. */
export function sortOperations(operations: readonly OperationSummary[], order: Order): OperationSummary[] {
  const valueOf = VALUES[order.column];
  const sign = order.direction === 'ascending' ? 1 : -1;
  return [...operations].sort((a, b) => {
    const left = valueOf(a);
    const right = valueOf(b);
    if (left === null || right === null) return left === right ? byName(a, b) : left === null ? 1 : -1;
    return compare(left, right) * sign || byName(a, b);
  });
}

/** Answers the order after a click on a column: numbers start with the largest, a second click turns it around. */
export function nextOrder(current: Order, column: OperationColumn): Order {
  if (current.column !== column) return { column, direction: TEXT_COLUMNS.has(column) ? 'ascending' : 'descending' };
  return { column, direction: current.direction === 'ascending' ? 'descending' : 'ascending' };
}

/** Tells whether every word of a text occurs in an operation, whatever the case. */
export function matches(operation: OperationSummary, text: string): boolean {
  const marks = `${operation.overflow ? ' overflow' : ''}${operation.estimated ? ' estimated' : ''}`;
  const searched = `${operation.service} ${operation.name} ${word(operation.kind)}${marks}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => searched.includes(part));
}

/**
 * Puts operations into an earlier order, so that rows stay put under a pointer.
 *
 * @param earlier ids in the order to hold; operations not among them come last, in the order given
 */
export function holdOrder(operations: readonly OperationSummary[], earlier: readonly string[]): OperationSummary[] {
  const places = new Map(earlier.map((id, place) => [id, place]));
  const placed = operations.map((operation, i) => ({
    operation,
    place: places.get(operationId(operation)) ?? earlier.length + i,
  }));
  return placed.sort((a, b) => a.place - b.place).map(({ operation }) => operation);
}

function byName(a: OperationSummary, b: OperationSummary): number {
  return compare(a.service, b.service) || compare(a.name, b.name) || compare(a.kind, b.kind);
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'string' && typeof b === 'string') return TEXT_ORDER.compare(a, b);
  return Number(a) - Number(b);
}
