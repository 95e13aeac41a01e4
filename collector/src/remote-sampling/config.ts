// Configuration of `remote_sampling`: which services are told how much to sample, and how that is found.
import { z } from 'zod';
import { duration, ratio, whole } from '../config/fields.ts';

const MAX_SERVICES = 1000;

/** Jaeger's message has a signed 32-bit integer there. */
const MAX_TRACES_PER_SECOND = 2 ** 31 - 1;

const name = z.string().min(1).describe('service name as the SDK sends it; * for every service not listed by name');

const adaptive = z
  .strictObject({
    name,
    type: z.literal('adaptive'),
    traces_per_second: z
      .number()
      .min(0.01)
      .max(1e6)
      .default(1)
      .describe('traces a second that each operation is to leave, by the names of spans without a parent'),
    min_ratio: ratio('no operation is sampled at less').gt(0).default(0.00001),
    default_ratio: ratio('share for operations that were not seen yet, or have no place').gt(0).default(1),
    lower_bound: z
      .number()
      .min(0)
      .max(1e6)
      .default(0.01)
      .describe(
        'traces a second that an SDK which can do so lets pass of each operation whatever its ratio; at most traces_per_second',
      ),
  })
  .refine((each) => each.lower_bound <= each.traces_per_second, {
    path: ['lower_bound'],
    message: 'must be at most traces_per_second',
  });

const service = z.discriminatedUnion('type', [
  z.strictObject({
    name,
    type: z.literal('probabilistic'),
    ratio: ratio('share of traces the service samples'),
  }),
  z.strictObject({
    name,
    type: z.literal('rate_limiting'),
    traces_per_second: z
      .number()
      .int()
      .min(1)
      .max(MAX_TRACES_PER_SECOND)
      .describe('traces a second the service samples at most'),
  }),
  adaptive,
]);

export const remoteSamplingConfig = z
  .strictObject({
    interval: duration(
      '10s',
      'ratios of adaptive services are found anew so often; at least a sixth of the time after which SDKs ask again',
      { min: 1000, max: 86_400_000 },
    ),
    max_operations: whole(
      2000,
      1,
      65_536,
      'operations with a ratio of their own, of all services together; others get default_ratio',
    ),
    violation_factor: z
      .number()
      .min(1)
      .max(100)
      .default(4)
      .describe(
        'so many times as much is sampled of an operation in violation, where its service is steered: of itself where traces begin with it, else of all that traces of its service begin with; 1 changes nothing',
      ),
    violation_decay: duration('5m', 'once it is over, what is sampled beyond the usual halves in this time', {
      min: 1000,
    }),
    services: z
      .array(service)
      .max(MAX_SERVICES)
      .default([])
      .refine((list) => new Set(list.map((each) => each.name)).size === list.length, 'names must differ')
      .describe('services that are steered; without any, remote sampling is off'),
  })
  .prefault({});

export type RemoteSamplingConfig = z.output<typeof remoteSamplingConfig>;
export type SteeredService = RemoteSamplingConfig['services'][number];
export type AdaptiveService = Extract<SteeredService, { type: 'adaptive' }>;
