// Calls of the period: averages and percentiles by operation, errors by type, days, growth, what became faster.
import { barsText, bytesCell, changeCell, countCell, countOf, dayText, durationCell, durationText, ratioCell, ratioText, textCell } from './cells.ts'; // prettier-ignore
import type { OperationFacts, ReportFacts, ReportRequest } from './contract.ts';
import { number, type Section, tableOf, text } from './document.ts';

/** Fewer calls than this are not compared: their means differ by chance. */
const MIN_COMPARED = 100;
/** A change of the mean that is worth a word. */
const FASTER_RATIO = 0.9;
const SLOWER_RATIO = 1.1;

interface Totals {
  readonly calls: number;
  readonly errors: number;
}

export function totalsOf({ operations }: ReportFacts): Totals {
  let [calls, errors] = [0, 0];
  for (const each of operations) {
    calls += each.calls;
    errors += each.errors;
  }
  return { calls, errors };
}

/** Operations, those that take the most time together first. */
export function operationSection({ facts, before }: ReportRequest): Section {
  const was = byKey(before);
  const rows = facts.operations.filter(({ calls }) => calls > 0).toSorted((a, b) => timeOf(b) - timeOf(a));
  const columns = [
    text('service', 'Service'),
    text('operation', 'Operation'),
    number('calls', 'Calls'),
    number('errorRatio', 'Errors'),
    number('meanMs', 'Mean'),
    number('p50Ms', 'p50'),
    number('p95Ms', 'p95'),
    number('p99Ms', 'p99'),
    number('p95Change', 'p95 change'),
  ];
  const table = tableOf(columns, rows, (row) => [
    textCell(row.service),
    textCell(row.name),
    countCell(row.calls),
    ratioCell(row.errors / row.calls),
    durationCell(row.meanMs),
    durationCell(row.p50Ms),
    durationCell(row.p95Ms),
    durationCell(row.p99Ms),
    changeCell(comparable(was.get(keyOf(row)), row)?.p95Ms, row.p95Ms, 'more_is_worse'),
  ]);
  return { id: 'operations', title: 'Operations', sentences: [callSentence(facts, before)], table };
}

/** Calls and failures in one sentence. */
export function callSentence(facts: ReportFacts, before: ReportFacts | undefined): string {
  const { calls, errors } = totalsOf(facts);
  if (calls === 0) return 'No call was seen.';
  const was = before === undefined ? undefined : totalsOf(before);
  const compared = was === undefined || was.calls === 0 ? '' : ` instead of ${ratioText(was.errors / was.calls)}`;
  const operations = countOf(facts.operations.length, 'operation');
  return `${countOf(calls, 'call')} of ${operations}, ${ratioText(errors / calls)} of them failed${compared}.`;
}

/** The operation that lost the most, by all its calls; undefined where none is worth a word. */
export function slowestGrowth({ facts, before }: ReportRequest): string | undefined {
  const [worst] = changesOf(facts, before)
    .filter(({ ratio }) => ratio > SLOWER_RATIO)
    .sort((a, b) => b.addedMs - a.addedMs);
  if (worst === undefined) return undefined;
  const { is, was } = worst;
  return `${is.service} ${is.name} became slower: ${durationText(is.meanMs)} in the mean instead of ${durationText(was.meanMs)}.`;
}

/** Failures by type, the most frequent first. */
export function errorSection({ facts, before }: ReportRequest): Section {
  const key = (each: { service: string; type: string }): string => `${each.service.length}:${each.service}${each.type}`;
  const was = new Map(before?.errors.map((each) => [key(each), each.count]));
  const all = facts.errors.reduce((sum, { count }) => sum + count, 0);
  const rows = facts.errors.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count);
  const columns = [
    text('service', 'Service'),
    text('type', 'Type'),
    number('count', 'Errors'),
    number('share', 'Share'),
    number('change', 'Change'),
  ];
  const table = tableOf(columns, rows, (row) => [
    textCell(row.service),
    textCell(row.type),
    countCell(row.count),
    ratioCell(row.count / all),
    changeCell(before === undefined ? undefined : (was.get(key(row)) ?? 0), row.count, 'more_is_worse'),
  ]);
  const sentence = all === 0 ? 'No error.' : `${countOf(all, 'error')} of ${countOf(rows.length, 'type')}.`;
  return { id: 'errors', title: 'Errors', sentences: [sentence], table };
}

