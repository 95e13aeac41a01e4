// How an operation is written down and read again. Knows nothing of files.
import { Deserializer, Serializer } from 'node:v8';
import { Operation, type SavedOperation, type WatchOptions } from './operation.ts';
import type { Violation } from './contract.ts';
import type { SavedRelease } from './releases.ts';

/** Raised whenever a saved shape changes: what another program wrote is then learned anew instead of misread. */
const FORMAT = 2;

/** An operation with whose it is. */
export interface SavedWatched {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** When it was called last. */
  readonly usedMs: number;
  readonly operation: SavedOperation;
}

/** A group of violations. */
export interface SavedGroup {
  readonly id: string;
  readonly changedMs: number;
  /** The likely cause first, and why. */
  readonly members: readonly Violation[];
  readonly because?: string;
}

/** What was written by a program that writes in another way. */
export class OtherFormat extends Error {}

/** Writes a plain value; arrays of numbers must own all of their buffer. */
export function encodeSaved(value: SavedWatched | SavedGroup | SavedRelease): Uint8Array<ArrayBuffer> {
  // Not the serializer of `v8.serialize`, which reads arrays back as views that hold all of the bytes read.
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeUint32(FORMAT);
  serializer.writeValue(value);
  return new Uint8Array(serializer.releaseBuffer());
}

/** @throws OtherFormat; Error where it is damaged */
export function decodeSaved(body: Uint8Array<ArrayBuffer>): unknown {
  const deserializer = new Deserializer(body);
  deserializer.readHeader();
  const format = deserializer.readUint32();
  if (format !== FORMAT) throw new OtherFormat(`it is of format ${format}, this program knows ${FORMAT}`);
  return deserializer.readValue();
}

/** An operation that goes on. */
export type RestoredOperation = Omit<SavedWatched, 'operation'> & { readonly operation: Operation };

/** @throws OtherFormat; Error where it is damaged */
export function restoredOperation(body: Uint8Array<ArrayBuffer>, options: WatchOptions): RestoredOperation {
  const { operation, ...of } = decodeSaved(body) as SavedWatched;
  return { ...of, operation: Operation.restored(options, operation) };
}
