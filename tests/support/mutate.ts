// Bends OTLP bodies: half of the mutations keep the framing right and change what is framed, half break bytes blindly.
import { oneOf, pick, type Random, randomBytes } from './random.ts';
import { messagesOf, parseMessage, varintBytes, type WireField, writeMessage } from './wire-tree.ts';

/** Answers a changed copy of a body, after one to three mutations. @param request message type of the body */
export function mutate(random: Random, body: Uint8Array, request = 'ExportTraceServiceRequest'): Buffer {
  let bent: Buffer = Buffer.from(body);
  for (let rounds = 1 + pick(random, 3); rounds > 0; rounds--) {
    const tree = random() < 0.6 ? parseMessage(bent, request) : undefined;
    if (tree === undefined) bent = mutateBytes(random, bent);
    else {
      mutateTree(random, tree, request);
      bent = writeMessage(tree);
    }
  }
  return bent;
}

/** Flips, inserts, removes, cuts or repeats bytes wherever they stand. */
export function mutateBytes(random: Random, body: Buffer): Buffer {
  const at = pick(random, body.length + 1);
  const length = 1 + pick(random, 8);
  switch (pick(random, 7)) {
    case 0:
      return body.subarray(0, at);
    case 1:
      return Buffer.concat([body.subarray(0, at), randomBytes(random, length), body.subarray(at)]);
    case 2:
      return Buffer.concat([body.subarray(0, at), body.subarray(at + length)]);
    case 3:
      return Buffer.concat([body.subarray(0, at + length), body.subarray(at)]);
    case 4: {
      // Bytes that mean something as tag, length or text.
      const copy = Buffer.from(body);
      copy[Math.min(at, copy.length - 1)] = oneOf(random, [0, 1, 0x0a, 0x12, 0x1a, 0x7f, 0x80, 0xc0, 0xed, 0xf5, 0xff]);
      return copy;
    }
    default: {
      const copy = Buffer.from(body);
      for (let i = pick(random, 3); i >= 0; i--) {
        const place = pick(random, copy.length);
        copy[place] = (copy[place] ?? 0) ^ (1 << pick(random, 8));
      }
      return copy;
    }
  }
}

type TreeMutation = (random: Random, fields: WireField[], type: string) => void;

const TREE_MUTATIONS: readonly TreeMutation[] = [
  repeatField,
  removeField,
  shuffleFields,
  addUnknownField,
  changeWireType,
  addGroup,
  stretchVarint,
  stretchLength,
  changeContent,
  changeFixed,
  breakText,
  changeNumber,
  nestDeep,
];

function mutateTree(random: Random, tree: WireField[], request: string): void {
  const messages = messagesOf(tree, request);
  const { fields, type } = oneOf(random, messages);
  oneOf(random, TREE_MUTATIONS)(random, fields, type);
}

/** A singular field then comes twice: the last wins, or messages merge. */
function repeatField(random: Random, fields: WireField[]): void {
  if (fields.length === 0) return;
  const copy = structuredClone(oneOf(random, fields));
  if (random() < 0.5 && copy.children === undefined && copy.wireType === 2)
    copy.bytes = randomBytes(random, pick(random, 20));
  fields.splice(pick(random, fields.length + 1), 0, copy);
}

function removeField(random: Random, fields: WireField[]): void {
  fields.splice(pick(random, fields.length), 1);
}

function shuffleFields(random: Random, fields: WireField[]): void {
  for (let i = fields.length - 1; i > 0; i--) {
    const j = pick(random, i + 1);
    const [a, b] = [fields[i], fields[j]];
    if (a !== undefined && b !== undefined) [fields[i], fields[j]] = [b, a];
  }
}

function addUnknownField(random: Random, fields: WireField[]): void {
  const number = oneOf(random, [17, 18, 31, 32, 33, 99, 2000, 2 ** 20, 2 ** 29 - 1]);
  fields.splice(pick(random, fields.length + 1), 0, { number, ...leaf(random) });
}

function leaf(random: Random): { wireType: number; bytes: Uint8Array } {
  switch (pick(random, 4)) {
    case 0:
      return { wireType: 0, bytes: varintBytes(BigInt(pick(random, 2 ** 40)), pick(random, 4)) };
    case 1:
      return { wireType: 1, bytes: randomBytes(random, 8) };
    case 2:
      return { wireType: 5, bytes: randomBytes(random, 4) };
    default:
      return { wireType: 2, bytes: randomBytes(random, pick(random, 200)) };
  }
}

function changeWireType(random: Random, fields: WireField[]): void {
  const field = fields[pick(random, fields.length)];
  if (field === undefined) return;
  delete field.children;
  Object.assign(field, leaf(random));
}

function addGroup(random: Random, fields: WireField[]): void {
  const number = oneOf(random, [1, 5, 9, 17, 40]);
  const place = pick(random, fields.length + 1);
  const none = new Uint8Array(0);
  const group: WireField[] = [
    { number, wireType: 3, bytes: none },
    { number: 3, ...leaf(random) },
  ];
  if (random() < 0.9) group.push({ number, wireType: 4, bytes: none });
  fields.splice(place, 0, ...group);
}

