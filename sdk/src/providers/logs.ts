// Makes the way of log records, redacted before they are exported.
import { type Attributes, SeverityNumber, trace } from '@opentelemetry/api';
import {
  LoggerProvider,
  type LoggerProviderOptions,
  type LogRecordProcessor,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import type { Resource } from '@opentelemetry/resources';
import { createBatch } from '../bound/batch.ts';
import { holderOf } from '../bound/hand-over.ts';
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, Model, ProcessorNode } from '../config/model.ts';
import { createLogExporter } from './exporters.ts';
import type { Surroundings } from './otlp.ts';
import { configFor } from './patterns.ts';
import { attributeLimits, batchLimits, depthLimit, isTime } from './spans.ts';

type LoggerConfigurator = NonNullable<LoggerProviderOptions['loggerConfigurator']>;

/** As a processor gets it, which may still change it. */
type LogRecord = Parameters<LogRecordProcessor['onEmit']>[0];

/** Makes the provider of everything that is said of logs. */
export async function createLoggerProvider(
  model: Model,
  resource: Resource,
  surroundings: Surroundings & { readonly redaction: Redaction },
): Promise<LoggerProvider> {
  const node = model.logger_provider;
  const depth = depthLimit(model, node?.limits);
  return new LoggerProvider({
    resource,
    processors: await createLogProcessors(node?.processors ?? [], { ...surroundings, depth }),
    logRecordLimits: attributeLimits(model, node?.limits),
    loggerConfigurator: createLoggerConfigurator(model),
  });
}

/** Makes one processor for each node. */
export async function createLogProcessors(
  nodes: readonly ProcessorNode[],
  surroundings: Surroundings & { readonly redaction: Redaction; readonly depth?: number | undefined },
): Promise<LogRecordProcessor[]> {
  const { meterProvider, redaction, depth, holders } = surroundings;
  const create = async (node: ProcessorNode): Promise<LogRecordProcessor> => {
    if ('event_to_span_event_bridge/development' in node) return bridge();
    const exporterNode: ExporterNode = node.batch?.exporter ?? node.simple?.exporter ?? { otlp_http: null };
    const outgoing = await createLogExporter(exporterNode, surroundings);
    const { exporter } = outgoing;
    if (node.simple) return new SimpleLogRecordProcessor({ exporter });
    const batch = createBatch<ReadableLogRecord>('log', batchLimits(node.batch), exporter, meterProvider);
    holders?.push(holderOf(outgoing, batch.drain));
    return { onEmit: (record) => batch.add(record), forceFlush: batch.flush, shutdown: batch.shutdown };
  };
  const processors = await Promise.all(nodes.map(create));
  // Processors are called in turn, and a record may still be changed by the first.
  return processors.length > 0 ? [redactor(redaction, depth), ...processors] : [];
}

/** Takes secrets out of records before the processors after it see them. */
export function redactor(redaction: Redaction, depth?: number): LogRecordProcessor {
  return {
    onEmit(record) {
      if (!isTime(record.hrTimeObserved)) record.hrTimeObserved = isTime(record.hrTime) ? record.hrTime : [0, 0];
      if (!isTime(record.hrTime)) record.hrTime = record.hrTimeObserved;
      redaction.attributes(record.attributes as Record<string, unknown>, depth);
      record.body = redaction.value(record.body) as LogRecord['body'];
      if (record.eventName !== undefined) record.eventName = redaction.name(record.eventName);
      if (record.severityText !== undefined) record.severityText = redaction.name(record.severityText);
      const open = record as { -readonly [Key in 'instrumentationScope']: LogRecord[Key] };
      open.instrumentationScope = redaction.scope(record.instrumentationScope);
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/**
 * Makes events of the span that is active out of log records that are events.
 *
 * @see OpenTelemetry specification, logs SDK, event to span event bridge
 */
function bridge(): LogRecordProcessor {
  return {
    onEmit(record, context) {
      const span = context && trace.getSpan(context);
      const { eventName, spanContext, attributes, hrTime } = record;
      if (!eventName || !spanContext || !span?.isRecording()) return;
      const { traceId, spanId } = span.spanContext();
      if (spanContext.traceId === traceId && spanContext.spanId === spanId) {
        span.addEvent(eventName, attributes as Attributes, hrTime);
      }
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/** Makes the question what is on for a logger. */
export function createLoggerConfigurator(model: Model): LoggerConfigurator {
  const configOf = configFor(model.logger_provider?.['logger_configurator/development'], 'loggers');
  return ({ name }) => {
    const { enabled, minimum_severity: severity, trace_based: traceBased } = configOf(name);
    return {
      enabled: enabled ?? true,
      minimumSeverity: severityOf(severity) ?? SeverityNumber.UNSPECIFIED,
      traceBased: traceBased ?? false,
    };
  };
}

/** `info2` of the model is `INFO2` of the API. */
function severityOf(word: string | null | undefined): SeverityNumber | undefined {
  return SeverityNumber[(word ?? '').toUpperCase() as keyof typeof SeverityNumber];
}
