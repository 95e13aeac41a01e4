// Variables that do nothing are found, and those that do something are not.
import { expect, it, describe } from 'vitest';
import { findShadowed } from '../../../sdk/src/doctor/variables.ts';

const check = (
  environment: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, string>>,
  file?: string,
): void =>
  expect(Object.fromEntries(findShadowed(environment, file).map(({ name, why }) => [name, why]))).toEqual(expected);

describe('findShadowed', () => {
  it('finds what nothing reads, and guesses what was meant', () => {
    check(
      { OTEL_EXPORTER_OLTP_ENDPOINT: 'x' },
      { OTEL_EXPORTER_OLTP_ENDPOINT: 'nothing reads it; is OTEL_EXPORTER_OTLP_ENDPOINT meant?' },
    );
    check({ OTEL_SERVICE_NAM: 'x' }, { OTEL_SERVICE_NAM: 'nothing reads it; is OTEL_SERVICE_NAME meant?' });
    check({ OTEL_TRACE_SAMPLER: 'x' }, { OTEL_TRACE_SAMPLER: 'nothing reads it; is OTEL_TRACES_SAMPLER meant?' });
    check({ OTEL_COLOUR: 'x', OTHER: 'y', OTEL_EMPTY: ' ' }, { OTEL_COLOUR: 'nothing reads it' });
  });

  it('leaves alone what is read', () => {
    check({ OTEL_METRICS_EXEMPLAR_FILTER: 'always_on', OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'true' }, {});
    check({ OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram' }, {});
  });

  it('finds what something else outweighs', () => {
    const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'a', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'b' };
    check({ ...own, OTEL_EXPORTER_OTLP_ENDPOINT: 'x' }, {});
    const all = { ...own, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'c', OTEL_EXPORTER_OTLP_ENDPOINT: 'x' };
    check(all, { OTEL_EXPORTER_OTLP_ENDPOINT: 'each signal has its own' });
    check({ OTEL_TRACES_SAMPLER_ARG: '0.1' }, { OTEL_TRACES_SAMPLER_ARG: 'the sampler takes no argument' });
    check({ OTEL_TRACES_SAMPLER_ARG: '0.1', OTEL_TRACES_SAMPLER: 'traceidratio' }, {});
    check({ OTEL_TRACES_SAMPLER_ARG: 'endpoint=x', OTEL_TRACES_SAMPLER: 'parentbased_jaeger_remote' }, {});
    check(
      { OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'service.name=b' },
      { OTEL_RESOURCE_ATTRIBUTES: 'of it, service.name: OTEL_SERVICE_NAME names the service' },
    );
    check({ OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'team=b' }, {});
  });

  it('knows that beside a file only the file counts, and what it refers to', () => {
    const environment = { OTEL_CONFIG_FILE: 'otel.yaml', OTEL_SERVICE_NAME: 'a', OTEL_EXPORTER_OTLP_ENDPOINT: 'b' };
    check(
      environment,
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'the configuration file counts alone' },
      'value: ${OTEL_SERVICE_NAME:-x}',
    );
    const detected = { OTEL_CONFIG_FILE: 'otel.yaml', OTEL_SERVICE_NAME: 'a' };
    check(detected, {}, 'detectors: [{ service: }]');
    check(detected, { OTEL_SERVICE_NAME: 'the configuration file counts alone' }, 'detectors: [{ host: }]');
  });
});
