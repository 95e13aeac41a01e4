// The pieces of SQL that has no values in it any more: words, names in quotes and signs.

/** One piece. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'sign';
  /** As it stands there, with its quotes. */
  readonly text: string;
}

/** Each alternative reads at least one character, and none backtracks into another. */
const TOKEN = /\s+|([\p{L}_#][\p{L}\p{N}_$#]*)|("(?:[^"]|"")*"|`[^`]*`|\[(?=[\p{L}_])[^\]]*\])|[\s\S]/gu;

/** @param sql without values and comments, as `sanitizeQuery` gives it */
export function tokensOf(sql: string): readonly SqlToken[] {
  return [...sql.matchAll(TOKEN)].flatMap(([text, word, quoted]) => {
    if (/^\s/.test(text)) return [];
    return [{ kind: word !== undefined ? 'word' : quoted !== undefined ? 'quoted' : 'sign', text }] as const;
  });
}
