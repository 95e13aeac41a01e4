// What a query does to which tables, in a few words: `SELECT orders customers`. Read from its text, without values.
import type { Dialect } from './query-dialect.ts';
import { type SqlToken, tokensOf } from './query-words.ts';

/** What a query does. */
export interface QuerySummary {
  /** Value of `db.query.summary`. */
  readonly summary?: string | undefined;
  readonly operation?: string | undefined;
  /** The table, where it is one alone. */
  readonly collection?: string | undefined;
}

/** Convention: at most 255 characters, and no word cut. */
const MAX_SUMMARY_LENGTH = 255;

const OPERATIONS = new Set(
  `SELECT INSERT UPDATE DELETE MERGE REPLACE UPSERT CREATE ALTER DROP TRUNCATE CALL EXEC EXECUTE BEGIN START COMMIT
  ROLLBACK SAVEPOINT RELEASE SET SHOW EXPLAIN ANALYZE VACUUM LOCK COPY GRANT REVOKE PRAGMA USE DESCRIBE LISTEN NOTIFY END ABORT`
    .split(/\s+/)
    .filter((word) => word !== ''),
);
/** Of these only the first word of a statement is an operation. */
const ANYWHERE = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const BEFORE_TARGETS = new Set([
  'FROM',
  'JOIN',
  'INTO',
  'UPDATE',
  'TABLE',
  'VIEW',
  'USING',
  'CALL',
  'EXEC',
  'EXECUTE',
  'COPY',
]);
/** Words that may stand between one of those and the name. */
const SKIPPED = new Set(['ONLY', 'LATERAL', 'IF', 'NOT', 'EXISTS', 'TABLE', 'OR', 'IGNORE']);
/** After these an UPDATE or DELETE is no statement, as in `FOR UPDATE` and `ON CONFLICT DO UPDATE`. */
const BEFORE_NO_STATEMENT = new Set(['FOR', 'ON', 'DO', 'KEY', 'THEN', 'OF', 'BEFORE', 'AFTER']);
/** Functions whose arguments have a FROM. */
const FROM_FUNCTIONS = new Set(['EXTRACT', 'TRIM', 'SUBSTRING', 'OVERLAY', 'POSITION']);
/** What may name further tables after USING, which elsewhere are columns or methods. */
const USES_TABLES = new Set(['DELETE', 'MERGE']);
const NOT_NAMES = new Set([
  ...OPERATIONS,
  ...SKIPPED,
  ...BEFORE_TARGETS,
  'SET',
  'VALUES',
  'WHERE',
  'DEFAULT',
  'AS',
  'ON',
  'OUTFILE',
]);
/** Of one list of tables, and of one query. */
const MAX_NAMES = 32;
const MAX_WORDS = 64;

/** @param shape text without values and comments */
export function summaryOf(shape: string, { isCommand }: Dialect): QuerySummary {
  if (/^[{[]/.test(shape)) return {};
  if (isCommand === true) {
    const [word = ''] = shape.split(' ', 1);
    return word === '?' || word === '' ? {} : { summary: word.toUpperCase(), operation: word.toUpperCase() };
  }
  const { operation, words, targets } = summarize(tokensOf(shape));
  return {
    summary: words.length === 0 ? undefined : shortened(words),
    operation,
    collection: targets.size === 1 ? [...targets][0] : undefined,
  };
}

interface Reading {
  operation: string | undefined;
  readonly words: string[];
  readonly targets: Set<string>;
}

function summarize(tokens: readonly SqlToken[]): Reading {
  const reading: Reading = { operation: undefined, words: [], targets: new Set() };
  const tables = new Set<string>();
  // What each open parenthesis came after.
  const open: string[] = [];
  let isStart = true;
  tokens.forEach(({ kind, text }, position) => {
    const word = kind === 'word' ? text.toUpperCase() : '';
    const before = tokens[position - 1]?.text.toUpperCase() ?? '';
    if (text === '(') open.push(before);
    else if (text === ')') open.pop();
    else if (text === ';') isStart = true;
    if (word === '' || reading.words.length >= MAX_WORDS) return;
    if (word === 'AS' && tokens[position + 1]?.text === '(' && !isStart) tables.add(tokens[position - 1]?.text ?? '');
    const isStatement = isStart ? OPERATIONS.has(word) : ANYWHERE.has(word) && !BEFORE_NO_STATEMENT.has(before);
    if (isStatement) {
      reading.words.push(word);
      // A common table expression comes before what the query does.
      if (open.length === 0) reading.operation ??= word;
    }
    isStart = isStart && word === 'EXPLAIN';
    if (!BEFORE_TARGETS.has(word) || BEFORE_NO_STATEMENT.has(before) || before === 'DISTINCT') return;
    if (FROM_FUNCTIONS.has(open.at(-1) ?? '')) return;
    if (word === 'USING' && !USES_TABLES.has(reading.operation ?? '')) return;
    for (const name of namesAt(tokens, position + 1)) {
      if (tables.has(name)) continue;
      reading.words.push(name);
      reading.targets.add(name);
    }
  });
  return reading;
}

/** Names of a list of tables, as far as it can be seen. */
function namesAt(tokens: readonly SqlToken[], start: number): string[] {
  const names: string[] = [];
  let position = start;
  while (names.length < MAX_NAMES) {
    while (SKIPPED.has(tokens[position]?.text.toUpperCase() ?? '')) position++;
    const parts: string[] = [];
    for (;;) {
      const token = tokens[position];
      if (token === undefined || token.kind === 'sign' || (parts.length === 0 && isReserved(token))) break;
      parts.push(token.kind === 'quoted' ? token.text.slice(1, -1) : token.text);
      position++;
      if (tokens[position]?.text !== '.') break;
      position++;
    }
    if (parts.length === 0) return names;
    // Spaces tell words apart.
    names.push(parts.join('.').replaceAll(/\s+/g, '_'));
    // An alias, with or without AS, then perhaps a further table.
    if (tokens[position]?.text.toUpperCase() === 'AS') position++;
    if (tokens[position]?.kind === 'word' && tokens[position + 1]?.text === ',') position++;
    if (tokens[position]?.text !== ',') return names;
    position++;
  }
  return names;
}

function isReserved({ kind, text }: SqlToken): boolean {
  return kind === 'word' && NOT_NAMES.has(text.toUpperCase());
}

function shortened(words: readonly string[]): string {
  let summary = '';
  for (const word of words) {
    const longer = summary === '' ? word : `${summary} ${word}`;
    if (longer.length > MAX_SUMMARY_LENGTH) break;
    summary = longer;
  }
  return summary;
}
