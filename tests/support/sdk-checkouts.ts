// Traces of two services as OpenTelemetry's JavaScript SDK makes and sends them: each is a checkout of four spans, and
// some fail. Ids are seeded, so that a test knows which traces a sampling ratio keeps.
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace as traceApi,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type IdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Random, randomBytes, seeded } from './random.ts';

/** One checkout in so many is refused by the payment service. */
const FAILS_EVERY = 12;

/** A span far away that payments are linked to; no test sends it. */
const BATCH_RUN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

/** What a test has to know of a trace that was sent. */
export interface SentTrace {
  readonly traceId: string;
  readonly failed: boolean;
}

/**
 * Makes checkouts and sends them to every receiver; resolves when all have answered.
 *
 * @param receivers OTLP/HTTP addresses without /v1/traces
 */
export async function sendCheckouts(count: number, receivers: readonly string[]): Promise<SentTrace[]> {
  const random = seeded(1);
  const [shop, payment] = [serviceOf('shop', random, receivers), serviceOf('payment', random, receivers)];
  const traces = Array.from({ length: count }, (_, i) => {
    const failed = i % FAILS_EVERY === 0;
    return { traceId: checkout(shop.getTracer('shop'), payment.getTracer('payment'), failed), failed };
  });
  // The roots last: a trace is decided soon after its root has come.
  for (const service of [payment, shop]) {
    await service.forceFlush();
    await service.shutdown();
  }
  return traces;
}

function serviceOf(name: string, random: Random, receivers: readonly string[]): TracerProvider {
  const hex = (bytes: number): string => randomBytes(random, bytes).toString('hex');
  const idGenerator: IdGenerator = { generateTraceId: () => hex(16), generateSpanId: () => hex(8) };
  const spanProcessors = receivers.map((url) => {
    const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
    return new BatchSpanProcessor({ exporter });
  });
  return new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': name, 'service.version': '1.2.3' }),
    idGenerator,
    spanProcessors,
  });
}

/** @returns its trace id */
function checkout(shop: Tracer, payment: Tracer, failed: boolean): string {
  const root = shop.startSpan('POST /checkout', { kind: SpanKind.SERVER, attributes: { 'http.route': '/checkout' } });
  const query = shop.startSpan(
    'SELECT carts',
    { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'postgresql', 'db.response.returned_rows': 3 } },
    below(root),
  );
  query.end();
  const call = shop.startSpan('POST /charge', { kind: SpanKind.CLIENT }, below(root));
  const charge = payment.startSpan(
    'POST /charge',
    {
      kind: SpanKind.SERVER,
      attributes: { 'payment.amount': 12.5, 'payment.methods': ['card', 'größe'] },
      links: [{ context: BATCH_RUN, attributes: { relation: 'settled by' } }],
    },
    below(call),
  );
  if (failed) {
    charge.recordException(new Error('the card was refused'));
    charge.setStatus({ code: SpanStatusCode.ERROR, message: 'the card was refused' });
  } else charge.addEvent('paid', { attempts: 1 });
  for (const span of [charge, call, root]) span.end();
  return root.spanContext().traceId;
}

function below(parent: Span): Context {
  return traceApi.setSpan(ROOT_CONTEXT, parent);
}
