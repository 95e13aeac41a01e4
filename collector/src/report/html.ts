// A report as one HTML file: no script, nothing loaded, readable in the dark and as an e-mail. All text is escaped.
import { timeText } from './cells.ts';
import { type Cell, type ReportDocument, type Section, shownOf, type Table } from './document.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8884; }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.better { color: light-dark(#176b2c, #7fd694); } .worse { color: light-dark(#a3201a, #ff9c94); }
footer { margin-top: 2rem; opacity: 0.7; }
`;

/** Writes a report as a whole page. */
export function toHtml({ title, source, summary, sections, generatedMs }: ReportDocument): string {
  const points = summary.map((sentence) => `<li>${escaped(sentence)}</li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(source)}</p>
<ul>
${points}
</ul>
${sections.map(sectionHtml).join('\n')}
<footer>Made ${timeText(generatedMs)} UTC</footer>
</body>
</html>
`;
}

function sectionHtml({ id, title, sentences, table }: Section): string {
  const text = sentences.map((sentence) => `<p>${escaped(sentence)}</p>`);
  const parts = [`<section id="${escaped(id)}">`, `<h2>${escaped(title)}</h2>`, ...text];
  if (table !== undefined && table.rows.length > 0) parts.push(tableHtml(shownOf(table)));
  return [...parts, '</section>'].join('\n');
}

function tableHtml({ columns, rows, more }: Table): string {
  const head = columns.map(({ title, align }) => `<th scope="col"${classOf(align)}>${escaped(title)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map((cell, i) => cellHtml(cell, columns[i]?.align)).join('');
    return `<tr>${cells}</tr>`;
  });
  const rest = more === 0 ? '' : `\n<p>and ${more} more</p>`;
  return `<div class="wide"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody></table></div>${rest}`;
}

function cellHtml({ text, tone }: Cell, align: string | undefined): string {
  return `<td${classOf(align, tone)}>${escaped(text)}</td>`;
}

function classOf(...names: readonly (string | undefined)[]): string {
  const known = names.filter((name) => name !== undefined);
  return known.length === 0 ? '' : ` class="${known.join(' ')}"`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  // Control characters are not allowed in HTML, not even as entities.
  return text.replace(/\p{Cc}+/gu, ' ').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
