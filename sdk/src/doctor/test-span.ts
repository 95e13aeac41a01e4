// Sends one span the way a program would, once, and says what the answer was.
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, Model } from '../config/model.ts';
import { SCOPE_NAME, SCOPE_VERSION } from '../names.ts';
import { createSpanExporter, describeExporter } from '../providers/exporters.ts';
import { createResource } from '../providers/resource.ts';
import { exporterOf } from './describe.ts';

/** Longer than any sidecar needs, and short for somebody who waits. */
const TEST_SPAN_TIMEOUT_MS = 5000;

/** Where a test span went. */
export interface Delivery {
  readonly to: string;
  readonly isTaken: boolean;
  readonly answer: string;
}

/** Sends one span by each processor of traces, once, and says what the answer was. */
export async function sendTestSpans(model: Model, redaction: Redaction): Promise<Delivery[]> {
  const spans = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: await createResource(model.resource, redaction),
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  });
  const span = provider.getTracer(SCOPE_NAME, SCOPE_VERSION).startSpan('evenkeel.doctor', {}, ROOT_CONTEXT);
  span.end();
  const nodes = (model.tracer_provider?.processors ?? []).map(exporterOf).filter((node) => !('console' in node));
  const traceId = span.spanContext().traceId;
  return Promise.all(nodes.map((node) => deliver(node, spans.getFinishedSpans(), traceId, redaction)));
}

async function deliver(
  node: ExporterNode,
  spans: ReadableSpan[],
  traceId: string,
  redaction: Redaction,
): Promise<Delivery> {
  const to = describeExporter(node, 'TRACES', redaction);
  const closed = new AbortController();
  let failure: string | undefined;
  const onFailure = (error: Error): void => {
    failure = error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
  };
  // Closing from the start: what fails is not tried again.
  let status = 'by gRPC';
  const onAnswer = (code: number): void => void (status = `HTTP ${code}`);
  const outlet = { closing: AbortSignal.abort(), closed: closed.signal, onFailure, onAnswer };
  const { exporter } = await createSpanExporter(node, { outlet });
  const result = await new Promise<ExportResult>((resolve) => {
    // Requests of the SDK keep nothing alive, so this timer also keeps the command running.
    const timer = setTimeout(() => {
      const error = new Error(`no answer within ${TEST_SPAN_TIMEOUT_MS} ms`);
      resolve({ code: ExportResultCode.FAILED, error });
    }, TEST_SPAN_TIMEOUT_MS);
    exporter.export(spans, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
  closed.abort();
  await exporter.shutdown();
  if (result.code === ExportResultCode.SUCCESS)
    return { to, isTaken: true, answer: `taken, ${status}, trace ${traceId}` };
  return { to, isTaken: false, answer: failure ?? result.error?.message ?? 'no reason given' };
}