function stretchVarint(random: Random, fields: WireField[]): void {
  const varints = fields.filter((field) => field.wireType === 0);
  const field = varints[pick(random, varints.length)];
  if (field === undefined) {
    fields.push({ number: oneOf(random, [6, 10, 20]), wireType: 0, bytes: varintBytes(5n, pick(random, 12)) });
    return;
  }
  if (random() < 0.3) field.bytes = varintBytes(2n ** 64n - BigInt(1 + pick(random, 3)));
  else field.bytes = varintBytes(BigInt(pick(random, 300)), pick(random, 12));
}

/** Lengths may take up to five bytes, whatever they say. */
function stretchLength(random: Random, fields: WireField[]): void {
  const field = fields[pick(random, fields.length)];
  if (field !== undefined) field.stretch = pick(random, 6);
}

function changeContent(random: Random, fields: WireField[]): void {
  const leaves = fields.filter((field) => field.children === undefined && field.wireType === 2);
  const field = leaves[pick(random, leaves.length)];
  if (field === undefined) return;
  const length = oneOf(random, [0, 1, 7, 8, 9, 15, 16, 17, 127, 128, 300]);
  field.bytes = random() < 0.5 ? Buffer.alloc(length, oneOf(random, [0, 0x61])) : randomBytes(random, length);
}

/** Times of zero, the far future, the largest value; doubles alike. */
function changeFixed(random: Random, fields: WireField[]): void {
  for (const field of fields) {
    if (field.wireType !== 1 || random() < 0.5) continue;
    field.bytes = oneOf(random, [Buffer.alloc(8), Buffer.alloc(8, 255), randomBytes(random, 8)]);
  }
}

const BAD_TEXT = ['80', 'c080', 'e08080', 'eda080', 'f5808080', 'f4908080', 'c3', 'e282', 'ff', 'f0808080'];
const GOOD_TEXT = ['c3a9', 'e282ac', 'f09f9a9a', 'efbbbf', '00', 'f48fbfbf', 'ed9fbf', 'ee8080'];

function breakText(random: Random, fields: WireField[]): void {
  const leaves = fields.filter((field) => field.children === undefined && field.wireType === 2);
  const field = leaves[pick(random, leaves.length)];
  if (field === undefined) return;
  const sequence = Buffer.from(oneOf(random, random() < 0.5 ? BAD_TEXT : GOOD_TEXT), 'hex');
  const at = pick(random, field.bytes.length + 1);
  const long = random() < 0.2 ? Buffer.from('é'.repeat(120)) : Buffer.alloc(0);
  field.bytes = Buffer.concat([long, field.bytes.subarray(0, at), sequence, field.bytes.subarray(at)]);
}

function changeNumber(random: Random, fields: WireField[]): void {
  const field = fields[pick(random, fields.length)];
  if (field !== undefined) field.number = 1 + pick(random, 18);
}

const ATTRIBUTE_FIELDS: Readonly<Record<string, number>> = {
  Span: 9,
  Resource: 1,
  InstrumentationScope: 3,
  Event: 3,
  Link: 4,
  Metric: 12,
  NumberDataPoint: 7,
  HistogramDataPoint: 9,
  ExponentialHistogramDataPoint: 1,
  SummaryDataPoint: 7,
  Exemplar: 7,
};

/** An attribute whose value nests lists, up to twice as deep as is allowed. */
function nestDeep(random: Random, fields: WireField[], type: string): void {
  const number = ATTRIBUTE_FIELDS[type];
  if (number === undefined) return;
  let value: Uint8Array = Buffer.from([0x10, 1]);
  const asPairs = random() < 0.4;
  for (let depth = pick(random, 24); depth > 0; depth--) {
    const element = asPairs ? framed(1, framed(2, value)) : framed(1, value);
    value = framed(asPairs ? 6 : 5, element);
  }
  fields.push({ number, wireType: 2, bytes: Buffer.concat([framed(1, Buffer.from('deep')), framed(2, value)]) });
}

function framed(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([varintBytes(number * 8 + 2), varintBytes(content.length), content]);
}

const STRANGE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  'text',
  '-5',
  '99999999999999999999',
  '0x10',
  'NaN',
  '\ud800',
  [],
  [null],
  [[]],
  {},
  { values: 3 },
  { stringValue: {} },
];

/** Replaces, removes or repeats one value anywhere in a document. */
export function mutateJson(random: Random, body: Buffer): Buffer {
  const document = JSON.parse(body.toString()) as unknown;
  const places: [Record<string, unknown>, string][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(document);
  const [holder, key] = oneOf(random, places);
  const choice = pick(random, 5);
  if (choice === 0) delete holder[key];
  else if (choice === 1) holder[key] = nested(pick(random, 60));
  else if (choice === 2) holder[`${key}Unknown`] = oneOf(random, STRANGE_VALUES);
  else holder[key] = oneOf(random, STRANGE_VALUES);
  return Buffer.from(JSON.stringify(document));
}

function nested(depth: number): unknown {
  let value: unknown = { stringValue: 'deep' };
  for (let i = 0; i < depth; i++) value = { arrayValue: { values: [value] } };
  return [{ key: 'deep', value }];
}
