// A fresh project that has put OpenTelemetry together by itself, by the line before this one and with the API of then: the
// instruments alone give their spans and measurements to it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeProjects, makeProject } from '../support/fresh-projects.ts';
import { PackedSidecar } from '../support/packed-sidecar.ts';

const exec = promisify(execFile);

const VERSIONS = {
  '@opentelemetry/api': '1.9.0',
  '@opentelemetry/exporter-metrics-otlp-proto': '0.223.0',
  '@opentelemetry/exporter-trace-otlp-proto': '0.223.0',
  '@opentelemetry/resources': '2.12.1',
  '@opentelemetry/sdk-metrics': '2.12.1',
  '@opentelemetry/sdk-trace-node': '2.12.1',
};

const PROGRAM = `import { metrics } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { measurePerformance, traceWorkflow } from '@evenkeel/sdk';

const resource = resourceFromAttributes({ 'service.name': 'older' });
const spans = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
spans.register();
const readers = [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })];
const meters = new MeterProvider({ resource, readers });
metrics.setGlobalMeterProvider(meters);

const price = measurePerformance('older.price', async (sku) => sku.length * 3);
console.log(await traceWorkflow('restock', () => price('coffee'))());
await Promise.all([spans.shutdown(), meters.shutdown()]);
`;

describeProjects('a project with an older OpenTelemetry', () => {
  it('gets spans and metrics of the instruments', async () => {
    const sidecar = await PackedSidecar.start(['older']);
    const cwd = await makeProject('older', VERSIONS, { 'main.mjs': PROGRAM });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint };
    expect(await exec(process.execPath, ['main.mjs'], { cwd, env })).toEqual({ stdout: '18\n', stderr: '' });
    await sidecar.spans('older', 'older.price');
    await sidecar.spans('older', 'invoke_workflow restock');
    await sidecar.counts('evenkeel_operation_calls_total', 'older', 'evenkeel_operation_name="older.price"', 1);
  });
});
