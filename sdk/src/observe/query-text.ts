// Query text without the values in it: literals never leave the process. Reads SQL of the common dialects, JSON as
// document stores take it, and commands of key-value stores; what it cannot read it leaves out.

/** A longer text is cut before it is read; only its beginning tells what it is. */
const MAX_TEXT_LENGTH = 20_000;
const MAX_SANITIZED_LENGTH = 4096;
const MAX_DEPTH = 8;
const MAX_ENTRIES = 64;
const MASK = '?';

/** Systems where double quotes are around names, never around values. */
const QUOTED_NAMES = /^(postgresql|cockroachdb|oracle\.db|ibm\.db2|snowflake|aws\.redshift|trino|duckdb|h2)$/;
/** Systems where `#` begins an operator or a name. */
const HASH_SYSTEMS = /^(postgresql|cockroachdb|aws\.redshift|microsoft\.sql_server)$/;
const COMMANDS = /^(redis|valkey|memcached|keydb)$/;

/** One piece of SQL. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'sign';
  readonly text: string;
  /** There was space or a comment before it. */
  readonly isApart: boolean;
}

// Each alternative reads at least one character and never backtracks into another.
const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    // Prefixes as in E'...', N'...', x'...', U&'...'.
    String.raw`(?<string>(?:[ENXBRenxbr]|_[A-Za-z0-9]+|[Uu]&)?'(?:[^']|'')*(?:'|$))`,
    String.raw`(?<dollar>\$(?<tag>[A-Za-z_]\w*)?\$[\s\S]*?(?:\$\k<tag>\$|$))`,
    String.raw`(?<quoted>"(?:[^"]|"")*(?:"|$)|` + '`[^`]*(?:`|$))',
    String.raw`(?<placeholder>\$\d+|\?\d*|::|[:@]{1,2}\w+|%s|%\(\w+\)s)`,
    String.raw`(?<word>[\p{L}_#][\p{L}\p{N}_$#]*)`,
    String.raw`(?<number>(?:0[xX][0-9a-fA-F]+|0[bB][01]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[\p{L}\p{N}_]*)`,
    String.raw`(?<sign>[\s\S])`,
  ].join('|'),
  'yu',
);

/** Words that a name comes after, whatever quotes are around it. */
const BEFORE_NAMES = /^(FROM|JOIN|INTO|UPDATE|TABLE|VIEW|INDEX|AS|\.)$/i;

/** What is left of SQL without values and comments, piece by piece. */
export function readSql(text: string, system?: string): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  const namesAreQuoted = system !== undefined && QUOTED_NAMES.test(system);
  const cut = text.slice(0, MAX_TEXT_LENGTH);
  let isApart = false;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(cut); match !== null; match = TOKEN.exec(cut)) {
    const { space, comment, string, dollar, quoted, word, number } = match.groups ?? {};
    const [piece] = match;
    if (space !== undefined || comment !== undefined) {
      isApart = true;
      continue;
    }
    // A backslash before a quote escapes it in one dialect and not in another, so nobody knows what comes after.
    const isUnclear = /\\['"]/.test(string ?? quoted ?? '');
    // To the end of the line it is a comment in MySQL; elsewhere an operator, after which nothing is lost but text.
    const isHash = piece.startsWith('#') && !HASH_SYSTEMS.test(system ?? '');
    const isName = quoted !== undefined && (piece.startsWith('`') || namesAreQuoted || followsName(tokens));
    if (isHash) {
      const end = cut.indexOf('\n', match.index);
      if (end === -1) break;
      TOKEN.lastIndex = end;
      isApart = true;
      continue;
    }
    // `:5` is a placeholder, but not after a number, as in `[1:5]`.
    const isSlice = /^:\d/.test(piece) && tokens.at(-1)?.text === MASK;
    const isValue = isUnclear || isSlice || (string ?? dollar ?? number ?? (isName ? undefined : quoted)) !== undefined;
    if (isValue) tokens.push({ kind: 'sign', text: isSlice ? `:${MASK}` : MASK, isApart });
    else tokens.push({ kind: isName ? 'quoted' : word === undefined ? 'sign' : 'word', text: piece, isApart });
    if (isUnclear) break;
    isApart = false;
  }
  return tokens;
}

function followsName(tokens: readonly SqlToken[]): boolean {
  const last = tokens.at(-1);
  return last !== undefined && last.kind !== 'quoted' && BEFORE_NAMES.test(last.text);
}

/**
 * Makes text of a query that may leave the process: values become `?`, comments and needless space are left out.
 *
 * @param system value of `db.system.name`; without it quotes and signs are read so that no value can be taken for a name
 * @returns undefined where the text is of a kind that it cannot read
 */
export function sanitizeQuery(text: string, system?: string): string | undefined {
  const trimmed = text.trim();
  const sanitized = /^[{[]/.test(trimmed) ? sanitizeJson(trimmed) : sanitizeWords(trimmed, system);
  if (sanitized === undefined || sanitized.length <= MAX_SANITIZED_LENGTH) return sanitized;
  return `${sanitized.slice(0, MAX_SANITIZED_LENGTH - 1)}…`;
}

function sanitizeWords(text: string, system: string | undefined): string {
  if (system !== undefined && COMMANDS.test(system)) return sanitizeCommand(text);
  return joined(readSql(text, system));
}

/** Of a command its name stays. */
function sanitizeCommand(text: string): string {
  const [name = '', ...rest] = text.slice(0, MAX_TEXT_LENGTH).split(/\s+/, 64);
  return [/^[A-Za-z.]+$/.test(name) ? name : MASK, ...rest.map(() => MASK)].join(' ');
}

function sanitizeJson(text: string): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  try {
    return JSON.stringify(masked(JSON.parse(text), 0));
  } catch {
    return undefined;
  }
}

function masked(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return MASK;
  if (Array.isArray(value)) {
    // Of each shape one, so that lists of any length are one query.
    const shapes = new Set(value.slice(0, MAX_ENTRIES).map((entry) => JSON.stringify(masked(entry, depth + 1))));
    return [...shapes].map((shape) => JSON.parse(shape) as unknown);
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, masked(entry, depth + 1)]));
}

function joined(tokens: readonly SqlToken[]): string {
  const sql = tokens.map(({ text, isApart }, position) => (isApart && position > 0 ? ` ${text}` : text)).join('');
  // Lists of any length are one query.
  return sql.replace(/\( ?\?(?: ?, ?\?)+ ?\)/g, '(?)').replace(/(\(\?\))(?: ?, ?\(\?\))+/g, '$1');
}
