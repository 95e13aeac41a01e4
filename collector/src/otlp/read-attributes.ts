// Reads OTLP's KeyValue lists into attributes of metrics.
import type { Attribute, AttributeValue } from '../model/attributes.ts';
import type { MessageReader } from './message-reader.ts';
import { fault, MAX_DEPTH } from './wire.ts';

/** Reads one KeyValue. @throws Malformed */
export function readAttribute(message: MessageReader, depth = 0): Attribute {
  if (depth > MAX_DEPTH) fault('depth', message.start);
  let key = '';
  let value: AttributeValue = null;
  while (message.next()) {
    if (message.field === 1) key = message.text();
    else if (message.field === 2) value = readValue(message.message(), depth + 1);
  }
  return [key, value];
}

function readValue(message: MessageReader, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) fault('depth', message.start);
  let value: AttributeValue = null;
  while (message.next()) value = valueOf(message, value, depth);
  return value;
}

function valueOf(message: MessageReader, known: AttributeValue, depth: number): AttributeValue {
  switch (message.field) {
    case 1:
      return message.text();
    case 2:
      return message.varint64() !== 0n;
    case 3:
      return message.varint64();
    case 4:
      return message.double();
    case 5: {
      const values: AttributeValue[] = [];
      const array = message.message();
      while (array.next()) if (array.field === 1) values.push(readValue(array.message(), depth + 1));
      return values;
    }
    case 6: {
      const entries: Attribute[] = [];
      const pairs = message.message();
      while (pairs.next()) if (pairs.field === 1) entries.push(readAttribute(pairs.message(), depth + 1));
      return { entries };
    }
    case 7:
      return message.content();
    default:
      return known;
  }
}
