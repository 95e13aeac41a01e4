// The closed set of structural faults that refuse a whole body.

/** Why a body is refused. `wire_type`, `group` and `depth`, `contexts` refuse more than a lenient protobuf decoder would. */
export type MalformedReason =
  | 'truncated'
  | 'varint'
  | 'tag'
  | 'wire_type'
  | 'group'
  | 'depth'
  | 'utf8'
  | 'contexts'
  | 'json'
  | 'compression';

/** A body that is refused as a whole; the sender gets 400 and nothing of it is kept. */
export class Malformed extends Error {
  readonly reason: MalformedReason;
  /** Byte offset in the inflated body where the fault was seen; -1 where there is none to name. */
  readonly offset: number;

  constructor(reason: MalformedReason, offset: number, detail = '') {
    super(`malformed OTLP body: ${reason}${offset < 0 ? '' : ` at byte ${offset}`}${detail && `, ${detail}`}`);
    this.name = 'Malformed';
    this.reason = reason;
    this.offset = offset;
  }
}
