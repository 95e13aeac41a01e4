// A report as Markdown with tables, as GitHub and GitLab read it. All text is escaped.
import { timeText } from './cells.ts';
import { type ReportDocument, type Section, shownOf, type Table } from './document.ts';

/** Writes a report; ends with a newline. */
export function toMarkdown({ title, source, summary, sections, generatedMs }: ReportDocument): string {
  const head = [`# ${escaped(title)}`, `${escaped(source)}, made ${timeText(generatedMs)} UTC`];
  const points = summary.map((sentence) => `- ${escaped(sentence)}`).join('\n');
  return `${[...head, points, ...sections.map(sectionText)].filter((part) => part !== '').join('\n\n')}\n`;
}

function sectionText({ title, sentences, table }: Section): string {
  const parts = [`## ${escaped(title)}`, ...sentences.map(escaped)];
  if (table !== undefined && table.rows.length > 0) parts.push(tableText(shownOf(table)));
  return parts.join('\n\n');
}

function tableText({ columns, rows, more }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    line(columns.map(({ title }) => escaped(title))),
    line(columns.map(({ align }) => (align === 'right' ? '--:' : '---'))),
    ...rows.map((row) => line(row.map((cell) => escaped(cell.text)))),
  ];
  const rest = more === 0 ? '' : `\n\nand ${more} more`;
  return `${lines.join('\n')}${rest}`;
}

/** On one line, and nothing of it read as markup, nor as a link because it looks like one. */
function escaped(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, (space) => (space === '\u202f' ? space : ' '))
    .replace(/[\\`*_[\]<>|~#&@]|:(?=\/\/)|(?<=www)\./gi, '\\$&');
}
