// The one model all renderings of a report are made from: sections of sentences and tables, values beside their text.

/** A value and how it is written. */
export interface Cell {
  readonly text: string;
  /** As machines read it; null where it is not known. */
  readonly value: number | string | boolean | null;
  /** Whether that is good news. */
  readonly tone?: 'better' | 'worse';
}

export interface Column {
  /** Name in JSON, camel case, ends in its unit. */
  readonly id: string;
  readonly title: string;
  readonly align?: 'right';
}

export interface Table {
  readonly columns: readonly Column[];
  /** One cell for each column. */
  readonly rows: readonly (readonly Cell[])[];
  /** Rows that were left out, the least important. */
  readonly more: number;
}

export interface Section {
  /** Stable, for links and JSON. */
  readonly id: string;
  readonly title: string;
  readonly sentences: readonly string[];
  readonly table?: Table;
}

export interface ReportDocument {
  readonly kind: string;
  readonly title: string;
  readonly source: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly generatedMs: number;
  /** What somebody reads who reads nothing else. */
  readonly summary: readonly string[];
  readonly sections: readonly Section[];
}

/** Longer tables are cut, so that a report of many operations can still be sent. */
const MAX_ROWS = 1_000;
/** For people, even shorter: the rest is on the page. */
const SHOWN_ROWS = 20;

/** Makes a table. @param rows the most important first */
export function tableOf<T>(columns: readonly Column[], rows: readonly T[], cells: (row: T) => readonly Cell[]): Table {
  const kept = rows.slice(0, MAX_ROWS);
  return { columns, rows: kept.map(cells), more: rows.length - kept.length };
}

/** What of a table people are shown. */
export function shownOf({ columns, rows, more }: Table): Table {
  const shown = rows.slice(0, SHOWN_ROWS);
  return { columns, rows: shown, more: more + rows.length - shown.length };
}

/** A column of numbers. */
export function number(id: string, title: string): Column {
  return { id, title, align: 'right' };
}

/** A column of text. */
export function text(id: string, title: string): Column {
  return { id, title };
}
