// Violations and calls in short: `web/GET@10` is GET of the service web, which began in second 10; `web/GET>pay/POST` is
// a call of one by the other. A name without a service is no operation.
import { CallGraph, type Calls } from '../../collector/src/baseline/call-graph.ts';
import type { Change, Severity, Subject } from '../../collector/src/baseline/contract.ts';
import type { OperationEdge } from '../../collector/src/baseline/edges.ts';
import { operationOf } from '../../collector/src/baseline/violation-group.ts';
import { Violations } from '../../collector/src/baseline/violations.ts';

export function subjectNamed(name: string): Subject {
  const [service = '', operation] = name.split('/');
  const attributes: Record<string, string> =
    operation === undefined ? {} : { 'service.name': service, 'span.name': operation, 'span.kind': 'SPAN_KIND_SERVER' };
  return { key: name, name, attributes };
}

/** A violation of durations, as it begins or is said again. */
export function begun(onsetS: number, severity: Severity | 'none' = 'warning', ratio = 2): Change {
  const timeMs = onsetS * 1000 + 10_000;
  const off = { value: ratio, low: ratio * 0.9, high: ratio * 1.1 };
  return { timeMs, kind: 'latency', severity, onsetMs: onsetS * 1000, ratio: off, nats: 20, calls: 80, quantiles: [] };
}

/** Seen a hundred times. */
export function edge(text: string, count = 100): OperationEdge {
  const [parent = '', child = ''] = text.split('>').map((name) => operationOf(subjectNamed(name)));
  return { parent, child, count, lastSeenMs: 0 };
}

/** @param placed violations of whose operations it is known who calls them */
export function callsOf(edges: readonly (string | OperationEdge)[], placed: readonly string[]): Calls {
  const keys = placed.map((text) => operationOf(subjectNamed(text.replace(/@.*/, ''))));
  return new CallGraph(
    edges.map((each) => (typeof each === 'string' ? edge(each) : each)),
    new Set(keys.filter((key) => key !== '')),
  );
}

/** What violations come to one after the other: members by group, in the order in which groups came. */
export function cameTo(violations: readonly string[], calls: Calls): string[][] {
  let id = 0;
  const all = new Violations(
    () => `g${++id}`,
    () => calls,
  );
  for (const each of violations) {
    const [name = '', onset = '0'] = each.split('@');
    all.take(subjectNamed(name), begun(Number(onset)), []);
  }
  return idsOf(all);
}

/** Names of members by group, the group that came first at the front. */
export function idsOf(violations: Violations): string[][] {
  return violations
    .groups()
    .map(({ members }) => members.map(({ subject }) => subject.name))
    .toReversed();
}
