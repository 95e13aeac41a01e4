// Families in Prometheus' protobuf exposition, made by an encoder that is not ours.
import { familyType } from './prometheus-schema.ts';

const Packed = familyType(true);
const OneByOne = familyType(false);

export const COUNTER = 0;
export const GAUGE = 1;
export const SUMMARY = 2;
export const UNTYPED = 3;
export const HISTOGRAM = 4;
export const GAUGE_HISTOGRAM = 5;

/** Families, each after its length. */
export function delimited(...families: readonly Record<string, unknown>[]): Buffer {
  return encoded(Packed, families);
}

/** The same with repeated numbers written one by one, as Prometheus' libraries do. */
export function delimitedOneByOne(...families: readonly Record<string, unknown>[]): Buffer {
  return encoded(OneByOne, families);
}

function encoded(type: typeof Packed, families: readonly Record<string, unknown>[]): Buffer {
  return Buffer.concat(families.map((family) => type.encodeDelimited(type.fromObject(family)).finish()));
}
