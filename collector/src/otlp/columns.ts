// Columns of structs of arrays, when they have to be longer.

/** Copies an old column into a new, longer one. */
export function copyInto<Column extends { set(from: ArrayLike<number>): void }>(
  column: Column,
  old: ArrayLike<number>,
): Column {
  column.set(old);
  return column;
}

/** A length with room for a slot, doubled so that columns that grow slot by slot are seldom copied. */
export function lengthFor(slot: number): number {
  return 2 ** Math.ceil(Math.log2(slot + 1));
}