/** One row a day, with bars above it. */
export function daySection({ facts }: ReportRequest): Section {
  const rows = facts.days.toSorted((a, b) => a.fromMs - b.fromMs);
  const columns = [
    text('day', 'Day (UTC)'),
    number('calls', 'Calls'),
    number('errorRatio', 'Errors'),
    number('violations', 'Violations'),
    number('receivedBytes', 'Received'),
  ];
  // Of a month the last rows matter, all of it is in the bars.
  const table = tableOf(columns, rows.toReversed(), (row) => [
    textCell(dayText(row.fromMs)),
    countCell(row.calls),
    ratioCell(row.calls === 0 ? 0 : row.errors / row.calls),
    countCell(row.violations),
    bytesCell(row.receivedBytes),
  ]);
  const bars = (name: string, values: readonly number[]): string => `${name} by day: ${barsText(values)}`;
  const sentences =
    rows.length < 2
      ? []
      : [
          bars('Calls', rows.map(({ calls }) => calls)),
          bars('Errors', rows.map(({ errors }) => errors)),
          bars('Violations', rows.map(({ violations }) => violations)),
        ]; // prettier-ignore
  return { id: 'trends', title: 'Trends', sentences, table };
}

/** How much more there is than before. */
export function growthSection({ facts, before }: ReportRequest): Section {
  const of = (each: ReportFacts | undefined, value: (facts: ReportFacts) => number): number | undefined =>
    each === undefined ? undefined : value(each);
  const received = ({ days }: ReportFacts): number => days.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
  const held = ({ cleanup }: ReportFacts): number => cleanup.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  const services = ({ operations }: ReportFacts): number => new Set(operations.map(({ service }) => service)).size;
  const rows = [
    { what: 'Calls', value: (each: ReportFacts) => totalsOf(each).calls, cell: countCell },
    { what: 'Services', value: services, cell: countCell },
    { what: 'Operations', value: ({ operations }: ReportFacts) => operations.length, cell: countCell },
    { what: 'Received', value: received, cell: bytesCell },
    { what: 'Held', value: held, cell: bytesCell },
  ];
  const columns = [
    text('what', 'What'),
    number('value', 'Now'),
    number('before', 'Before'),
    number('change', 'Change'),
  ];
  const table = tableOf(columns, rows, ({ what, value, cell }) => [
    textCell(what),
    cell(value(facts)),
    cell(of(before, value) ?? NaN),
    changeCell(of(before, value), value(facts), 'neutral'),
  ]);
  const sentences = before === undefined ? ['There is no period before to compare with.'] : [];
  return { id: 'growth', title: 'Growth', sentences, table };
}

/** What became faster since the period before, by all its calls. */
export function improvementSection({ facts, before }: ReportRequest): Section {
  const rows = changesOf(facts, before)
    .filter(({ ratio }) => ratio < FASTER_RATIO)
    .sort((a, b) => a.addedMs - b.addedMs);
  const columns = [
    text('service', 'Service'),
    text('operation', 'Operation'),
    number('meanMs', 'Mean'),
    number('beforeMs', 'Before'),
    number('change', 'Change'),
    number('sparedTotalMs', 'All calls'),
  ];
  const table = tableOf(columns, rows, ({ is, was, addedMs }) => [
    textCell(is.service),
    textCell(is.name),
    durationCell(is.meanMs),
    durationCell(was.meanMs),
    changeCell(was.meanMs, is.meanMs, 'more_is_worse'),
    durationCell(-addedMs),
  ]);
  const sentence = `${countOf(rows.length, 'operation')} became faster by at least ${ratioText(1 - FASTER_RATIO)}.`;
  return { id: 'improvements', title: 'Improvements', sentences: [sentence], table };
}

function changesOf(facts: ReportFacts, before: ReportFacts | undefined) {
  const known = byKey(before);
  return facts.operations.flatMap((is) => {
    const was = comparable(known.get(keyOf(is)), is);
    if (was === undefined || !(was.meanMs > 0)) return [];
    return [{ is, was, ratio: is.meanMs / was.meanMs, addedMs: (is.meanMs - was.meanMs) * is.calls }];
  });
}

function comparable(was: OperationFacts | undefined, is: OperationFacts): OperationFacts | undefined {
  return was !== undefined && was.calls >= MIN_COMPARED && is.calls >= MIN_COMPARED ? was : undefined;
}

function byKey(facts: ReportFacts | undefined): Map<string, OperationFacts> {
  return new Map(facts?.operations.map((each) => [keyOf(each), each]));
}

function keyOf({ service, name, kind }: OperationFacts): string {
  return `${service.length}:${service}${kind}:${name}`;
}

function timeOf({ calls, meanMs }: OperationFacts): number {
  return calls * meanMs;
}
