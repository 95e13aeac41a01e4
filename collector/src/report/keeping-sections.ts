// What the sidecar itself has to show: how much it has learned, what it has removed, what has to be done, what models cost.
import {
  bytesCell,
  changeCell,
  countCell,
  countOf,
  ratioCell,
  ratioText,
  textCell,
  timeCell,
  UNKNOWN,
} from './cells.ts';
import type { CoverageFacts, LlmFacts, ReportRequest, UpkeepFacts } from './contract.ts';
import { type Cell, number, type Section, tableOf, text } from './document.ts';

/** For how much of what is watched normal is known. */
export function coverageSection({ facts, before }: ReportRequest): Section {
  const { coverage } = facts;
  const columns = [
    text('what', 'What'),
    number('count', 'Count'),
    number('ratio', 'Share'),
    number('change', 'Change'),
  ];
  const rows: [string, (each: CoverageFacts) => number, number][] = [
    ['Operations learned', ({ learned }) => learned, coverage.operations],
    ['Operations with a provisional baseline', ({ provisional }) => provisional, coverage.operations],
    ['Operations without', withoutBaseline, coverage.operations],
    ['Operations learned, too few samples for a p99', ({ withoutP99 }) => withoutP99, coverage.operations],
    ['Resources learned', ({ learnedResources }) => learnedResources, coverage.resources],
  ];
  const table = tableOf(columns, rows, ([what, count, of]) => [
    textCell(what),
    countCell(count(coverage)),
    of === 0 ? UNKNOWN : ratioCell(count(coverage) / of),
    changeCell(before === undefined ? undefined : count(before.coverage), count(coverage), 'neutral'),
  ]);
  return { id: 'coverage', title: 'Baselines', sentences: [coverageSentence(coverage)], table };
}

export function coverageSentence({ learned, operations }: CoverageFacts): string {
  if (operations === 0) return 'No operation is watched yet.';
  return `Baselines are learned for ${learned} of ${countOf(operations, 'operation')} (${ratioText(learned / operations)}).`;
}

function withoutBaseline({ operations, learned, provisional }: CoverageFacts): number {
  return Math.max(0, operations - learned - provisional);
}

/** What retention removed, and what it should have removed and did not. */
export function cleanupSection({ facts }: ReportRequest): Section {
  const columns = [
    text('what', 'What'),
    number('removed', 'Removed'),
    number('freedBytes', 'Freed'),
    number('overdue', 'Overdue'),
    number('effectiveRatio', 'Effective'),
    number('heldBytes', 'Held'),
    number('usedRatio', 'Of its limit'),
    number('failures', 'Failures'),
  ];
  const rows = facts.cleanup.toSorted((a, b) => b.overdue - a.overdue || b.heldBytes - a.heldBytes);
  const table = tableOf(columns, rows, (row) => [
    textCell(row.what),
    countCell(row.removed),
    bytesCell(row.freedBytes),
    worseAbove(countCell(row.overdue), row.overdue),
    row.removed + row.overdue === 0 ? UNKNOWN : ratioCell(row.removed / (row.removed + row.overdue)),
    bytesCell(row.heldBytes),
    row.limitBytes === undefined || row.limitBytes <= 0 ? UNKNOWN : ratioCell(row.heldBytes / row.limitBytes),
    worseAbove(countCell(row.failures), row.failures),
  ]);
  const [removed, overdue] = [sum(rows.map((row) => row.removed)), sum(rows.map((row) => row.overdue))];
  const sentence =
    removed + overdue === 0
      ? 'Nothing was due to be removed.'
      : `${ratioText(removed / (removed + overdue))} of what was due has been removed.`;
  return { id: 'cleanup', title: 'Cleanup', sentences: [sentence], table };
}

const UPKEEP_ORDER: readonly UpkeepFacts['result'][] = ['failed', 'due', 'done'];

/** What has to be done, failures first. */
export function upkeepSection({ facts }: ReportRequest): Section {
  const columns = [
    text('what', 'What'),
    text('result', 'Result'),
    text('lastMs', 'Last (UTC)'),
    text('detail', 'Detail'),
  ];
  const rows = facts.upkeep.toSorted((a, b) => UPKEEP_ORDER.indexOf(a.result) - UPKEEP_ORDER.indexOf(b.result));
  const table = tableOf(columns, rows, (row) => [
    textCell(row.what),
    { text: row.result, value: row.result, tone: row.result === 'done' ? 'better' : 'worse' },
    timeCell(row.lastMs),
    textCell(row.detail),
  ]);
  const open = rows.filter(({ result }) => result !== 'done').length;
  const sentence = open === 0 ? 'Nothing is left to do.' : `${countOf(open, 'thing')} to look after.`;
  return { id: 'upkeep', title: 'Upkeep', sentences: [sentence], table };
}

/** Models, the dearest first. */
export function llmSection({ facts, before }: ReportRequest): Section {
  const key = ({ provider, model, currency }: LlmFacts): string => `${provider.length}:${provider}${currency}${model}`;
  const was = new Map(before?.llm.map((each) => [key(each), each]));
  const columns = [
    text('provider', 'Provider'),
    text('model', 'Model'),
    number('calls', 'Calls'),
    number('errorRatio', 'Errors'),
    number('inputTokens', 'Tokens in'),
    number('outputTokens', 'Tokens out'),
    number('cost', 'Cost'),
    text('currency', 'Currency'),
    number('costChange', 'Change'),
  ];
  const rows = facts.llm.toSorted((a, b) => (b.cost ?? 0) - (a.cost ?? 0) || b.calls - a.calls);
  const table = tableOf(columns, rows, (row) => [
    textCell(row.provider),
    textCell(row.model),
    countCell(row.calls),
    ratioCell(row.calls === 0 ? 0 : row.errors / row.calls),
    countCell(row.inputTokens),
    countCell(row.outputTokens),
    row.cost === undefined ? UNKNOWN : { text: row.cost.toFixed(2), value: row.cost },
    textCell(row.currency),
    row.cost === undefined ? UNKNOWN : changeCell(was.get(key(row))?.cost, row.cost, 'more_is_worse'),
  ]);
  return { id: 'llm', title: 'Language models', sentences: [costSentence(facts.llm)], table };
}

/** What models cost, by currency, in one sentence. */
export function costSentence(llm: readonly LlmFacts[]): string {
  if (llm.length === 0) return 'No language model was called.';
  const costs = new Map<string, number>();
  let unpriced = 0;
  for (const { cost, currency, calls } of llm) {
    if (cost === undefined) unpriced += calls;
    else costs.set(currency, (costs.get(currency) ?? 0) + cost);
  }
  const priced = [...costs].map(([currency, cost]) => `${cost.toFixed(2)} ${currency}`).join(' and ');
  const unknown = unpriced === 0 ? '' : `${countOf(unpriced, 'call')} without a known price`;
  return `Language models cost ${[priced, unknown].filter((each) => each !== '').join(', and ')}.`;
}

function worseAbove(cell: Cell, count: number): Cell {
  return count > 0 ? { ...cell, tone: 'worse' } : cell;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
