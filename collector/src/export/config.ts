// Configuration of `export`: where kept traces go, and the metrics page.
import { z } from 'zod';
import { derivedSize, duration, hostNames, listenHost, port, slug, whole } from '../config/fields.ts';
import { lockFields } from '../config/listener.ts';
import { TRAIL_HEADER } from '../pipeline/trail.ts';

/** A base URL without credentials: those belong into headers, which are never logged. */
const endpoint = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .refine((url) => !hasCredentials(url), 'must not carry credentials; use headers')
  .describe('base URL of an OTLP/HTTP receiver; /v1/traces is added');

function hasCredentials(url: string): boolean {
  return URL.canParse(url) && new URL(url).username + new URL(url).password !== '';
}

/** Headers that follow from the body and the connection. */
const OWN_HEADERS = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'host',
  TRAIL_HEADER,
]);

/** How containers call the machine they run on; nobody can register a name below `internal`. */
const NAMES_FROM_CONTAINERS = ['host.docker.internal', 'host.containers.internal'];

/** What HTTP can carry; messages name the header, never its value. */
const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name of a header'),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must not hold line breaks or characters that HTTP cannot carry'),
  )
  .default({})
  .refine(
    (named) => !Object.keys(named).some((name) => OWN_HEADERS.has(name.toLowerCase())),
    'must not name a header that the exporter sets itself',
  )
  .describe('sent with every request; values are never shown');

const otlpExporterFields = z.strictObject({
  endpoint,
  traces_endpoint: endpoint.optional().describe('full URL for traces, used as it is'),
  headers,
  compression: z.enum(['gzip', 'zstd', 'none']).default('gzip').describe('of request bodies'),
  timeout: duration('10s', 'a request must be answered within', { min: 10 }),
  ca_file: z.string().optional().describe('PEM file of the authority that signed the receiver, beside the usual ones'),
  cert_file: z
    .string()
    .optional()
    .describe('PEM file of the certificate shown to a receiver that asks for one; changes are taken up within 30s'),
  key_file: z.string().optional().describe('PEM file of its private key, without a passphrase'),
  max_queue: derivedSize(
    'bytes waiting for delivery, beyond which new traces are lost to this exporter; a quarter of memory_limit, shared by all',
  ),
  retry_initial: duration('1s', 'wait before the second attempt; doubles, with jitter', { min: 10 }),
  retry_max: duration('30s', 'longest wait between attempts', { min: 10 }),
  retry_elapsed: duration('5m', 'a batch not delivered within is given up'),
});

export const otlpExporterConfig = otlpExporterFields.refine(
  ({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined),
  'cert_file and key_file go together',
);

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
    otlp: z
      .record(slug('name of the exporter'), otlpExporterConfig)
      .default({})
      .describe('OTLP/HTTP exporters by name'),
    interval: duration(
      '15s',
      'what the sidecar counts itself is pushed to exporters each; what comes in, as it comes',
      {
        min: 1000,
        max: 300_000,
      },
    ),
    max_series: whole(
      50_000,
      1,
      10_000_000,
      "series that come in and are shown on the metrics page or pushed in Prometheus' way; further ones are left out",
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
  .prefault({});

export type ExportConfig = z.output<typeof exportConfig>;
export type OtlpExporterConfig = z.output<typeof otlpExporterConfig>;
