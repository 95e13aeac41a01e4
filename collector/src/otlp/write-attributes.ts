// Writes attributes of metrics as OTLP's KeyValue lists.
import { type Attributes, type AttributeValue, isMap } from '../model/attributes.ts';
import type { ProtobufWriter } from './writer.ts';

/** Writes attributes as KeyValue messages of a field. */
export function writeAttributes(out: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of attributes) {
    const start = out.open(field);
    out.text(1, key);
    const valueStart = out.open(2);
    writeValue(out, value);
    out.close(valueStart);
    out.close(start);
  }
}

function writeValue(out: ProtobufWriter, value: AttributeValue): void {
  if (value === null) return;
  if (typeof value === 'string') out.text(1, value);
  else if (typeof value === 'boolean') out.uint32(2, value ? 1 : 0);
  else if (typeof value === 'bigint') out.int64(3, value);
  else if (typeof value === 'number') out.double(4, value);
  else if (value instanceof Uint8Array) out.content(7, value);
  else if (isMap(value)) {
    const start = out.open(6);
    writeAttributes(out, 1, value.entries);
    out.close(start);
  } else writeArray(out, value);
}

function writeArray(out: ProtobufWriter, values: readonly AttributeValue[]): void {
  const start = out.open(5);
  for (const each of values) {
    const valueStart = out.open(1);
    writeValue(out, each);
    out.close(valueStart);
  }
  out.close(start);
}
