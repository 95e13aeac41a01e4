// A comparison as people and build servers read it: a table for the terminal, Markdown, JUnit XML, JSON. Pure.
import { type Compared, type Comparison, isRegression, type Measured, type Verdict } from './comparison.ts';
import type { Ratio } from './contract.ts';

/** Writes a table with one sentence on the whole, ending in a newline. */
export function checkTable(comparison: Comparison): string {
  const rows = comparison.operations.map((each) => [each.verdict, nameOf(each), ...cellsOf(each), noteOf(each)]);
  const table = alignedColumns([['verdict', 'operation', ...CELLS, ''], ...rows]);
  return `${table}\n\n${sentencesOf(comparison).join('\n')}\n`;
}

/** Writes Markdown, for a summary of a build or a comment on a change. */
export function checkMarkdown(comparison: Comparison): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(inMarkdown).join(' | ')} |`;
  const head = ['verdict', 'operation', ...CELLS, 'why'];
  const rows = comparison.operations.map((each) => {
    const verdict = isRegression(each.verdict) ? `**${each.verdict}**` : each.verdict;
    return row([verdict, nameOf(each), ...cellsOf(each), noteOf(each)]);
  });
  return [
    `### Baselines: ${TITLES[comparison.outcome]}`,
    '',
    ...sentencesOf(comparison).flatMap((sentence) => [inMarkdown(sentence), '']),
    row(head),
    row(head.map(() => '---')),
    ...rows,
    '',
  ].join('\n');
}

/**
 * Writes JUnit XML: a test an operation, a failure for each regression; what could not be judged is skipped.
 *
 * @see the schema of Jenkins' xUnit plugin, junit-10.xsd
 */
