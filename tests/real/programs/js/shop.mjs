// A service that asks the sidecar how much to sample, as a user of OpenTelemetry's JavaScript SDK would write it.
// It runs beats until its parent disconnects; a message says how often each operation is called in each beat, and every
// beat is answered with how often each was called and sampled so far.
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { JaegerRemoteSampler } from '@opentelemetry/sampler-jaeger-remote';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const SERVICE = 'shop';
const BEAT_MS = 50;

const provider = new TracerProvider({
  resource: resourceFromAttributes({ 'service.name': SERVICE }),
  sampler: new JaegerRemoteSampler({
    endpoint: process.env.SAMPLING_ENDPOINT,
    serviceName: SERVICE,
    poolingInterval: 500,
    initialSampler: new AlwaysOnSampler(),
  }),
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 100 })],
});
trace.setGlobalTracerProvider(provider);
const tracer = trace.getTracer('shop');

/** Calls a beat, by operation; less than one is a call every so many beats. */
let rates = {};
const counts = {};
let beats = 0;

function call(operation) {
  const count = (counts[operation] ??= { called: 0, sampled: 0 });
  const span = tracer.startSpan(operation);
  count.called++;
  if (span.isRecording()) count.sampled++;
  span.end();
}

const timer = setInterval(() => {
  beats++;
  for (const [operation, rate] of Object.entries(rates)) {
    const calls = Math.floor(beats * rate) - Math.floor((beats - 1) * rate);
    for (let i = 0; i < calls; i++) call(operation);
  }
  process.send({ beats, counts });
}, BEAT_MS);

process.on('message', async (message) => {
  if (message !== 'stop') {
    rates = message;
    return;
  }
  clearInterval(timer);
  await provider.forceFlush();
  process.send({ beats, counts, stopped: true });
  // The sampler's timer would keep the process alive.
  process.exit();
});
process.once('disconnect', () => process.exit());
