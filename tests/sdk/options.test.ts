// Options and environment: what is refused, and which of code, environment and defaults wins.
import { describe, expect, it } from 'vitest';
import { EvenkeelError } from '../../sdk/src/index.ts';
import { optionsOfEnvironment, resolveSettings, type Settings, type TelemetryOptions } from '../../sdk/src/options.ts';

const resolve = (
  options: Partial<TelemetryOptions> = {},
  environment: Readonly<Record<string, string>> = {},
): Settings => resolveSettings({ serviceName: 'shop', ...options }, environment);

/** Asserts the code of the refusal, and the words its message must contain. */
function refuses(options: unknown, code: string, ...words: string[]): void {
  let caught: unknown;
  try {
    resolveSettings(options as TelemetryOptions, {});
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(EvenkeelError);
  expect((caught as EvenkeelError).code).toBe(code);
  for (const word of words) expect((caught as EvenkeelError).message).toContain(word);
}

describe('resolveSettings', () => {
  it('needs nothing but a service name', () => {
    expect(resolve()).toMatchObject({
      disabled: false,
      logLevel: 'none',
      traces: [{ protocol: 'http/protobuf', url: 'http://127.0.0.1:4318/v1/traces' }],
      metrics: [{ protocol: 'http/protobuf', url: 'http://127.0.0.1:4318/v1/metrics' }],
      logs: [{ protocol: 'http/protobuf', url: 'http://127.0.0.1:4318/v1/logs' }],
      unknown: [],
      resourceDetectors: ['all'],
      propagators: ['tracecontext', 'baggage'],
      sampler: { parent_based: { root: { 'probability/development': { ratio: 1 } } } },
      spanLimits: { attributeValueLengthLimit: 4096, attributeCountLimit: 128, eventCountLimit: 128 },
      logLimits: { attributeValueLengthLimit: 4096, attributeCountLimit: 128 },
      exceptionSignal: 'events',
      batch: { scheduledDelayMillis: 1000, maxQueueSize: 2048, maxExportBatchSize: 512 },
      metricIntervalMs: 5000,
    });
  });

  it('refuses invalid options, all at once', () => {
    refuses(undefined, 'OPTIONS_INVALID');
    refuses({}, 'OPTIONS_INVALID', 'serviceName');
    refuses({ serviceName: ' ' }, 'OPTIONS_INVALID', 'serviceName');
    refuses({ serviceName: 'a', servicename: 'b' }, 'OPTIONS_INVALID', 'unknown option servicename');
    refuses({ serviceName: 'a', prometheus: { port: 0 } }, 'OPTIONS_INVALID', 'prometheus.port');
    refuses({ serviceName: 'a', prometheus: 9464 }, 'OPTIONS_INVALID', 'prometheus');
    refuses(
      {
        serviceName: 7,
        serviceVersion: 1,
        endpoint: 'localhost:4318',
        protocol: 'grpc',
        headers: { a: 1 },
        resourceAttributes: { a: {} },
        runtimeMetrics: 'yes',
        prometheus: { host: 1 },
        redaction: { enabled: 1, keys: [1], values: ['x'], key: [] },
        instrumentations: 'no',
      },
      'OPTIONS_INVALID',
      'serviceName',
      'serviceVersion',
      'endpoint',
      'protocol',
      'headers',
      'resourceAttributes',
      'runtimeMetrics',
      'prometheus.host',
      'redaction.enabled',
      'redaction.keys',
      'redaction.values',
      'unknown option redaction.key',
      'instrumentations',
    );
  });

  it('lets the environment win over defaults', () => {
    expect(
      resolve(
        {},
        {
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere:4318',
          OTEL_BSP_SCHEDULE_DELAY: '250',
          OTEL_BSP_MAX_QUEUE_SIZE: '100',
          OTEL_METRIC_EXPORT_INTERVAL: '60000',
          OTEL_LOG_LEVEL: 'debug',
          OTEL_LOGS_EXPORTER: 'none',
          OTEL_TRACES_SAMPLER: 'traceidratio',
          OTEL_TRACES_SAMPLER_ARG: '0.25',
          OTEL_ATTRIBUTE_COUNT_LIMIT: '10',
          OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '20',
          OTEL_PROPAGATORS: 'b3, tracecontext',
          OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fs,undici',
          OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: 'logs/dup',
        },
      ),
    ).toMatchObject({
      traces: [{ protocol: 'http/json' }],
      metrics: [{ protocol: 'http/json' }],
      batch: { scheduledDelayMillis: 250, maxQueueSize: 100, maxExportBatchSize: 100 },
      metricIntervalMs: 60_000,
      logLevel: 'debug',
      logs: [],
      sampler: { trace_id_ratio_based: { ratio: 0.25 } },
      spanLimits: { attributeValueLengthLimit: 20, attributeCountLimit: 10 },
      logLimits: { attributeValueLengthLimit: 4096, attributeCountLimit: 10 },
      propagators: ['b3', 'tracecontext'],
      disabledInstrumentations: ['fs', 'undici'],
      exceptionSignal: 'events+logs',
    });
    // The exporter reads the endpoint itself; a URL of ours would hide it.
    expect(resolve({}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }).traces).toEqual([
      { protocol: 'http/protobuf' },
    ]);
  });

  it('takes no part of an item for a size, and no time that a timer cannot wait', () => {
    const { batch, metricIntervalMs } = resolve(
      {},
      { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '0.5', OTEL_METRIC_EXPORT_INTERVAL: '9999999999' },
    );
    expect(batch.maxExportBatchSize).toBe(512);
    expect(metricIntervalMs).toBe(2 ** 31 - 1);
  });

  it('tells no secret of an endpoint it refuses', () => {
    const endpoint = 'me:hunter2@sidecar:4318';
    expect(() => resolve({ endpoint })).toThrow(/^(?!.*hunter2).*endpoint must be an http or https URL/);
  });

  it('lets code win over the environment', () => {
    const environment = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere:4318',
    };
    const { traces, metrics } = resolve({ endpoint: 'http://here:1/', protocol: 'http/protobuf' }, environment);
    expect(traces).toEqual([{ protocol: 'http/protobuf', url: 'http://here:1/v1/traces' }]);
    expect(metrics).toEqual([{ protocol: 'http/protobuf', url: 'http://here:1/v1/metrics' }]);
  });

  it('takes the protocol of one signal before that of all', () => {
    const settings = resolve(
      {},
      {
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
      },
    );
    expect(settings.traces).toMatchObject([{ protocol: 'http/json' }]);
    expect(settings.metrics).toMatchObject([{ protocol: 'http/protobuf' }]);
  });

  it('takes the exporters the environment names, and says which it has not', () => {
    expect(resolve({}, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }).traces).toEqual(['grpc']);
    expect(resolve({}, { OTEL_TRACES_EXPORTER: 'console' }).traces).toEqual(['console']);
    expect(resolve({}, { OTEL_METRICS_EXPORTER: 'none' }).metrics).toEqual([]);
    expect(resolve({}, { OTEL_METRICS_EXPORTER: 'otlp,prometheus' }).metrics).toMatchObject([{}, 'prometheus']);
    expect(resolve({ endpoint: 'http://h' }, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }).traces).toMatchObject([
      { protocol: 'http/protobuf' },
    ]);
    expect(resolve({}, { OTEL_TRACES_EXPORTER: 'zipkin' })).toMatchObject({
      traces: [],
      unknown: ['OTEL_TRACES_EXPORTER=zipkin'],
    });
    expect(resolve({}, { OTEL_TRACES_SAMPLER: 'xray' }).unknown).toEqual(['OTEL_TRACES_SAMPLER=xray']);
    // A file outweighs them.
    expect(resolve({}, { OTEL_TRACES_SAMPLER: 'xray', OTEL_CONFIG_FILE: 'otel.yaml' }).unknown).toEqual([]);
  });

  it.each([
    ['OTEL_PROPAGATORS', 'b3, tracecontex', 'OTEL_PROPAGATORS=tracecontex'],
    ['OTEL_METRICS_EXEMPLAR_FILTER', 'always', 'OTEL_METRICS_EXEMPLAR_FILTER=always'],
    ['OTEL_NODE_RESOURCE_DETECTORS', 'hosts', 'OTEL_NODE_RESOURCE_DETECTORS=hosts'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', 'lots', 'OTEL_BSP_MAX_QUEUE_SIZE=lots'],
    ['OTEL_ATTRIBUTE_COUNT_LIMIT', '-1', 'OTEL_ATTRIBUTE_COUNT_LIMIT=-1'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http', 'OTEL_EXPORTER_OTLP_PROTOCOL=http'],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'me:hunter2@localhost:4318',
      'an OTEL_EXPORTER_OTLP_ENDPOINT that does not begin with http:// or https://',
    ],
    [
      'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT',
      '127.0.0.1:4318',
      'an OTEL_EXPORTER_OTLP_LOGS_ENDPOINT that does not begin with http:// or https://',
    ],
  ])('says once that it does not know the value of %s, and goes on', (name, value, told) => {
    expect(resolve({}, { [name]: value }).unknown).toEqual([told]);
  });

  it('does not ask for what options in code or another protocol outweigh', () => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4317' };
    expect(resolve({}, { ...environment, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }).unknown).toEqual([]);
    expect(resolve({ endpoint: 'http://127.0.0.1:4318' }, environment).unknown).toEqual([]);
  });

  it('names a program that is started without code', () => {
    const name = (environment: Readonly<Record<string, string>>): string =>
      optionsOfEnvironment('app', environment).serviceName;
    expect(name({})).toBe('app');
    expect(name({ OTEL_RESOURCE_ATTRIBUTES: 'team=a,service.name = shop ,x=y' })).toBe('shop');
    expect(name({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=my%20shop' })).toBe('my shop');
    expect(name({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=100%' })).toBe('100%');
    expect(name({ OTEL_SERVICE_NAME: 'till', OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop' })).toBe('till');
  });

  it('ignores numbers that make no sense', () => {
    for (const value of ['', 'soon', '-1', '0', 'Infinity']) {
      expect(resolve({}, { OTEL_BSP_SCHEDULE_DELAY: value }).batch.scheduledDelayMillis).toBe(1000);
    }
    // The metric reader throws when it waits longer than its interval.
    const settings = resolve({}, { OTEL_METRIC_EXPORT_INTERVAL: '200', OTEL_METRIC_EXPORT_TIMEOUT: '900' });
    expect(settings.metricTimeoutMs).toBe(200);
  });

  it('knows when it is off', () => {
    expect(resolve({}, { OTEL_SDK_DISABLED: 'true' }).disabled).toBe(true);
    expect(resolve({}, { OTEL_SDK_DISABLED: 'TRUE ' }).disabled).toBe(true);
    expect(resolve({}, { OTEL_SDK_DISABLED: '1' }).disabled).toBe(false);
  });

  it('takes a configuration file or code options, not both', () => {
    const environment = { OTEL_CONFIG_FILE: 'otel.yaml' };
    expect(resolve({}, environment).configFile).toBe('otel.yaml');
    expect(() => resolve({ endpoint: 'http://h', runtimeMetrics: true }, environment)).toThrow(
      /OTEL_CONFIG_FILE=otel\.yaml and endpoint, runtimeMetrics/,
    );
  });
});
