// How a series is written down and read again. Knows nothing of files.
import { Deserializer, Serializer } from 'node:v8';
import type { SavedSeries } from './series.ts';

/** Raised whenever a saved shape changes: what another program wrote is then learned anew instead of misread. */
const FORMAT = 1;

/** What was written by a program that writes in another way. */
export class OtherFormat extends Error {}

export function encodeSeries(saved: SavedSeries): Uint8Array<ArrayBuffer> {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeUint32(FORMAT);
  serializer.writeValue(saved);
  return new Uint8Array(serializer.releaseBuffer());
}

/** @throws OtherFormat; Error where it is damaged */
export function decodeSeries(body: Uint8Array<ArrayBuffer>): SavedSeries {
  const deserializer = new Deserializer(body);
  deserializer.readHeader();
  const format = deserializer.readUint32();
  if (format !== FORMAT) throw new OtherFormat(`it is of format ${format}, this program knows ${FORMAT}`);
  return deserializer.readValue() as SavedSeries;
}
