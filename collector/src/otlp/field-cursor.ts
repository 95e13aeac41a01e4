// Walks the fields of a message that was checked already. For code off the hot path: one object a message.
import { at, LENGTH, readTag, skipUnknown } from './wire.ts';

/** A position in one message. After `next()` answers true, `tag`, `start` and `end` describe a field. */
export class FieldCursor {
  readonly bytes: Uint8Array;
  readonly #end: number;
  #position: number;
  /** Field number times 8 plus wire type. */
  tag = 0;
  /** Content of a field with a length; else the bytes of its value. */
  start = 0;
  end = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** Steps to the next field; false at the end. @throws Malformed where the bytes are no message */
  next(): boolean {
    if (this.#position >= this.#end) return false;
    this.tag = readTag(this.bytes, this.#position, this.#end);
    const valueStart = at;
    this.end = skipUnknown(this.bytes, valueStart, this.#end, this.tag, 0);
    this.start = (this.tag & 7) === LENGTH ? at : valueStart;
    this.#position = this.end;
    return true;
  }
}