export function checkJunit(comparison: Comparison): string {
  const { operations } = comparison;
  const count = (is: (verdict: Verdict) => boolean): number => operations.filter(({ verdict }) => is(verdict)).length;
  const totals = `tests="${operations.length}" failures="${count(isRegression)}" errors="0"`;
  const cases = operations.map((each) => {
    const { verdict, service, name, kind } = each;
    const test = kind === undefined ? name : `${name} (${kind})`;
    const open = `    <testcase classname=${quoted(service ?? 'operations')} name=${quoted(test)} time="0"`;
    const says = quoted(`${verdict}: ${noteOf(each)}`);
    if (isRegression(verdict))
      return `${open}>\n      <failure message=${says} type=${quoted(verdict)}>${escaped(detailOf(each))}</failure>\n    </testcase>`;
    if (isUnjudged(verdict)) return `${open}>\n      <skipped message=${says}/>\n    </testcase>`;
    return `${open}/>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="evenkeel baseline check" ${totals} time="0">`,
    `  <testsuite name="baselines" ${totals} skipped="${count(isUnjudged)}" time="0">`,
    ...cases,
    `    <system-out>${escaped(sentencesOf(comparison).join('\n'))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** For programs. What has no limit is null. */
export function checkJson(comparison: Comparison): string {
  return `${JSON.stringify(comparison, (_, value: unknown) => (typeof value === 'number' ? plain(value) : value))}\n`;
}

const TITLES: Readonly<Record<Comparison['outcome'], string>> = {
  fine: 'fine',
  regression: 'regression',
  unjudged: 'nothing could be judged',
};

/** Less than this is not worth a word, nats. */
const LEAST_SHIFT = 0.02;

const CELLS = ['ratio', '95 % interval', 'p50 ms', 'p95 ms', 'p99 ms', 'errors', 'calls'] as const;

function isUnjudged(verdict: Verdict): boolean {
  return verdict === 'too few calls' || verdict === 'new' || verdict === 'missing';
}

function nameOf({ service, name, kind }: Compared): string {
  const parts = [service, name, kind === undefined ? undefined : `(${kind})`].filter((part) => part !== undefined);
  // Names come from elsewhere: they move no cursor of a terminal.
  return parts.join(' ').replaceAll(/\p{Cc}/gu, '\u{fffd}');
}

function cellsOf({ measured, calls }: Compared): string[] {
  const counts = `${calls.baseline} → ${calls.run}`;
  if (measured === undefined) return ['', '', '', '', '', '', counts];
  const { ratio, quantiles, errors } = measured;
  return [
    digits(ratio.value),
    intervalText(ratio),
    ...quantiles.map(({ baselineMs, runMs, moved }) => {
      const mark = moved === 'slower' ? ' !' : '';
      return `${digits(baselineMs)} → ${digits(runMs)}${mark}`;
    }),
    errors.baselineRatio === 0 && errors.runRatio === 0 ? '0' : errorsText(measured),
    counts,
  ];
}

function noteOf({ verdict, measured, calls }: Compared): string {
  if (verdict === 'new') return 'not in the baselines';
  if (verdict === 'missing') return 'not called in this run';
  if (measured === undefined) return '';
  const { quantiles, visible, sought, neededCalls, errors } = measured;
  if (verdict === 'too few calls')
    return neededCalls === undefined
      ? `the baseline is too uncertain to show ${digits(sought)} times: learn it from a longer or steadier run`
      : `${neededCalls} calls would be needed to see ${digits(sought)} times; the run has ${calls.run}`;
  if (verdict === 'slower') return slowerNote(measured);
  if (verdict === 'more errors')
    return `${errorsText(measured)} of calls fail, ${intervalText(errors.ratio)} times as many`;
  const unknown = quantiles.filter(({ moved }) => moved === 'unknown').map(({ quantile }) => percentile(quantile));
  const rest = unknown.length === 0 ? '' : `; ${listed(unknown)} not judged`;
  return verdict === 'faster'
    ? 'learn the baselines again to hold on to it'
    : `${digits(visible)} times would be seen${rest}`;
}

function slowerNote({ quantiles, errors, moved, ratio }: Measured): string {
  const slower = quantiles.filter((each) => each.moved === 'slower');
  const more = errors.moved === 'more' ? '; more calls fail as well' : '';
  const [first] = slower;
  if (first === undefined) return `the geometric mean is ${intervalText(ratio)} times${more}`;
  const names = listed(slower.map(({ quantile }) => percentile(quantile)));
  const by = `${names} by ${intervalText(first.ratio)} times`;
  return moved !== 'slower' && first.quantile > 0.5 ? `only few calls: ${by}${more}` : `${by}${more}`;
}

function sentencesOf({ operations, shift, outcome }: Comparison): string[] {
  const counts = new Map<Verdict, number>();
  for (const { verdict } of operations) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const parts = [...counts].map(([verdict, count]) => `${count} ${verdict}`);
  const sentences = [`${TITLES[outcome]}: ${parts.length === 0 ? 'no operations' : parts.join(', ')}`];
  if (shift === undefined) return sentences;
  const { ratio, isCommon, isDividedOut, operations: count } = shift;
  const by = `${digits(ratio.value)} times (${intervalText(ratio)})`;
  const isWorthAWord = Math.abs(Math.log(ratio.value)) > LEAST_SHIFT;
  if (isDividedOut && isWorthAWord)
    sentences.push(`all ${count} operations take ${by} as long in the median: divided out of the ratios`);
  else if (!isDividedOut && isCommon)
    sentences.push(
      `all ${count} operations take ${by} as long alike: the machine, or what all of them need; --normalize divides it out`,
    );
  return sentences;
}

/** All there is of a regression, for who reads a failed test. */
function detailOf(compared: Compared): string {
  const cells = cellsOf(compared).map((cell, i) => `${CELLS[i] ?? ''}: ${cell}`);
  return [noteOf(compared), ...cells].join('\n');
}

function errorsText({ errors: { baselineRatio, runRatio } }: Measured): string {
  return `${digits(baselineRatio * 100)} → ${digits(runRatio * 100)} %`;
}

function intervalText({ low, high }: Ratio): string {
  return high === Infinity ? `over ${digits(low)}` : `${digits(low)} to ${digits(high)}`;
}

function percentile(quantile: number): string {
  return `p${Math.round(quantile * 100)}`;
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

function digits(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}

function plain(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}

/** Rows with their columns below each other. */
export function alignedColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function inMarkdown(text: string): string {
  return text.replaceAll(/[\\`|<>]/g, (mark) => `\\${mark}`).replaceAll(/[\r\n]+/g, ' ');
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** Control characters have no place in XML 1.0, whichever way they are written. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}')
    .replaceAll(/[&<>"]/g, (mark) => `&#${mark.codePointAt(0)};`);
}
