// The OTLP trace messages as a protobufjs descriptor, written by hand: no npm package carries the .proto files.
// Checked against the Python SDK's own descriptors in tests/real/otlp-schema.real.test.ts.
import protobuf from 'protobufjs';
import protobuf8 from 'protobufjs-8';

export type Field = readonly [id: number, type: string, rule?: 'repeated' | undefined, oneof?: string];
export type Message = Readonly<Record<string, Field>>;

/** Messages and their fields, name to [number, type, rule, oneof]. */
export const OTLP_TRACE_MESSAGES: Readonly<Record<string, Message>> = {
  ExportTraceServiceRequest: { resourceSpans: [1, 'ResourceSpans', 'repeated'] },
  ExportTraceServiceResponse: { partialSuccess: [1, 'ExportTracePartialSuccess'] },
  ExportTracePartialSuccess: { rejectedSpans: [1, 'int64'], errorMessage: [2, 'string'] },
  ResourceSpans: { resource: [1, 'Resource'], scopeSpans: [2, 'ScopeSpans', 'repeated'], schemaUrl: [3, 'string'] },
  Resource: {
    attributes: [1, 'KeyValue', 'repeated'],
    droppedAttributesCount: [2, 'uint32'],
    entityRefs: [3, 'EntityRef', 'repeated'],
  },
  EntityRef: {
    schemaUrl: [1, 'string'],
    type: [2, 'string'],
    idKeys: [3, 'string', 'repeated'],
    descriptionKeys: [4, 'string', 'repeated'],
  },
  ScopeSpans: { scope: [1, 'InstrumentationScope'], spans: [2, 'Span', 'repeated'], schemaUrl: [3, 'string'] },
  InstrumentationScope: {
    name: [1, 'string'],
    version: [2, 'string'],
    attributes: [3, 'KeyValue', 'repeated'],
    droppedAttributesCount: [4, 'uint32'],
  },
  Span: {
    traceId: [1, 'bytes'],
    spanId: [2, 'bytes'],
    traceState: [3, 'string'],
    parentSpanId: [4, 'bytes'],
    flags: [16, 'fixed32'],
    name: [5, 'string'],
    kind: [6, 'int32'],
    startTimeUnixNano: [7, 'fixed64'],
    endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, 'KeyValue', 'repeated'],
    droppedAttributesCount: [10, 'uint32'],
    events: [11, 'Event', 'repeated'],
    droppedEventsCount: [12, 'uint32'],
    links: [13, 'Link', 'repeated'],
    droppedLinksCount: [14, 'uint32'],
    status: [15, 'Status'],
  },
  Event: {
    timeUnixNano: [1, 'fixed64'],
    name: [2, 'string'],
    attributes: [3, 'KeyValue', 'repeated'],
    droppedAttributesCount: [4, 'uint32'],
  },
  Link: {
    traceId: [1, 'bytes'],
    spanId: [2, 'bytes'],
    traceState: [3, 'string'],
    attributes: [4, 'KeyValue', 'repeated'],
    droppedAttributesCount: [5, 'uint32'],
    flags: [6, 'fixed32'],
  },
  Status: { message: [2, 'string'], code: [3, 'int32'] },
  KeyValue: { key: [1, 'string'], value: [2, 'AnyValue'], keyStrindex: [3, 'int32'] },
  AnyValue: {
    stringValue: [1, 'string', undefined, 'value'],
    boolValue: [2, 'bool', undefined, 'value'],
    intValue: [3, 'int64', undefined, 'value'],
    doubleValue: [4, 'double', undefined, 'value'],
    arrayValue: [5, 'ArrayValue', undefined, 'value'],
    kvlistValue: [6, 'KeyValueList', undefined, 'value'],
    bytesValue: [7, 'bytes', undefined, 'value'],
    stringValueStrindex: [8, 'int32', undefined, 'value'],
  },
  ArrayValue: { values: [1, 'AnyValue', 'repeated'] },
  KeyValueList: { values: [1, 'KeyValue', 'repeated'] },
};

interface Descriptor {
  edition?: string;
  nested: Record<string, object>;
}

function descriptor(messages = OTLP_TRACE_MESSAGES): Descriptor {
  const nested: Record<string, object> = {};
  for (const [name, message] of Object.entries(messages)) {
    const fields: Record<string, object> = {};
    const oneofs: Record<string, { oneof: string[] }> = {};
    for (const [field, [id, type, rule, oneof]] of Object.entries(message)) {
      fields[field] = rule === undefined ? { id, type } : { id, type, rule };
      if (oneof !== undefined) (oneofs[oneof] ??= { oneof: [] }).oneof.push(field);
    }
    nested[name] = { fields, oneofs };
  }
  return { nested };
}

/** protobufjs 7: the older, more lenient decoder and the denominator of the CPU gate. */
export const schema7 = protobuf.Root.fromJSON(descriptor());

/** protobufjs 8 with the rules of proto3: refuses bad UTF-8. The oracle of the fuzz. */
export function schemaOf(messages: Readonly<Record<string, Message>>): protobuf8.Root {
  return protobuf8.Root.fromJSON({ edition: 'proto3', ...descriptor(messages) });
}

export const schema8 = schemaOf(OTLP_TRACE_MESSAGES);

/** The request message under protobufjs 8. */
export const Request8 = schema8.lookupType('ExportTraceServiceRequest');

/** The request message under protobufjs 7. */
export const Request7 = schema7.lookupType('ExportTraceServiceRequest');

/** One span under protobufjs 8, text verified. */
export const Span8 = schema8.lookupType('Span');

/** One span under protobufjs 8 with all text read as bytes: what it takes is sound in structure. */
export const StructuralSpan8 = protobuf8.Root.fromJSON({
  edition: 'proto3',
  ...descriptor(
    Object.fromEntries(
      Object.entries(OTLP_TRACE_MESSAGES).map(([name, fields]) => [
        name,
        Object.fromEntries(
          Object.entries(fields).map(([field, [id, type, ...rest]]): [string, Field] => [
            field,
            [id, type === 'string' ? 'bytes' : type, ...rest],
          ]),
        ),
      ]),
    ),
  ),
}).lookupType('Span');

/** The request with its spans left undecoded, so that each can be judged alone. */
export const RequestAroundSpans8 = protobuf8.Root.fromJSON({
  edition: 'proto3',
  ...descriptor({
    ...OTLP_TRACE_MESSAGES,
    ScopeSpans: { ...OTLP_TRACE_MESSAGES['ScopeSpans'], spans: [2, 'bytes', 'repeated'] },
  }),
}).lookupType('ExportTraceServiceRequest');
