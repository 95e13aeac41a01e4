// Configuration of `monitoring`: what of host and process is read, and how often. Bare numbers are seconds here, because
// the block is taken over as it stands from systems that came before.
import { z } from 'zod';
import { COMPONENTS } from './series-spec.ts';

/** Beyond this Prometheus takes a series for gone. */
const MAX_HEARTBEAT_S = 300;
const MAX_INTERVAL_S = 3600;

function secondsWithin(min: number, max: number) {
  const message = `must be a number of seconds from ${min} to ${max}`;
  return z.number(message).min(min, message).max(max, message);
}

function seconds(fallback: number, min: number, max: number, description: string) {
  return secondsWithin(min, max).default(fallback).describe(description);
}

const INTERVAL =
  'between its dear readings at first; a counter may be off by half of what stability_threshold adds up to in so long: of CPU time as it stands, of others as a share of a tenth of the highest rate seen';

function threshold(fallback: number) {
  return z
    .number('must be a ratio from 0 to 1')
    .min(0)
    .max(1)
    .default(fallback)
    .describe(
      'change that counts as none: of ratios as it stands, of everything else as a share of the last exported value, or of 5 % of the range seen where that is more; grows where much moves, to two fifths of what a point every 14 seconds would miss at most, or to a third of a change from one reading to the next but one, of counters to a fifth of a second at the highest rate',
    );
}

function component(baseInterval: number, fallback: number, what: string) {
  return z
    .strictObject({
      base_interval: seconds(baseInterval, 1, MAX_INTERVAL_S, `seconds ${INTERVAL}`),
      stability_threshold: threshold(fallback),
    })
    .prefault({})
    .describe(what);
}

/** Of what the block does not name. */
function ownComponent(fallback: number, what: string) {
  return z
    .strictObject({
      base_interval: secondsWithin(1, MAX_INTERVAL_S)
        .optional()
        .describe(`seconds, that of adaptive_sampling by default, ${INTERVAL}`),
      stability_threshold: threshold(fallback),
    })
    .prefault({})
    .describe(what);
}

const adaptive = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('false: everything is read every 5 seconds, and every reading is pushed'),
    base_interval: seconds(5, 1, MAX_INTERVAL_S, 'seconds, for components that have none of their own'),
    max_interval: seconds(300, 1, MAX_INTERVAL_S, 'seconds between dear readings at most'),
    min_interval: seconds(
      1,
      1,
      60,
      'seconds between cheap readings, always, and between dear ones while something moves',
    ),
  })
  .prefault({});

const overrides = z
  .strictObject({
    memory: component(30, 0.02, 'memory and paging of the host'),
    cpu: component(5, 0.1, 'CPU time of the host'),
    disk: component(300, 0.01, 'disks, and space on file systems, which is a dear reading'),
    network: component(10, 0.05, 'interfaces, and connections, which are a dear reading'),
    process: ownComponent(0.05, 'this process and its container'),
    runtime: ownComponent(0.05, 'event loop, heap and garbage collection of this process'),
  })
  .prefault({});

export const monitoringConfig = z
  .strictObject({
    adaptive_sampling: adaptive,
    component_overrides: overrides,
    heartbeat: seconds(60, 1, MAX_HEARTBEAT_S, 'every series is pushed at least so often, in seconds'),
    components: z
      .array(z.enum(COMPONENTS))
      .default([...COMPONENTS])
      .describe('what is read'),
    connections: z
      .boolean()
      .default(true)
      .describe('whether connections are counted by state; costs milliseconds a reading where there are many'),
  })
  .refine(({ adaptive_sampling: { min_interval, max_interval } }) => min_interval <= max_interval, {
    error: 'min_interval must not exceed max_interval',
    path: ['adaptive_sampling', 'min_interval'],
  })
  .prefault({});

export type MonitoringConfig = z.output<typeof monitoringConfig>;
