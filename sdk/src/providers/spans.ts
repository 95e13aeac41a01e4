// Makes the way of spans: what waits is known, bounded and redacted before it is exported.
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanLimits,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { handOver } from '../bound/hand-over.ts';
import type { Redaction } from '../bound/redaction.ts';
import { createUnsent, type Unsent } from '../bound/unsent.ts';
import type { BatchNode, ExporterNode, LimitsNode, Model, ProcessorNode } from '../config/model.ts';
import { type Address, createSpanExporter, type Surroundings } from './exporters.ts';

/** Defaults where a file is silent: those of `startTelemetry`. */
const DEFAULT_BATCH = { delayMs: 1000, timeoutMs: 1000, maxQueueSize: 2048, maxBatchSize: 512 };

/** Limits where nobody sets others. */
const DEFAULT_LENGTH = 4096;
const DEFAULT_COUNT = 128;

/** Processors, and what can be done with their spans when the process ends. */
export interface SpanPipeline {
  readonly processors: readonly SpanProcessor[];
  /** Sends what waits, at once, to the first address that takes OTLP over HTTP. */
  handOver(): void;
}

interface Part {
  readonly processor: SpanProcessor;
  readonly unsent?: Unsent;
  readonly address?: Address | undefined;
}

/** Makes one processor for each node. */
export async function createSpanPipeline(
  nodes: readonly ProcessorNode[],
  surroundings: Surroundings & { readonly redaction: Redaction },
): Promise<SpanPipeline> {
  const { redaction, meterProvider } = surroundings;
  const prepare = (spans: readonly ReadableSpan[]): void => {
    for (const span of spans) redactSpan(span, redaction);
  };

  async function createPart(node: ProcessorNode): Promise<Part> {
    const exporterNode: ExporterNode = node.batch?.exporter ?? node.simple?.exporter ?? { otlp_http: null };
    const { exporter, address } = await createSpanExporter(exporterNode, surroundings);
    const options = batchOptions(node.batch);
    const unsent = createUnsent(options.maxQueueSize);
    const prepared = unsent.wrap(exporter, prepare);
    if (node.simple) return { processor: new SimpleSpanProcessor({ exporter: prepared }) };
    const self = meterProvider ? { selfObsMeterProvider: meterProvider } : {};
    return { processor: new BatchSpanProcessor({ exporter: prepared, ...options, ...self }), unsent, address };
  }

  const parts = await Promise.all(nodes.map(createPart));
  return {
    processors: parts.flatMap(({ processor, unsent }) => (unsent ? [unsent.processor, processor] : [processor])),
    handOver() {
      for (const { unsent, address } of parts) {
        const spans = unsent?.drain() ?? [];
        if (spans.length === 0 || !address) continue;
        prepare(spans);
        const body = ProtobufTraceSerializer.serializeRequest(spans);
        const headers = { ...address.headers, 'Content-Type': 'application/x-protobuf' };
        if (body) handOver(body, { url: address.url, headers });
      }
    },
  };
}

/** Queue and times of a processor; a batch is never larger than the queue. */
export function batchOptions(node: BatchNode | undefined): {
  scheduledDelayMillis: number;
  exportTimeoutMillis: number;
  maxQueueSize: number;
  maxExportBatchSize: number;
} {
  const maxQueueSize = node?.max_queue_size ?? DEFAULT_BATCH.maxQueueSize;
  return {
    scheduledDelayMillis: node?.schedule_delay ?? DEFAULT_BATCH.delayMs,
    exportTimeoutMillis: node?.export_timeout ?? DEFAULT_BATCH.timeoutMs,
    maxQueueSize,
    maxExportBatchSize: Math.min(node?.max_export_batch_size ?? DEFAULT_BATCH.maxBatchSize, maxQueueSize),
  };
}

/** Joins the limits of spans with those of everything. */
export function spanLimits(model: Model): SpanLimits {
  const own = model.tracer_provider?.limits;
  return {
    ...attributeLimits(model, own),
    eventCountLimit: own?.event_count_limit ?? DEFAULT_COUNT,
    linkCountLimit: own?.link_count_limit ?? DEFAULT_COUNT,
    attributePerEventCountLimit: own?.event_attribute_count_limit ?? DEFAULT_COUNT,
    attributePerLinkCountLimit: own?.link_attribute_count_limit ?? DEFAULT_COUNT,
  };
}

/** The limits that spans and log records share. */
export function attributeLimits(
  { attribute_limits: all }: Model,
  own: LimitsNode | null | undefined,
): { attributeValueLengthLimit: number; attributeCountLimit: number } {
  return {
    attributeValueLengthLimit: own?.attribute_value_length_limit ?? all?.attribute_value_length_limit ?? DEFAULT_LENGTH,
    attributeCountLimit: own?.attribute_count_limit ?? all?.attribute_count_limit ?? DEFAULT_COUNT,
  };
}

/** Redacts everything of a span that a program fills with data; names of spans are not data. */
function redactSpan(span: ReadableSpan, redaction: Redaction): void {
  redaction.attributes(span.attributes);
  for (const event of span.events) redaction.attributes(event.attributes);
  for (const link of span.links) redaction.attributes(link.attributes);
  const { status } = span;
  if (status.message !== undefined) status.message = redaction.text(status.message);
}
