// Logs requests for tests, and what an independent decoder reads of them: one line a record with all that surrounds it.
import { oneOf, pick, type Random, randomBytes } from './random.ts';
import { decodeSignal, signalBody } from './otlp-signals.ts';
import { traceIdOf } from './test-span.ts';

/** What a test may say of a record; the rest is plain. */
export interface RecordShape {
  /** Text of its body. */
  readonly says?: string;
  /** Any text: records of one text are of one trace. Without it the record is of none. */
  readonly trace?: string;
  /** OTLP severity number; 9 is INFO, 13 is WARN. */
  readonly severity?: number;
  readonly severityText?: string;
  readonly service?: string;
  readonly scope?: string;
}

/** A request as plain data: records of one service and scope that stand together share what surrounds them. */
export function logsRequest(shapes: readonly RecordShape[]): object {
  const resourceLogs: { service: string; resource: object; schemaUrl: string; scopeLogs: ScopeLogs[] }[] = [];
  for (const shape of shapes) {
    const { service = 'shop', scope = 'logger' } = shape;
    let around = resourceLogs.at(-1);
    if (around?.service !== service) {
      const attributes = [{ key: 'service.name', value: { stringValue: service } }];
      around = { service, resource: { attributes }, schemaUrl: `https://example.com/${service}`, scopeLogs: [] };
      resourceLogs.push(around);
    }
    let inScope = around.scopeLogs.at(-1);
    if (inScope?.scope.name !== scope) {
      inScope = { scope: { name: scope, version: '1' }, schemaUrl: '', logRecords: [] };
      around.scopeLogs.push(inScope);
    }
    inScope.logRecords.push(logRecord(shape));
  }
  return { resourceLogs };
}

interface ScopeLogs {
  readonly scope: { readonly name: string; readonly version: string };
  readonly schemaUrl: string;
  readonly logRecords: object[];
}

function logRecord({ says = 'hello', trace, severity = 9, severityText }: RecordShape): object {
  return {
    timeUnixNano: '1800000000000000000',
    observedTimeUnixNano: '1800000000000000001',
    severityNumber: severity,
    body: { stringValue: says },
    attributes: [{ key: 'thread', value: { intValue: '7' } }],
    ...(severityText === undefined ? {} : { severityText }),
    ...(trace === undefined ? {} : { traceId: traceIdOf(trace), spanId: Buffer.alloc(8, 1), flags: 1 }),
  };
}

/** The same as protobuf bytes. */
export function logsBody(...shapes: readonly RecordShape[]): Buffer {
  return signalBody('logs', logsRequest(shapes));
}

interface PlainLogs {
  readonly resourceLogs?: readonly {
    readonly scopeLogs?: readonly { readonly logRecords?: readonly PlainRecord[] }[];
  }[];
}

interface PlainRecord {
  readonly body?: { readonly stringValue?: string };
}

/** Every record of a body with what surrounds it, as text. @throws what the decoder throws */
export function recordsOf(body: Uint8Array): string[] {
  const { resourceLogs = [] } = decodeSignal('logs', body) as PlainLogs;
  return resourceLogs.flatMap(({ scopeLogs = [], ...resource }) =>
    scopeLogs.flatMap(({ logRecords = [], ...scope }) =>
      logRecords.map((record) => JSON.stringify({ resource, scope, record })),
    ),
  );
}

/** What the records of a body say, in their order. */
export function saidIn(body: Uint8Array): string[] {
  const { resourceLogs = [] } = decodeSignal('logs', body) as PlainLogs;
  return resourceLogs.flatMap(({ scopeLogs = [] }) =>
    scopeLogs.flatMap(({ logRecords = [] }) => logRecords.map((record) => record.body?.stringValue ?? '')),
  );
}

/** A record of one of few services, scopes and traces, as likely severe as not. */
export function randomRecord(random: Random, traces: readonly string[]): RecordShape {
  const trace = random() < 0.1 ? undefined : oneOf(random, traces);
  return {
    says: randomBytes(random, 1 + pick(random, 40)).toString('hex'),
    severity: oneOf(random, [0, 1, 5, 9, 9, 9, 12, 13, 17, 24]),
    service: oneOf(random, ['shop', 'shop', 'cart']),
    scope: oneOf(random, ['logger', 'logger', 'http']),
    ...(trace === undefined ? {} : { trace }),
    ...(random() < 0.1 ? { severityText: oneOf(random, ['INFO', 'Warning', 'ERROR', 'notice', '']) } : {}),
  };
}
