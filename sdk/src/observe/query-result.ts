// How many rows a query returned or changed, read from results of the shapes that drivers have.
import { fieldsOf } from './results.ts';

/** Counts of rows; undefined where a result does not tell. */
export interface RowCounts {
  readonly returned?: number | undefined;
  readonly affected?: number | undefined;
}

// mysql2; better-sqlite3 and node:sqlite; MongoDB; Prisma.
const AFFECTED = ['affectedRows', 'changes', 'modifiedCount', 'deletedCount', 'insertedCount', 'rowsAffected', 'count'];

/** Reads counts from what a driver returned. */
export function rowsOf(result: unknown): RowCounts {
  if (Array.isArray(result)) {
    const [first, second] = result as unknown[];
    // mysql2 gives rows and columns, or what was changed and nothing.
    if (result.length === 2 && Array.isArray(first) && (Array.isArray(second) || second === undefined))
      return { returned: first.length };
    const changed = result.length <= 2 && second === undefined ? affectedOf(first) : undefined;
    return changed !== undefined && fieldsOf(first)?.['affectedRows'] !== undefined
      ? { affected: changed }
      : { returned: result.length };
  }
  const fields = fieldsOf(result);
  if (fields === undefined) return {};
  const { rows, rowCount, command } = fields;
  if (Array.isArray(rows) && (rows.length > 0 || command === 'SELECT' || typeof rowCount !== 'number')) {
    // INSERT … RETURNING has both.
    const changed = typeof rowCount === 'number' && typeof command === 'string' && command !== 'SELECT';
    return { returned: rows.length, affected: changed ? rowCount : affectedOf(fields) };
  }
  return { affected: typeof rowCount === 'number' ? rowCount : affectedOf(fields) };
}

function affectedOf(result: unknown): number | undefined {
  const fields = fieldsOf(result);
  return AFFECTED.map((key) => fields?.[key]).find((count) => typeof count === 'number');
}
