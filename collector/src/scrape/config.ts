// Configuration of `scrape`: which Prometheus targets are scraped. Nothing is scraped unless it is named.
import { z } from 'zod';
import { duration, optionalDuration, ratio, size, slug, whole } from '../config/fields.ts';
import { relabelRule } from './relabel-config.ts';
import { targetProblem, targetsOf } from './targets.ts';

/** Headers that follow from the request itself. */
const OWN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
  'x-prometheus-scrape-timeout-seconds',
]);
const MAX_TARGETS = 1000;
/** Series that go unseen for 5 minutes end for Prometheus. */
const LONGEST_INTERVAL_MS = 240_000;

const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name of a header'),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must not hold line breaks or characters that HTTP cannot carry'),
  )
  .default({})
  .refine(
    (named) => !Object.keys(named).some((name) => OWN_HEADERS.has(name.toLowerCase())),
    'must not name a header that a scrape sets itself',
  )
  .describe('sent with every scrape; values are never shown');

const target = z.string().superRefine((text, context) => {
  const message = targetProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const tls = z
  .strictObject({
    ca_file: z.string().optional().describe('PEM file of the authority that signed the targets, beside the usual ones'),
    cert_file: z.string().optional().describe('PEM file of the certificate shown to a target that asks for one'),
    key_file: z.string().optional().describe('PEM file of its private key, without a passphrase'),
  })
  .refine(
    ({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined),
    'cert_file and key_file go together',
  );

const adaptive = z.strictObject({
  max_interval: duration('60s', 'longest interval, while nothing moves', { min: 1000, max: LONGEST_INTERVAL_MS }),
  stability_threshold: ratio(
    'a change of no more is none, relative to the last exported value, or 5 % of the range seen where that is more; of counters the rate counts',
  ).default(0.05),
});

const jobFields = z.strictObject({
  name: slug('service.name of its targets, unless relabelled'),
  targets: z.array(target).min(1).max(MAX_TARGETS).describe('host:port, or URLs'),
  scheme: z.enum(['http', 'https']).default('http').describe('of targets given as host:port'),
  metrics_path: z.string().startsWith('/').default('/metrics').describe('of targets given without a path'),
  labels: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is no name of a label'), z.string())
    .default({})
    .describe('added to every series of its targets'),
  interval: duration('15s', 'between two scrapes of a target', { min: 1000, max: LONGEST_INTERVAL_MS }),
  timeout: optionalDuration('a scrape must be over within; 10s, or the interval where that is shorter', { min: 10 }),
  honor_labels: z
    .boolean()
    .default(false)
    .describe('labels of a target win over our own; else theirs are renamed to exported_...'),
  honor_timestamps: z.boolean().default(true).describe('timestamps of a target are kept; else all is of the scrape'),
  native_histograms: z
    .boolean()
    .default(false)
    .describe('asks for protobuf, which alone has native histograms; they become exponential histograms'),
  headers,
  token_file: z.string().min(1).optional().describe('file with the bearer token sent; read again for each scrape'),
  tls: tls.prefault({}).describe('of https targets'),
  max_body: size('16MiB', 'a larger answer, inflated, fails the scrape', { min: 1024 }),
  max_samples: whole(50_000, 1, 1_000_000, 'more samples fail the scrape'),
  max_labels: whole(64, 1, 1000, 'a sample with more labels fails the scrape'),
  max_label_value: size('4KiB', 'a longer value or name of a label fails the scrape', { min: 16 }),
  relabel: z.array(relabelRule).default([]).describe('rules over labels of targets'),
  metric_relabel: z.array(relabelRule).default([]).describe('rules over labels of samples'),
  adaptive: z
    .union([z.literal(false), adaptive])
    .default(false)
    .describe('longer intervals while nothing of a target moves, and unmoved points at least each 60s only'),
});

const job = jobFields.check((context) => {
  const { value } = context;
  const add = (path: string, message: string): void =>
    void context.issues.push({ code: 'custom', path: [path], message, input: value });
  if (value.timeout !== undefined && value.timeout > value.interval) add('timeout', 'must not be longer than interval');
  if (value.adaptive !== false && value.adaptive.max_interval < value.interval)
    add('adaptive', 'max_interval must not be shorter than interval');
  try {
    targetsOf({ ...value, targets: value.targets.filter((text) => targetProblem(text) === undefined) });
  } catch {
    add('relabel', 'makes of a target what is no address');
  }
});

export const scrapeConfig = z
  .strictObject({
    jobs: z
      .array(job)
      .max(200)
      .default([])
      .refine((jobs) => new Set(jobs.map(({ name }) => name)).size === jobs.length, 'two jobs have one name')
      .describe('groups of targets that are scraped alike'),
  })
  .prefault({});

export type ScrapeConfig = z.output<typeof scrapeConfig>;
export type ScrapeJob = ScrapeConfig['jobs'][number];
