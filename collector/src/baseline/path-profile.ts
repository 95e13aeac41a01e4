// Where the time of an operation goes, by the operations below it: sums over calls, to be compared with those of another
// time. Holds as much as the traces it was given have operations.
import { walkCriticalPath } from './critical-path.ts';
import { type Call, callsOf, type KeptTrace, operationKey, type OperationName, type TraceSpan } from './trace-tree.ts';

/** One operation below (or at) the one that is explained. Sums of adjusted counts and of milliseconds. */
export interface OperationTotals {
  readonly operation: OperationName;
  calls: number;
  errors: number;
  /** Of whole spans, waited for or not. */
  durationMs: number;
  /** On the critical path, after the last child or without any. */
  ownMs: number;
  /** On the critical path, before a child: by the key of that child. */
  readonly gapMs: Map<string, number>;
  /** How often each `error.type` was seen. */
  readonly errorTypes: Map<string, number>;
  /** Namespaces of its attributes that say what is called, as `db`. */
  readonly namespaces: Set<string>;
}

/** Calls of one operation by another. Sums of adjusted counts. */
export interface EdgeTotals {
  calls: number;
  /** Calls of the parent that have at least one. */
  parents: number;
  /** Calls of the parent that have several, their calls beyond the first, and how many of all but the last failed. */
  repeats: number;
  failedRepeats: number;
}

export interface PathProfile {
  /** How many calls of the operation it is from, and how many they stand for. */
  readonly seen: number;
  readonly calls: number;
  /** Mean of the operation; the means of all pieces below add up to it. */
  readonly meanMs: number;
  readonly operations: ReadonlyMap<string, OperationTotals>;
  /** By the key of the parent, then of the child. */
  readonly edges: ReadonlyMap<string, ReadonlyMap<string, EdgeTotals>>;
}

/** One call of the operation and what its trace stands for. */
export interface WeighedCall {
  readonly traceId: string;
  readonly call: Call;
  readonly weight: number;
}

/** Namespaces that say what is called. */
const NAMESPACES = ['db', 'gen_ai', 'messaging', 'http', 'rpc'];
/** Kinds of errors that are told apart for one operation. */
const MAX_ERROR_TYPES = 20;

/** Calls of an operation in traces, in their order. */
export function weighedCalls(operation: OperationName, traces: readonly KeptTrace[]): WeighedCall[] {
  return traces.flatMap((trace) => {
    const { adjustedCount = 1, traceId } = trace;
    const weight = Number.isFinite(adjustedCount) && adjustedCount > 0 ? adjustedCount : 1;
    return callsOf(operation, trace).map((call) => ({ traceId, call, weight }));
  });
}

/** Adds up calls of one operation. */
export function profileOf(calls: readonly WeighedCall[]): PathProfile {
  const operations = new Map<string, OperationTotals>();
  const edges = new Map<string, Map<string, EdgeTotals>>();
  const keys = new Map<Call, string>();
  let weights = 0;
  let sumMs = 0;
  for (const { call: root, weight } of calls) {
    keys.clear();
    weights += weight;
    sumMs += weight * (root.toMs - root.fromMs);
    for (const call of everyCall(root)) {
      const key = operationKey(call.span);
      keys.set(call, key);
      addSpan(totalsOf(operations, key, call.span), call, weight);
    }
    for (const [call, key] of keys) addEdges(edges, key, call, keys, weight);
    walkCriticalPath(root, (call, next, lengthMs) => {
      const totals = operations.get(keys.get(call) ?? '');
      if (totals === undefined) return;
      if (next === undefined) totals.ownMs += weight * lengthMs;
      else addTo(totals.gapMs, keys.get(next) ?? '', weight * lengthMs);
    });
  }
  return { seen: calls.length, calls: weights, meanMs: weights === 0 ? 0 : sumMs / weights, operations, edges };
}

function everyCall(root: Call): Call[] {
  const all = [root];
  for (const call of all) for (const child of call.children) all.push(child);
  return all;
}

function totalsOf(operations: Map<string, OperationTotals>, key: string, span: TraceSpan): OperationTotals {
  const known = operations.get(key);
  if (known !== undefined) return known;
  const { service, name, kind } = span;
  const totals = emptyTotals({ service, name, kind });
  operations.set(key, totals);
  return totals;
}

function emptyTotals(operation: OperationName): OperationTotals {
  return {
    operation,
    calls: 0,
    errors: 0,
    durationMs: 0,
    ownMs: 0,
    gapMs: new Map(),
    errorTypes: new Map(),
    namespaces: new Set(),
  };
}

function addSpan(totals: OperationTotals, { span, fromMs, toMs }: Call, weight: number): void {
  totals.calls += weight;
  totals.durationMs += weight * (toMs - fromMs);
  if (span.isError) {
    totals.errors += weight;
    const type = span.attributes?.['error.type'];
    const { errorTypes } = totals;
    if (typeof type === 'string' && (errorTypes.has(type) || errorTypes.size < MAX_ERROR_TYPES)) {
      addTo(errorTypes, type, weight);
    }
  }
  for (const name in span.attributes) {
    const namespace = NAMESPACES.find((each) => name.startsWith(`${each}.`));
    if (namespace !== undefined) totals.namespaces.add(namespace);
  }
}

function addEdges(
  edges: Map<string, Map<string, EdgeTotals>>,
  parentKey: string,
  parent: Call,
  keys: ReadonlyMap<Call, string>,
  weight: number,
): void {
  if (parent.children.length === 0) return;
  const groups = new Map<string, Call[]>();
  for (const child of parent.children.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const key = keys.get(child) ?? '';
    const group = groups.get(key);
    if (group !== undefined) group.push(child);
    else groups.set(key, [child]);
  }
  const children = edges.get(parentKey) ?? new Map<string, EdgeTotals>();
  edges.set(parentKey, children);
  for (const [key, group] of groups) {
    const edge = children.get(key) ?? { calls: 0, parents: 0, repeats: 0, failedRepeats: 0 };
    children.set(key, edge);
    edge.calls += weight * group.length;
    edge.parents += weight;
    edge.repeats += weight * (group.length - 1);
    edge.failedRepeats += weight * group.slice(0, -1).filter(({ span }) => span.isError).length;
  }
}

function addTo(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}
