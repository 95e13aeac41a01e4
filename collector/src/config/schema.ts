// The whole configuration: one key a room. The truth for the loader, the JSON Schema and the reference page.
import { z } from 'zod';
import { aggregateConfig } from '../aggregate/config.ts';
import { alertConfig } from '../alert/config.ts';
import { baselineConfig } from '../baseline/config.ts';
import { exportConfig } from '../export/config.ts';
import { limitConfig } from '../limit/config.ts';
import { logsConfig } from '../logs/config.ts';
import { measureConfig } from '../measure/config.ts';
import { monitoringConfig } from '../monitoring/config.ts';
import { receiveConfig, sourcesConfig } from '../receive/config.ts';
import { redactionConfig } from '../receive/redaction-config.ts';
import { remoteSamplingConfig } from '../remote-sampling/config.ts';
import { resourceConfig } from '../resource/config.ts';
import { reportConfig } from '../report/config.ts';
import { sampleConfig } from '../sample/config.ts';
import { scrapeConfig } from '../scrape/config.ts';
import { storeConfig } from '../store/config.ts';
import { targetsConfig } from '../target/config.ts';
import { webConfig } from '../web/config.ts';
import { size } from './fields.ts';

/** Rooms that `room: false` switches off. */
export const OPTIONAL_ROOMS = [
  'monitoring',
  'measure',
  'baseline',
  'resources',
  'sample',
  'logs',
  'limit',
  'aggregate',
  'alert',
  'report',
  'store',
  'web',
] as const;
export type OptionalRoom = (typeof OPTIONAL_ROOMS)[number];

/** Half of it holds waiting spans in segments of 3 MiB; with fewer than four of them nothing could wait. */
const MIN_MEMORY_BYTES = 32 * 1024 * 1024;

/** The file with every room on; switched-off rooms are taken out before it is applied. */
export const fileSchema = z.strictObject({
  memory_limit: size(
    '256MiB',
    'the one number that bounds memory, at least 32MiB; rooms get fixed shares of it, or less where sizes set by hand leave less',
  ).refine((bytes) => bytes >= MIN_MEMORY_BYTES, 'must be at least 32MiB'),
  sources: sourcesConfig.describe('what is known of the services that send here'),
  receive: receiveConfig.describe('doors for telemetry'),
  scrape: scrapeConfig.describe('Prometheus targets whose metrics are read'),
  monitoring: monitoringConfig.describe('readings of the host and of this process'),
  redaction: redactionConfig.describe('what is taken out of telemetry before anything is done with it'),
  measure: measureConfig.describe('span metrics of every span'),
  baseline: baselineConfig.describe('what is normal for each operation, and when it is said to have left it'),
  resources: resourceConfig.describe(
    'what is normal for metrics of hosts, programs and whatever is named here, and when one is near its limit',
  ),
  targets: targetsConfig.describe('bounds that hold whatever was normal before; none unless configured'),
  remote_sampling: remoteSamplingConfig.describe(
    'what services are told to sample at their own door, as they ask on the port of web, at /sampling',
  ),
  sample: sampleConfig.describe('which traces are kept'),
  logs: logsConfig.describe('whether log records pass through or follow the decision on their trace'),
  limit: limitConfig.describe('how many series metrics may have'),
  aggregate: aggregateConfig.describe('which metrics are aggregated in windows'),
  alert: alertConfig.describe('who is told of violations, and when not'),
  report: reportConfig.describe('what reports of a day, a week and a month are made from, and who gets them'),
  export: exportConfig.describe('where kept traces, metrics and logs go, and the metrics page'),
  store: storeConfig.describe('the file beside the sidecar'),
  web: webConfig.describe('the page and its API'),
});

type Rooms = z.output<typeof fileSchema>;

/** A checked configuration; a room that is off is false. */
export type Config = Omit<Rooms, OptionalRoom> & { [Room in OptionalRoom]: Rooms[Room] | false };
