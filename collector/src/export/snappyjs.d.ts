// Types of what is used of snappyjs, which brings none.
declare module 'snappyjs' {
  /** Compresses in Snappy's block format; a Buffer makes a Buffer. */
  export function compress(bytes: Uint8Array): Uint8Array;
  /** @throws where the bytes are no Snappy, or would take more than `maxLength` */
  export function uncompress(bytes: Uint8Array, maxLength?: number): Uint8Array;
}
