// Hello world by Express, in one of the ways that the bench compares: node express-server.cjs <way> <OTLP endpoint>
// Copied into the folder where Express and its instrumentation are installed, and found from there.
const [, , way, endpoint] = process.argv;
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');

const hello = (_request, response) => response.type('text').send('Hello World!');

async function main() {
  const instrumentations = [new HttpInstrumentation(), new ExpressInstrumentation()];
  const handler = await STARTS[way](instrumentations);
  const app = require('express')();
  app.get('/', handler);
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  // Connections stay open for the whole of the bench.
  server.keepAliveTimeout = 0;
  process.on('message', () => process.send({ cpuUs: process.cpuUsage() }));
  process.on('disconnect', () => process.exit());
}

const STARTS = {
  async bare() {
    return hello;
  },
  /** OpenTelemetry as its manual starts it: traces and metrics, over OTLP in protobuf, at its own intervals. */
  async plain(instrumentations) {
    startPlain(instrumentations);
    return hello;
  },
  /** The same, and in the handler by hand what one annotation gives. */
  async hand(instrumentations) {
    startPlain(instrumentations);
    return byHand('hello', hello);
  },
  async started(instrumentations) {
    await startOwn(instrumentations);
    return hello;
  },
  async evenkeel(instrumentations) {
    const { measurePerformance } = await startOwn(instrumentations);
    return measurePerformance('hello', hello);
  },
};

function startPlain(instrumentations) {
  Object.assign(process.env, {
    OTEL_SERVICE_NAME: 'hello',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'none',
  });
  const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');
  const { startNodeSdk } = require('@opentelemetry/sdk-node');
  startNodeSdk({ instrumentations: [...instrumentations, new RuntimeNodeInstrumentation()] });
}

async function startOwn(instrumentations) {
  const sdk = require(process.env.BENCH_SDK);
  await sdk.startTelemetry({ serviceName: 'hello', endpoint });
  registerInstrumentations({ instrumentations });
  return sdk;
}

function byHand(name, fn) {
  const { metrics, SpanStatusCode, trace } = require('@opentelemetry/api');
  const tracer = trace.getTracer('bench');
  const meter = metrics.getMeter('bench');
  const duration = meter.createHistogram('bench.operation.duration', { unit: 's' });
  const calls = meter.createCounter('bench.operation.calls');
  const labels = { operation: name };
  return (...args) => {
    const startMs = performance.now();
    return tracer.startActiveSpan(name, (span) => {
      try {
        return fn(...args);
      } catch (error) {
        span.recordException(error);
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        throw error;
      } finally {
        duration.record((performance.now() - startMs) / 1000, labels);
        calls.add(1, labels);
        span.end();
      }
    });
  };
}

main();
