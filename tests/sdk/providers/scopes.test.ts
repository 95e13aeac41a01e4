// Tracers, meters and loggers by the name of their scope, as a configuration switches them.
import { ROOT_CONTEXT, SeverityNumber, trace, TraceFlags } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, it, onTestFinished } from 'vitest';
import type { Model } from '../../../sdk/src/config/model.ts';
import { createLoggerConfigurator } from '../../../sdk/src/providers/logs.ts';
import { switchMeters, switchTracers } from '../../../sdk/src/providers/switched-scopes.ts';

const OFF = { enabled: false };
const ON = { enabled: true };
const NAMES = ['shop', '@noisy/a', '@noisy/b'];

it('a tracer that is off makes no span, and lets the parent through', () => {
  const exporter = new InMemorySpanExporter();
  const model: Model = {
    tracer_provider: {
      processors: [],
      'tracer_configurator/development': {
        tracers: [
          { name: '@noisy/a', config: ON },
          { name: '@noisy/*', config: OFF },
        ],
      },
    },
  };
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const switched = switchTracers(provider, model);
  const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
  const context = trace.setSpanContext(ROOT_CONTEXT, parent);
  const spans = NAMES.map((name) => switched.getTracer(name).startSpan(name, {}, context));
  for (const span of spans) span.end();
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['shop', '@noisy/a']);
  expect(spans[2]?.spanContext()).toEqual(parent);
});

it('a meter that is off records nothing', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const model: Model = {
    meter_provider: {
      readers: [],
      'meter_configurator/development': { default_config: OFF, meters: [{ name: 'sho?', config: ON }] },
    },
  };
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = switchMeters(new MeterProvider({ readers: [reader] }), model);
  onTestFinished(() => provider.shutdown());
  for (const name of NAMES) provider.getMeter(name).createCounter('calls').add(1);
  await provider.forceFlush();
  const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.map(({ scope }) => scope.name));
  expect(scopes).toEqual(['shop']);
});

it('a logger is heard from a severity on, and with its trace only where that is sampled', () => {
  const exporter = new InMemoryLogRecordExporter();
  const model: Model = {
    logger_provider: {
      processors: [],
      'logger_configurator/development': {
        default_config: { minimum_severity: 'warn2' },
        loggers: [
          { name: '@noisy/a', config: OFF },
          { name: '@noisy/*', config: { trace_based: true } },
        ],
      },
    },
  };
  const provider = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter })],
    loggerConfigurator: createLoggerConfigurator(model),
  });
  const dropped = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.NONE,
  });
  for (const name of NAMES) {
    const logger = provider.getLogger(name);
    logger.emit({ body: `${name} warns`, severityNumber: SeverityNumber.WARN });
    logger.emit({ body: `${name} fails`, severityNumber: SeverityNumber.ERROR });
    logger.emit({ body: `${name} in a dropped trace`, severityNumber: SeverityNumber.ERROR, context: dropped });
  }
  expect(exporter.getFinishedLogRecords().map(({ body }) => body)).toEqual([
    'shop fails',
    'shop in a dropped trace',
    '@noisy/b warns',
    '@noisy/b fails',
  ]);
});
