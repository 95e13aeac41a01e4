// The shape of a trace's path: who called what in whom, whatever the number and order of calls.
import type { Context } from '../otlp/context-table.ts';
import { FieldCursor } from '../otlp/field-cursor.ts';
import { hashBytes, MAX_TEXT_BYTES } from '../otlp/interner.ts';
import { ROOT } from '../otlp/span-batch.ts';
import type { TraceSpan } from './facts.ts';

/** Fixed, so that a shape has the same name in every process; two lanes of 32 bits make one of 64. */
const SEED_A = 0x51ed270b;
const SEED_B = 0x2545f491;

/** Two hashes of one text. */
interface Lanes {
  readonly a: number;
  readonly b: number;
}

const NOTHING: Lanes = { a: 0, b: 0 };

/** A span's name and how it hangs in its trace; ids are cut to 53 bits, which is unique enough within one trace. */
interface Node {
  readonly service: Lanes;
  name: Lanes;
  id: number;
  /** -1 without. */
  parent: number;
}

/**
 * Hashes the set of (service, span name, name of the parent span) of all spans.
 *
 * @returns 16 hexadecimal digits; the same for spans in any order, and for calls repeated any number of times
 */
export function pathShape(spans: Iterable<TraceSpan>): string {
  const nodes: Node[] = [];
  const names = new Map<number, Lanes>();
  for (const span of spans) {
    const node = readNode(span);
    nodes.push(node);
    names.set(node.id, node.name);
  }
  const edges = new Set<number>();
  for (const { service, name, parent } of nodes) {
    const caller = names.get(parent) ?? NOTHING;
    const a = mixed(mixed(mixed(SEED_A, service.a), name.a), caller.a);
    const b = mixed(mixed(mixed(SEED_B, service.b), name.b), caller.b);
    // 53 bits, which a number holds exactly and sorts quickly.
    edges.add((a >>> 0) * 2 ** 21 + (b >>> 11));
  }
  let a = SEED_A;
  let b = SEED_B;
  for (const edge of Float64Array.from(edges).sort()) {
    a = mixed(mixed(a, Math.floor(edge / 2 ** 32)), edge >>> 0);
    b = mixed(mixed(b, edge >>> 0), Math.floor(edge / 2 ** 32));
  }
  return hex(a) + hex(b);
}

function readNode({ bytes, offset, length, context, flags }: TraceSpan): Node {
  const node: Node = { service: serviceLanes(context), name: NOTHING, id: -1, parent: -1 };
  const field = new FieldCursor(bytes, offset, offset + length);
  while (field.next()) {
    if (field.tag === 0x12) node.id = idOf(field);
    else if (field.tag === 0x22 && field.end > field.start) node.parent = idOf(field);
    else if (field.tag === 0x2a)
      node.name = lanesOf(bytes, field.start, Math.min(field.end, field.start + MAX_TEXT_BYTES));
    // Nearly every SDK writes these first; the attributes behind them are most of a span.
    else if (field.tag === 0x4a && node.id >= 0 && node.name !== NOTHING && (node.parent >= 0 || (flags & ROOT) !== 0))
      break;
  }
  return node;
}

function idOf({ bytes, start }: FieldCursor): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 8);
  return (view.getUint32(0) & 0x1fffff) * 2 ** 32 + view.getUint32(4);
}

function lanesOf(bytes: Uint8Array, start: number, end: number): Lanes {
  return { a: hashBytes(bytes, start, end, SEED_A), b: hashBytes(bytes, start, end, SEED_B) };
}

const encoder = new TextEncoder();
const services = new WeakMap<Context, Lanes>();

function serviceLanes(context: Context | undefined): Lanes {
  if (context === undefined) return NOTHING;
  let lanes = services.get(context);
  if (lanes === undefined) {
    const name = encoder.encode(context.serviceName);
    services.set(context, (lanes = lanesOf(name, 0, name.length)));
  }
  return lanes;
}

function mixed(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0x9e3779b1);
  return Math.imul(product ^ (product >>> 15), 0x85ebca6b) ^ (product >>> 13);
}

function hex(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}
