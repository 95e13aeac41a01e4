// What a running sidecar knows of operations, as a person reads it in a terminal. Pure.
import type {
  BaselineAnswer,
  BaselineDetail,
  BaselineLine,
  BaselinesAnswer,
  LearnedSummary,
  Sight,
} from '../web/api.ts';
import { columns, percent, printable, seconds, utc } from './text.ts';

const HEADS = ['service', 'operation', 'state', 'p50', 'p95', 'p99', 'errors', 'calls/s', 'learned'];
/** Stands where nothing is known. */
const NONE = '-';
const SHOWN_SIGHT = 60;

/** Writes a table of operations, ending in a newline. */
export function listText({ counts, baselines }: Pick<BaselinesAnswer, 'counts' | 'baselines'>): string {
  const { learning, provisional, learned } = counts;
  const watched = `${learning + provisional + learned} operations are watched: ${learned} learned, ${provisional} provisional, ${learning} learning`;
  if (baselines.length === 0) return `${watched}\n`;
  return `${watched}\n\n${columns([HEADS, ...baselines.map(rowOf)])}\n`;
}

/** Writes everything that is known of one operation, ending in a newline. */
export function showText(answer: BaselineAnswer): string {
  const { service, operation, kind, state, learned, detail } = answer;
  const name = `${printable(`${service} ${operation}`)} (${kind.replace(/^SPAN_KIND_/, '').toLowerCase()}): ${state}`;
  if (learned === undefined) return `${name}\n\n  ${progressText(answer)}\n`;
  const blocks = [
    name,
    `normal\n${columns(normalRows(learned, detail))}`,
    `would be seen after\n${columns(learned.sight.map(sightRow))}`,
    `learned\n${columns(learnedRows(answer, learned))}`,
  ];
  if (detail !== undefined && detail.changes.length > 0)
    blocks.push(`changed\n${columns(detail.changes.map(({ timeMs, text }) => [utc(timeMs), printable(text)]))}`);
  if (detail !== undefined && detail.leftOut.length > 0)
    blocks.push(
      `left out, not normal\n${columns(detail.leftOut.map(({ fromMs, toMs }) => [utc(fromMs), `to ${utc(toMs)}`]))}`,
    );
  return `${blocks.join('\n\n')}\n`;
}

function rowOf(line: BaselineLine): string[] {
  const { state, learned } = line;
  const [service, operation] = [printable(line.service), printable(line.operation)];
  if (learned === undefined) return [service, operation, state, NONE, NONE, NONE, NONE, NONE, progressText(line)];
  const quantiles = [0.5, 0.95, 0.99].map((wanted) => {
    const ms = learned.quantiles.find(({ quantile }) => quantile === wanted)?.ms;
    return ms === undefined ? NONE : seconds(ms);
  });
  return [
    service,
    operation,
    state,
    ...quantiles,
    percent(learned.errorRatio),
    digits(learned.callsPerSecond),
    utc(learned.learnedMs),
  ];
}

function progressText({ progress: { calls, ofCalls, windows, ofWindows } }: BaselineLine): string {
  return `${calls} of ${ofCalls} calls, ${windows} of ${ofWindows} windows`;
}

function normalRows(learned: LearnedSummary, detail: BaselineDetail | undefined): string[][] {
  const { quantiles, errorRatio, callsPerSecond, noise, levels } = learned;
  const rows = quantiles.map(({ quantile, ms, lowMs, highMs }) => [
    `p${Math.round(quantile * 100)}`,
    seconds(ms),
    `${seconds(lowMs)} to ${seconds(highMs)}`,
  ]);
  if (detail !== undefined) rows.push(['mean', seconds(detail.meanMs), `deviation ${seconds(detail.deviationMs)}`]);
  rows.push(['errors', percent(errorRatio), ''], ['calls', `${digits(callsPerSecond)} a second`, '']);
  const others = levels === 1 ? 'and one other level' : `and ${levels} other levels`;
  rows.push(['between minutes', percent(noise), levels > 0 ? others : '']);
  if (detail?.season !== undefined) {
    const { periodSeconds, now, least, most } = detail.season;
    rows.push([
      'season',
      `${digits(periodSeconds / 3600)} h`,
      `${digits(least)} to ${digits(most)} times, ${digits(now)} now`,
    ]);
  }
  if (detail !== undefined)
    rows.push(['slower and normal', `up to ${digits(detail.guardRatio)} times`, ''], ...minChangeRows(detail));
  return rows;
}

/** Nothing where every change is told of. */
function minChangeRows({ minChange: { latencyMs, errorRatio } }: BaselineDetail): string[][] {
  const least = [
    ...(latencyMs > 0 ? [`${seconds(latencyMs)} more`] : []),
    ...(errorRatio > 0 ? [`${percent(errorRatio)} errors`] : []),
  ];
  return least.length === 0 ? [] : [['told of from', least.join(', '), 'by min_change']];
}

function learnedRows(answer: BaselineAnswer, learned: LearnedSummary): string[][] {
  const rows = [
    ['from', progressText(answer)],
    ['until', utc(learned.learnedMs)],
    ['confidence', percent(learned.confidence)],
  ];
  // Of what is provisional there is no version yet.
  if (learned.version > 0) rows.push(['version', versionText(learned)]);
  for (const { version, serviceVersion, toMs } of answer.detail?.former ?? [])
    rows.push(['before', `${versionText({ version, serviceVersion })}, until ${utc(toMs)}`]);
  return rows;
}

function versionText({ version, serviceVersion }: { version: number; serviceVersion?: string | undefined }): string {
  return serviceVersion === undefined ? `${version}` : `${version}, under ${printable(serviceVersion)}`;
}

function sightRow({ kind, to, seconds: after }: Sight): string[] {
  const change =
    kind === 'latency' ? `${to} times as long` : kind === 'error' ? `errors to ${percent(to)}` : 'no more calls';
  if (after === null) return [change, 'not within 10 min'];
  return [change, after < SHOWN_SIGHT ? `${Math.round(after)} s` : `${digits(after / 60)} min`];
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
