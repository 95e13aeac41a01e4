// Puts arrays of numbers into one piece of bytes and back, for what is learned to outlive the process.

const HEAD = 4;

/** Copies arrays into one, behind a version. */
export function joined(version: number, arrays: readonly ArrayBufferView[]): Uint8Array {
  const bytes = new Uint8Array(HEAD + sizeOf(arrays));
  new DataView(bytes.buffer).setUint32(0, version);
  let at = HEAD;
  for (const array of arrays) {
    bytes.set(bytesOf(array), at);
    at += array.byteLength;
  }
  return bytes;
}

/** Copies back what `joined` made of arrays of the same sizes. @returns false, and nothing is copied, where it did not */
export function filled(version: number, arrays: readonly ArrayBufferView[], bytes: Uint8Array): boolean {
  if (bytes.byteLength !== HEAD + sizeOf(arrays)) return false;
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) !== version) return false;
  let at = HEAD;
  for (const array of arrays) {
    bytesOf(array).set(bytes.subarray(at, at + array.byteLength));
    at += array.byteLength;
  }
  return true;
}

function sizeOf(arrays: readonly ArrayBufferView[]): number {
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
