// About how much values hold, by a walk that ends early, runs no getter and survives hostile objects.

const MAX_VALUES = 1000;
const MAX_DEPTH = 8;
/** What an object and an entry of it take in V8 with compressed pointers off. */
const OBJECT_BYTES = 24;
const WORD_BYTES = 8;

/** Estimates the size of values. @returns bytes; of what was walked, where there is more */
export function sizeOf(values: readonly unknown[]): number {
  const seen = new Set<object>();
  let left = MAX_VALUES;
  const walk = (value: unknown, depth: number): number => {
    if (left-- <= 0) return 0;
    if (typeof value === 'string') return value.length * 2;
    if (typeof value !== 'object' || value === null) return WORD_BYTES;
    if (seen.has(value) || depth >= MAX_DEPTH) return WORD_BYTES;
    seen.add(value);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return OBJECT_BYTES + value.byteLength;
    let bytes = OBJECT_BYTES;
    try {
      for (const entry of entriesOf(value)) {
        if (left <= 0) break;
        bytes += WORD_BYTES + walk(entry, depth + 1);
      }
      // To list the keys of an array takes as long as it is.
      for (const key of Array.isArray(value) ? Array.prototype.keys.call(value) : Reflect.ownKeys(value)) {
        if (left <= 0) break;
        const property = Reflect.getOwnPropertyDescriptor(value, key);
        bytes += WORD_BYTES;
        if (property !== undefined && 'value' in property) bytes += walk(property.value, depth + 1);
        else left--;
      }
    } catch {
      // A hostile proxy: what is known so far is the answer.
    }
    return bytes;
  };
  return values.reduce<number>((sum, value) => sum + walk(value, 0), 0);
}

/** Of collections, whatever a program has put before their own ways to be read. */
function entriesOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return Map.prototype.entries.call(value);
  return value instanceof Set ? Set.prototype.values.call(value) : [];
}
