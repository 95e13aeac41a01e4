// Makes the way of log records, redacted before they are exported.
import {
  type LogRecordLimits,
  type LogRecordProcessor,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { createBatch } from '../bound/batch.ts';
import { holderOf } from '../bound/hand-over.ts';
import { REDACTED, type Redaction } from '../bound/redaction.ts';
import type { ExporterNode, Model, ProcessorNode } from '../config/model.ts';
import { createLogExporter } from './exporters.ts';
import type { Surroundings } from './otlp.ts';
import { attributeLimits, batchLimits } from './spans.ts';

/** As a processor gets it, which may still change it. */
type LogRecord = Parameters<LogRecordProcessor['onEmit']>[0];

/** Makes one processor for each node. */
export async function createLogProcessors(
  nodes: readonly ProcessorNode[],
  surroundings: Surroundings & { readonly redaction: Redaction },
): Promise<LogRecordProcessor[]> {
  const { meterProvider, redaction, holders } = surroundings;
  const create = async (node: ProcessorNode): Promise<LogRecordProcessor> => {
    const exporterNode: ExporterNode = node.batch?.exporter ?? node.simple?.exporter ?? { otlp_http: null };
    const outgoing = await createLogExporter(exporterNode, surroundings);
    const { exporter } = outgoing;
    if (node.simple) return new SimpleLogRecordProcessor({ exporter });
    const batch = createBatch<ReadableLogRecord>('log', batchLimits(node.batch), exporter, meterProvider);
    const take = (): ReadableLogRecord[] | undefined => {
      const records = batch.drain();
      return records.length > 0 ? records : undefined;
    };
    holders?.push(holderOf(outgoing, take));
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
      redaction.attributes(record.attributes as Record<string, unknown>);
      record.body = bodyOf(record, redaction);
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/** A body is what the program gave, unchecked: one that cannot be read is not sent. */
function bodyOf({ body }: LogRecord, redaction: Redaction): LogRecord['body'] {
  try {
    return redaction.value(body) as LogRecord['body'];
  } catch {
    return REDACTED;
  }
}
