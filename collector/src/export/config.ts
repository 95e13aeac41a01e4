// Configuration of `export`: where kept traces go, and the metrics page.
import { z } from 'zod';
import { credentialFreeUrl, derivedWhole, duration, hostNames, listenHost, port, slug } from '../config/fields.ts';
import { lockFields } from '../config/listener.ts';
import { certificateAndKey, queueFields, receiverFields } from './receiver-fields.ts';
import { remoteWriteConfig } from './remote-write-config.ts';

/** How containers call the machine they run on; nobody can register a name below `internal`. */
const NAMES_FROM_CONTAINERS = ['host.docker.internal', 'host.containers.internal'];

const endpoint = credentialFreeUrl('base URL of an OTLP receiver; over http, /v1/traces is added');

const otlpExporterFields = z.strictObject({
  endpoint,
  protocol: z.enum(['http', 'grpc']).default('http').describe('how OTLP is spoken there'),
  signals: z
    .array(z.enum(['traces', 'metrics', 'logs']))
    .min(1)
    .default(['traces', 'metrics', 'logs'])
    .describe('what is sent there'),
  traces_endpoint: endpoint.optional().describe('full URL for traces over http, used as it is'),
  compression: z.enum(['gzip', 'zstd', 'none']).default('gzip').describe('of requests'),
  ...receiverFields,
  ...queueFields('beyond which new ones are lost to this exporter'),
});

export const otlpExporterConfig = otlpExporterFields
  .refine(...certificateAndKey)
  .refine(
    ({ protocol, traces_endpoint }) => protocol === 'http' || traces_endpoint === undefined,
    'traces_endpoint is for protocol: http; over grpc there is one endpoint',
  )
  .refine(
    ({ protocol, endpoint: url }) => protocol === 'http' || !isHttp(url) || isOrigin(new URL(url)),
    'an endpoint of protocol: grpc has no path, as in http://127.0.0.1:4317',
  );

/** What is none has its own problem. */
function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function isOrigin({ pathname, search }: URL): boolean {
  return pathname + search === '/';
}

export const exportConfig = z
  .strictObject({
    prometheus: z
      .union([
        z.literal(false),
        z.strictObject({
          host: listenHost(),
          port: port(8889, 'metrics page'),
          ...lockFields,
          host_names: hostNames(
            NAMES_FROM_CONTAINERS,
            'further names it answers to, beside localhost, addresses and its host, where it listens on loopback without tls and auth',
          ),
          names: z
            .enum(['translated', 'negotiated'])
            .default('translated')
            .describe(
              'translated to underscores whoever reads; or with their dots for a scraper that asks for UTF-8 names, which changes every name for Prometheus 3',
            ),
          aliases: z
            .boolean()
            .default(false)
            .describe('whether metrics are shown a second time under names that dashboards of earlier systems use'),
          created_timestamps: z
            .boolean()
            .default(false)
            .describe(
              'whether OpenMetrics shows since when each series counts; Prometheus keeps that as further series',
            ),
        }),
      ])
      .prefault({})
      .describe('the metrics page at /metrics'),
    otlp: z.record(slug('name of the exporter'), otlpExporterConfig).default({}).describe('OTLP exporters by name'),
    remote_write: z
      .record(slug('name of the exporter'), remoteWriteConfig)
      .default({})
      .describe('Prometheus remote write exporters by name; metrics are pushed to them'),
    interval: duration(
      '15s',
      'what the sidecar counts itself is pushed to exporters each; what comes in, as it comes',
      {
        min: 1000,
        max: 300_000,
      },
    ),
    max_series: derivedWhole(
      1,
      10_000_000,
      "series that come in and are shown on the metrics page or pushed in Prometheus' way, as many as memory_limit has room for up to 50000; further ones are left out",
    ),
    stale_after: duration('5m', 'a series that came in is shown no more when no point of it came for so long', {
      min: 1000,
    }),
    exemplars: z
      .enum(['kept', 'all', 'none'])
      .default('kept')
      .describe('which exemplars that come in go on: those whose trace was kept, all, or none'),
    drain_timeout: duration('5s', 'at stop, delivery is tried for so long'),
  })
  .refine(
    ({ otlp, remote_write }) => Object.keys(remote_write).every((name) => !Object.hasOwn(otlp, name)),
    'an exporter of remote_write has the name of one of otlp; both count under their names',
  )
  .prefault({});

export type ExportConfig = z.output<typeof exportConfig>;
export type OtlpExporterConfig = z.output<typeof otlpExporterConfig>;
