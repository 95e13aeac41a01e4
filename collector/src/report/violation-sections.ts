// What left its baseline in the period: counts, incidents, and what would have spared them.
import type { Severity } from '../baseline/contract.ts';
import {
  changeCell,
  countCell,
  countOf,
  countText,
  durationCell,
  durationText,
  textCell,
  timeCell,
  timeText,
  UNKNOWN,
} from './cells.ts';
import type { IncidentFacts, Opportunity, ReportFacts, ReportRequest, ViolationCount } from './contract.ts';
import { number, type Section, tableOf, text } from './document.ts';

const SEVERITIES: readonly Severity[] = ['emergency', 'critical', 'warning', 'info'];

/** Counts by kind and severity. */
export function violationSection({ facts, before }: ReportRequest): Section {
  const rows = facts.violations.filter(({ count }) => count > 0).toSorted(worstFirst);
  const was = new Map(before?.violations.map((each) => [keyOf(each), each.count]));
  const columns = [
    text('kind', 'Kind'),
    text('severity', 'Severity'),
    number('count', 'Violations'),
    number('change', 'Change'),
    number('openMs', 'Open'),
  ];
  const table = tableOf(columns, rows, (row) => [
    textCell(row.kind.replace('_', ' ')),
    textCell(row.severity),
    countCell(row.count),
    changeCell(before === undefined ? undefined : (was.get(keyOf(row)) ?? 0), row.count, 'more_is_worse'),
    durationCell(row.openMs),
  ]);
  return { id: 'violations', title: 'Violations', sentences: [violationSentence(facts, before)], table };
}

/** How many there were and how bad, in one sentence. */
export function violationSentence(facts: ReportFacts, before: ReportFacts | undefined): string {
  const total = sumOf(facts.violations);
  const bySeverity = SEVERITIES.map((severity) => {
    const count = sumOf(facts.violations.filter((each) => each.severity === severity));
    return count === 0 ? '' : `${countOf(count, severity, severity)}`;
  }).filter((each) => each !== '');
  const detail = bySeverity.length === 0 ? '' : ` (${bySeverity.join(', ')})`;
  const compared = before === undefined ? '' : `, ${comparedText(total - sumOf(before.violations))}`;
  return `${total === 0 ? 'No violation' : countOf(total, 'violation')}${detail}${compared}.`;
}

function comparedText(more: number): string {
  if (more === 0) return 'as many as in the period before';
  return `${countText(Math.abs(more))} ${more > 0 ? 'more' : 'fewer'} than in the period before`;
}

/** Groups of violations, the worst and longest first. */
export function incidentSection({ facts }: ReportRequest): Section {
  const { toMs } = facts.period;
  const lengthOf = (each: IncidentFacts): number => Math.max(0, (each.toMs ?? toMs) - each.fromMs);
  const rows = facts.incidents.toSorted(
    (a, b) => SEVERITIES.indexOf(a.peak) - SEVERITIES.indexOf(b.peak) || lengthOf(b) - lengthOf(a),
  );
  const columns = [
    text('fromMs', 'Began (UTC)'),
    number('lengthMs', 'Length'),
    text('peak', 'Worst'),
    text('cause', 'Likely cause'),
    text('summary', 'What'),
    number('members', 'Violations'),
    text('wasUseful', 'Useful'),
  ];
  const table = tableOf(columns, rows, (row) => [
    timeCell(row.fromMs),
    row.toMs === undefined ? { text: 'still open', value: null, tone: 'worse' } : durationCell(lengthOf(row)),
    textCell(row.peak),
    textCell(row.cause),
    textCell(row.summary),
    countCell(row.members),
    row.wasUseful === undefined ? UNKNOWN : { text: row.wasUseful ? 'yes' : 'no', value: row.wasUseful },
  ]);
  return { id: 'incidents', title: 'Incidents', sentences: incidentSentences(facts.incidents, lengthOf), table };
}

function incidentSentences(
  incidents: readonly IncidentFacts[],
  lengthOf: (each: IncidentFacts) => number,
): readonly string[] {
  if (incidents.length === 0) return ['No incident.'];
  const lengths = incidents.map(lengthOf).sort((a, b) => a - b);
  const middle = durationText(lengths[lengths.length >> 1] ?? 0);
  const answered = incidents.filter(({ wasUseful }) => wasUseful !== undefined);
  const useful = answered.filter(({ wasUseful }) => wasUseful === true).length;
  const sentences = [`${countOf(incidents.length, 'incident')}, half of them over within ${middle}.`];
  if (answered.length > 0) sentences.push(`${useful} of ${countOf(answered.length, 'answer')} called it useful.`);
  return sentences;
}

/** What would spare the most time, by all calls of the period. */
export function opportunitySection({ facts }: ReportRequest): Section {
  const spared = ({ sparedMs, calls }: Opportunity): number => Math.max(0, sparedMs * calls);
  const rows = facts.opportunities.filter((each) => spared(each) > 0).toSorted((a, b) => spared(b) - spared(a));
  const columns = [
    text('operation', 'Operation'),
    number('sparedMs', 'A call'),
    number('calls', 'Calls'),
    number('sparedTotalMs', 'All calls'),
    text('recommendation', 'What to do'),
  ];
  const table = tableOf(columns, rows, (row) => [
    textCell(row.operation),
    durationCell(row.sparedMs),
    countCell(row.calls),
    durationCell(spared(row)),
    textCell(row.recommendation),
  ]);
  const [first] = rows;
  const sentence =
    first === undefined
      ? 'Nothing was found that would make calls faster.'
      : `The most is to be had in ${first.operation}: ${durationText(spared(first))} of waiting in the period.`;
  return { id: 'opportunities', title: 'Opportunities', sentences: [sentence], table };
}

/** The worst incident in one sentence, where there was one. */
export function worstIncident({ incidents }: ReportFacts): string | undefined {
  const [worst] = incidents.toSorted(
    (a, b) => SEVERITIES.indexOf(a.peak) - SEVERITIES.indexOf(b.peak) || a.fromMs - b.fromMs,
  );
  return worst === undefined
    ? undefined
    : `Worst incident: ${worst.cause}, ${worst.peak}, from ${timeText(worst.fromMs)} UTC.`;
}

function worstFirst(a: ViolationCount, b: ViolationCount): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count;
}

function keyOf({ kind, severity }: ViolationCount): string {
  return `${kind} ${severity}`;
}

function sumOf(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
