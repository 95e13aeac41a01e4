// Makes the way of log records, redacted before they are exported.
import {
  type LogRecordLimits,
  type LogRecordProcessor,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { createBatch } from '../bound/batch.ts';
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, Model, ProcessorNode } from '../config/model.ts';
import { createLogExporter, type Surroundings } from './exporters.ts';
import { attributeLimits, batchLimits, isTime } from './spans.ts';

/** As a processor gets it, which may still change it. */
type LogRecord = Parameters<LogRecordProcessor['onEmit']>[0];

/** Makes one processor for each node. */
export async function createLogProcessors(
  nodes: readonly ProcessorNode[],
  surroundings: Surroundings & { readonly redaction: Redaction },
): Promise<LogRecordProcessor[]> {
  const { meterProvider, redaction } = surroundings;
  const create = async (node: ProcessorNode): Promise<LogRecordProcessor> => {
    const exporterNode: ExporterNode = node.batch?.exporter ?? node.simple?.exporter ?? { otlp_http: null };
    const exporter = await createLogExporter(exporterNode, surroundings);
    if (node.simple) return new SimpleLogRecordProcessor({ exporter });
    const batch = createBatch<ReadableLogRecord>('log', batchLimits(node.batch), exporter, meterProvider);
    return { onEmit: (record) => batch.add(record), forceFlush: batch.flush, shutdown: batch.shutdown };
  };
  const processors = await Promise.all(nodes.map(create));
  // Processors are called in turn, and a record may still be changed by the first.
  return processors.length > 0 ? [redactor(redaction), ...processors] : [];
}

/** Limits of one log record. */
export function logLimits(model: Model): LogRecordLimits {
  return attributeLimits(model, model.logger_provider?.limits);
}

/** Takes secrets out of records before the processors after it see them. */
export function redactor(redaction: Redaction): LogRecordProcessor {
  return {
    onEmit(record) {
      if (!isTime(record.hrTimeObserved)) record.hrTimeObserved = isTime(record.hrTime) ? record.hrTime : [0, 0];
      if (!isTime(record.hrTime)) record.hrTime = record.hrTimeObserved;
      redaction.attributes(record.attributes as Record<string, unknown>);
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
