// Checks what surrounds the spans, resource and scope, once when a context is first seen, and reads the service name.
import { checkAttribute } from './attributes.ts';
import { FieldCursor } from './field-cursor.ts';
import {
  at,
  type ByteSource,
  byteSource,
  fault,
  isText,
  readLength,
  readTag,
  skipUnknown,
  skipVarint,
} from './wire.ts';

/** Service names are cut here: they become labels, log words and keys of tables. */
const MAX_SERVICE_NAME = 256;

/** Known fields, bit n for field n. */
const CONTAINER_FIELDS = 0b1110;
const RESOURCE_FIELDS = 0b1110;
const SCOPE_FIELDS = 0b1_1110;
const ENTITY_FIELDS = 0b1_1110;

/** Checks ResourceSpans without its scope_spans. @throws Malformed on bad structure or text */
export function checkResourceSpans(scratch: Uint8Array, start: number, end: number): void {
  checkContainer(byteSource(scratch), start, end, checkResource);
}

/** Checks ScopeSpans without its spans. @throws Malformed on bad structure or text */
export function checkScopeSpans(scratch: Uint8Array, start: number, end: number): void {
  checkContainer(byteSource(scratch), start, end, checkScope);
}

/** Both containers have the described message in field 1 and the schema url in field 3. */
function checkContainer(source: ByteSource, p: number, end: number, check: typeof checkResource): void {
  const { bytes } = source;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x0a || tag === 0x1a) {
      const length = readLength(bytes, p, end);
      const start = at;
      p = start + length;
      if (tag === 0x0a) check(source, start, p);
      else mustBeText(source, start, p);
    } else p = skipUnknown(bytes, p, end, tag, CONTAINER_FIELDS);
  }
}

function checkResource(source: ByteSource, p: number, end: number): void {
  const { bytes } = source;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x0a || tag === 0x1a) {
      const length = readLength(bytes, p, end);
      const start = at;
      p = start + length;
      if (tag === 0x1a) checkEntity(source, start, p);
      else if (!checkAttribute(source, start, p, 3)) fault('utf8', start);
    } else if (tag === 0x10) p = skipVarint(bytes, p, end);
    else p = skipUnknown(bytes, p, end, tag, RESOURCE_FIELDS);
  }
}

function checkScope(source: ByteSource, p: number, end: number): void {
  const { bytes } = source;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x0a || tag === 0x12 || tag === 0x1a) {
      const length = readLength(bytes, p, end);
      const start = at;
      p = start + length;
      if (tag !== 0x1a) mustBeText(source, start, p);
      else if (!checkAttribute(source, start, p, 4)) fault('utf8', start);
    } else if (tag === 0x20) p = skipVarint(bytes, p, end);
    else p = skipUnknown(bytes, p, end, tag, SCOPE_FIELDS);
  }
}

/** EntityRef: four fields, all text. */
function checkEntity(source: ByteSource, p: number, end: number): void {
  const { bytes } = source;
  while (p < end) {
    const tag = readTag(bytes, p, end);
    p = at;
    if (tag === 0x0a || tag === 0x12 || tag === 0x1a || tag === 0x22) {
      const length = readLength(bytes, p, end);
      p = at + length;
      mustBeText(source, at, p);
    } else p = skipUnknown(bytes, p, end, tag, ENTITY_FIELDS);
  }
}

function mustBeText(source: ByteSource, p: number, end: number): void {
  if (!isText(source, p, end)) fault('utf8', p);
}

/**
 * Reads `service.name` from checked bytes of ResourceSpans.
 *
 * @returns at most 256 characters of it; `unknown_service` where it is missing or no string, as the conventions have it
 */
export function readServiceName(bytes: Uint8Array): string {
  const container = new FieldCursor(bytes, 0, bytes.length);
  while (container.next()) {
    if (container.tag !== 0x0a) continue;
    const resource = new FieldCursor(bytes, container.start, container.end);
    while (resource.next()) {
      if (resource.tag !== 0x0a) continue;
      const { key, value } = textAttribute(bytes, resource.start, resource.end);
      if (key === 'service.name' && value !== '') return value.slice(0, MAX_SERVICE_NAME);
    }
  }
  return 'unknown_service';
}

/** Which program spans come from; empty where it is not said. */
export interface ProgramSource {
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  /** Of the resource. */
  readonly schemaUrl: string;
}

/** Reads `service.version`, `service.instance.id` and the schema as `readServiceName` reads the name. */
export function readSource(bytes: Uint8Array): ProgramSource {
  const texts = new Map<string, string>();
  let schemaUrl = '';
  const container = new FieldCursor(bytes, 0, bytes.length);
  while (container.next()) {
    if (container.tag === 0x1a) schemaUrl = text(bytes, container.start, container.end);
    if (container.tag !== 0x0a) continue;
    const resource = new FieldCursor(bytes, container.start, container.end);
    while (resource.next()) {
      if (resource.tag !== 0x0a) continue;
      const { key, value } = textAttribute(bytes, resource.start, resource.end);
      if (SOURCE_KEYS.has(key) && value !== '') texts.set(key, value.slice(0, MAX_SERVICE_NAME));
    }
  }
  const [version = '', instance = ''] = [...SOURCE_KEYS].map((key) => texts.get(key) ?? '');
  return { service: readServiceName(bytes), version, instance, schemaUrl: schemaUrl.slice(0, MAX_SERVICE_NAME) };
}

const SOURCE_KEYS: ReadonlySet<string> = new Set(['service.version', 'service.instance.id']);

/** Reads an attribute with protobuf's rules for repeats: the last key and the last member of the value's oneof win. */
function textAttribute(bytes: Uint8Array, start: number, end: number): { key: string; value: string } {
  let key = '';
  let value = '';
  const attribute = new FieldCursor(bytes, start, end);
  while (attribute.next()) {
    if (attribute.tag === 0x0a) key = text(bytes, attribute.start, attribute.end);
    if (attribute.tag !== 0x12) continue;
    const members = new FieldCursor(bytes, attribute.start, attribute.end);
    while (members.next()) {
      if (members.tag === 0x0a) value = text(bytes, members.start, members.end);
      else if (members.tag >>> 3 <= 8) value = '';
    }
  }
  return { key, value };
}

/** A byte order mark is a character like others here: without it two names would show as one. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function text(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}
