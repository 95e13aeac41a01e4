// A report as JSON: values as numbers, in the unit their names end in; texts only where the value is one.
import type { ReportDocument, Section } from './document.ts';

/** Writes a report; ends with a newline. Rows are objects by column; what is not known is null. */
export function toJson({ kind, title, source, fromMs, toMs, generatedMs, summary, sections }: ReportDocument): string {
  const byId = Object.fromEntries(sections.map((section) => [section.id, sectionJson(section)]));
  return `${JSON.stringify({ kind, title, source, fromMs, toMs, generatedMs, summary, sections: byId }, undefined, 2)}\n`;
}

function sectionJson({ title, sentences, table }: Section) {
  if (table === undefined) return { title, sentences };
  const rows = table.rows.map((row) =>
    Object.fromEntries(table.columns.map(({ id }, i) => [id, row[i]?.value ?? null])),
  );
  return { title, sentences, rows, more: table.more };
}
