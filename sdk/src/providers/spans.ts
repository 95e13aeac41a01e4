// Makes the way of spans: what waits is known, bounded and redacted before it is exported.
import { type HrTime, TraceFlags } from '@opentelemetry/api';
import {
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanLimits,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { type BatchLimits, createBatch } from '../bound/batch.ts';
import { holderOf } from '../bound/hand-over.ts';
import type { Redaction } from '../bound/redaction.ts';
import type { BatchNode, ExporterNode, LimitsNode, Model, ProcessorNode } from '../config/model.ts';
import { createSpanExporter } from './exporters.ts';
import type { Surroundings } from './otlp.ts';
import { limitOf } from './otlp-settings.ts';

/** Defaults where a file is silent: those of `startTelemetry`. */
const DEFAULT_BATCH = { delayMs: 1000, timeoutMs: 1000, maxQueueSize: 2048, maxBatchSize: 512 };

/** Limits where nobody sets others. */
const DEFAULT_LENGTH = 4096;
const DEFAULT_COUNT = 128;

const TRACE_ID = /^[\da-f]{32}$/i;
const SPAN_ID = /^[\da-f]{16}$/i;

/** Nanoseconds since the epoch have 64 bits. */
const MAX_SECONDS = 2 ** 34;

/** Makes one processor for each that the model has. */
export function createSpanProcessors(
  model: Model,
  surroundings: Surroundings & { readonly redaction: Redaction },
): Promise<SpanProcessor[]> {
  const { redaction, meterProvider, holders } = surroundings;
  const depth = depthLimit(model, model.tracer_provider?.limits);
  const prepare = (spans: readonly ReadableSpan[]): void => {
    for (const span of spans) redactSpan(span, redaction, depth);
  };

  async function createProcessor(node: ProcessorNode): Promise<SpanProcessor> {
    const exporterNode: ExporterNode = node.batch?.exporter ?? node.simple?.exporter ?? { otlp_http: null };
    const outgoing = await createSpanExporter(exporterNode, surroundings);
    const prepared = preparing(outgoing.exporter, prepare);
    if (node.simple) return new SimpleSpanProcessor({ exporter: prepared });
    const batch = createBatch('span', batchLimits(node.batch), prepared, meterProvider);
    const take = (): ReadableSpan[] => {
      const spans = batch.drain();
      prepare(spans);
      return spans;
    };
    holders?.push(holderOf(outgoing, take));
    return batching(batch);
  }

  return Promise.all((model.tracer_provider?.processors ?? []).map(createProcessor));
}

/** Queues the spans that are sampled. */
function batching(batch: ReturnType<typeof createBatch<ReadableSpan>>): SpanProcessor {
  return {
    onStart() {},
    onEnd(span) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) batch.add(span);
    },
    forceFlush: () => batch.flush(),
    shutdown: () => batch.shutdown(),
  };
}

/** Stands before an exporter and prepares what it is given. */
function preparing(exporter: SpanExporter, prepare: (spans: readonly ReadableSpan[]) => void): SpanExporter {
  return {
    export(spans, done) {
      prepare(spans);
      exporter.export(spans, done);
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Queue and times of a processor; a batch is never larger than the queue. */
export function batchLimits(node: BatchNode | undefined): BatchLimits {
  const maxQueueSize = node?.max_queue_size ?? DEFAULT_BATCH.maxQueueSize;
  return {
    scheduledDelayMillis: node?.schedule_delay ?? DEFAULT_BATCH.delayMs,
    exportTimeoutMillis: limitOf(node?.export_timeout ?? DEFAULT_BATCH.timeoutMs),
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

/** How deep attributes may nest, where somebody said so. */
export function depthLimit({ attribute_limits: all }: Model, own: LimitsNode | null | undefined): number | undefined {
  return own?.attribute_value_depth_limit ?? all?.attribute_value_depth_limit ?? undefined;
}

/** Whether it can be written as nanoseconds. */
export function isTime([seconds, nanoseconds]: HrTime): boolean {
  return seconds >= 0 && seconds < MAX_SECONDS && nanoseconds >= 0 && nanoseconds < Infinity;
}

/** With ids that are none a link is not worth the batch. */
function isWritable({ context: { traceId, spanId } }: ReadableSpan['links'][number]): boolean {
  return typeof traceId === 'string' && typeof spanId === 'string' && TRACE_ID.test(traceId) && SPAN_ID.test(spanId);
}

/** Redacts everything of a span that a program says, in place. */
function redactSpan(span: ReadableSpan, redaction: Redaction, depth: number | undefined): void {
  // They are fixed for whoever reads a span, and nobody else has it any more.
  const open = span as { -readonly [Key in keyof ReadableSpan]: ReadableSpan[Key] };
  const { startTime, endTime } = span;
  open.name = redaction.name(span.name);
  open.instrumentationScope = redaction.scope(span.instrumentationScope);
  // Times are what a program gave; with one that is none the whole batch could not be written.
  if (!isTime(startTime)) open.startTime = isTime(endTime) ? endTime : [0, 0];
  if (!isTime(endTime)) open.endTime = open.startTime;
  redaction.attributes(span.attributes, depth);
  for (const event of span.events) {
    if (!isTime(event.time)) event.time = open.endTime;
    event.name = redaction.name(event.name);
    redaction.attributes(event.attributes, depth);
  }
  if (!span.links.every(isWritable)) open.links = span.links.filter(isWritable);
  for (const link of span.links) redaction.attributes(link.attributes, depth);
  const { status } = span;
  // The SDK has no limit of length for it.
  if (status.message !== undefined)
    status.message = redaction.text(status.message).slice(0, DEFAULT_LENGTH).toWellFormed();
}
