// The traces that a span links to. For code off the hot path: the span was checked when it came, and its flags say that
// it has links.
import { FieldCursor } from './field-cursor.ts';
import { LENGTH } from './wire.ts';

const SPAN_LINKS = (13 << 3) | LENGTH;
const LINK_TRACE_ID = (1 << 3) | LENGTH;
const TRACE_ID_BYTES = 16;

/** A position among the links of one span. After `next()` answers true, the words of a trace id stand here. */
export class SpanLinks {
  id0 = 0;
  id1 = 0;
  id2 = 0;
  id3 = 0;
  readonly #fields: FieldCursor;

  /** @param offset where the span begins in `bytes` */
  constructor(bytes: Uint8Array, offset: number, length: number) {
    this.#fields = new FieldCursor(bytes, offset, offset + length);
  }

  /** Steps to the next link; false at the end. Links without a valid trace id lead nowhere and are passed over. */
  next(): boolean {
    const fields = this.#fields;
    while (fields.next()) {
      if (fields.tag === SPAN_LINKS && this.#readId(fields.bytes, fields.start, fields.end)) return true;
    }
    return false;
  }

  /** Reads the trace id of one link, the last where it is repeated, as protobuf has it. */
  #readId(bytes: Uint8Array, start: number, end: number): boolean {
    const fields = new FieldCursor(bytes, start, end);
    let at = 0;
    let length = 0;
    while (fields.next()) {
      if (fields.tag !== LINK_TRACE_ID) continue;
      at = fields.start;
      length = fields.end - fields.start;
    }
    if (length !== TRACE_ID_BYTES) return false;
    const id = new DataView(bytes.buffer, bytes.byteOffset + at, TRACE_ID_BYTES);
    this.id0 = id.getUint32(0);
    this.id1 = id.getUint32(4);
    this.id2 = id.getUint32(8);
    this.id3 = id.getUint32(12);
    return (this.id0 | this.id1 | this.id2 | this.id3) !== 0;
  }
}
