// What differs between query languages, as far as it decides where a value begins and ends.

/** One query language, or a family of them. */
export interface Dialect {
  /** Whether a backslash takes the meaning from a quote; `unknown` where a text could mean either. */
  readonly backslash: 'escapes' | 'plain' | 'unknown';
  /**
   * What double quotes are around. `unclear` where that is a name, and a value if there is no such name, or by a setting
   * of the connection. In JSON names are what a colon follows; backticks and slashes are around values there.
   */
  readonly doubleQuoted: 'value' | 'name' | 'unclear' | 'json';
  /** Whether a comment in a comment has an end of its own. */
  readonly comments: 'nested' | 'flat' | 'unknown';
  /** Begins a comment up to the end of the line. */
  readonly lineComment: RegExp;
  /** Whether square brackets are around names. */
  readonly hasBrackets?: boolean;
  /** Whether a backslash escapes after all in `E''`. */
  readonly hasEscapePrefix?: boolean;
  /** A word and its arguments. */
  readonly isCommand?: boolean;
}

const UNKNOWN: Dialect = {
  backslash: 'unknown',
  doubleQuoted: 'value',
  comments: 'unknown',
  // Slashes begin comments in other languages than SQL; in SQL they divide nothing by nothing.
  lineComment: /--|\/\/|#(?=[\s\p{Cc}]|$)/uy,
};
const STANDARD: Dialect = { backslash: 'plain', doubleQuoted: 'name', comments: 'flat', lineComment: /--/y };
/** @see PostgreSQL, 4.1 Lexical Structure; CockroachDB has escapes in `b''` as well */
const POSTGRES: Dialect = { ...STANDARD, comments: 'nested', hasEscapePrefix: true };
/** @see SQLite, Quirks, Flaws, and Gotchas: double-quoted string literals are accepted */
const SQLITE: Dialect = { ...STANDARD, doubleQuoted: 'unclear', hasBrackets: true };
/** @see SQL Server, SET QUOTED_IDENTIFIER: off, double quotes are around texts */
const SQL_SERVER: Dialect = { ...SQLITE, comments: 'nested' };
/** Glued to what follows, two hyphens are two signs. @see MySQL, 11.7 Comments */
const MYSQL: Dialect = {
  backslash: 'escapes',
  doubleQuoted: 'value',
  comments: 'flat',
  lineComment: /#|--(?=[\s\p{Cc}]|$)/uy,
};
const JSON_FILTER: Dialect = { ...UNKNOWN, backslash: 'escapes', doubleQuoted: 'json' };
const COMMAND: Dialect = { ...UNKNOWN, isCommand: true };

/** By `db.system.name`; older and shorter names of the same are taken as well. */
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ...['postgresql', 'postgres', 'cockroachdb'].map((name) => [name, POSTGRES] as const),
  ...['oracle.db', 'oracle'].map((name) => [name, STANDARD] as const),
  ...['microsoft.sql_server', 'mssql'].map((name) => [name, SQL_SERVER] as const),
  ['sqlite', SQLITE],
  ...['mysql', 'mariadb'].map((name) => [name, MYSQL] as const),
  ...['mongodb', 'elasticsearch', 'opensearch', 'couchdb', 'azure.cosmosdb'].map(
    (name) => [name, JSON_FILTER] as const,
  ),
  ...['redis', 'valkey', 'keydb', 'memcached'].map((name) => [name, COMMAND] as const),
]);

/** @param system `db.system.name`; of one that is not known, or none, every reading is possible */
export function dialectOf(system: string | undefined): Dialect {
  return (typeof system === 'string' && DIALECTS.get(system.toLowerCase())) || UNKNOWN;
}
