// Configuration of the policies that learn from traffic: dynamic shares by key, floors, slow for the own operation.
import { z } from 'zod';
import { duration, ratio, whole } from '../config/fields.ts';

const MAX_PARTS = 8;

const attribute = z.string().min(1).max(256).describe('key of the attribute');

/** @param fallback parts of the key where none are given */
function key(fallback: readonly ('service' | 'operation')[]) {
  return z
    .array(z.union([z.enum(['service', 'operation', 'status', 'path']), z.strictObject({ attribute })]))
    .min(1)
    .max(MAX_PARTS)
    .default([...fallback])
    .describe(
      'what makes traces alike: service, operation and status of the root span (else of the first entry span), ' +
        'path (which service calls what in which), or { attribute: KEY }, found on that span, any span, or a resource',
    );
}

const traces = (description: string) => whole(1, 1, 1000, description);

/** Fields of each type but its name. */
export const LEARNING_SHAPES = {
  by_key: {
    type: z.literal('by_key'),
    key: key(['service', 'operation']),
    traces_per_second: z
      .number()
      .gt(0)
      .max(1e6)
      .default(10)
      .describe('traces a second to keep; rare keys are kept whole, frequent ones share what is left alike'),
    method: z
      .enum(['ema', 'window'])
      .default('ema')
      .describe('rates of keys are exponentially weighted means, or plain means of the last windows'),
    adjust_every: duration('15s', 'length of a window; shares change only between windows', {
      min: 1000,
      max: 600_000,
    }),
    weight: ratio('ema: weight of the newest window').gt(0).default(0.5),
    windows: whole(4, 1, 60, 'window: how many windows the mean is taken over'),
  },
  floor: {
    type: z.literal('floor'),
    key: key(['service', 'operation']),
    traces: traces('traces of each key kept for certain in each minute; those that other policies force count'),
  },
  new_path: {
    type: z.literal('new_path'),
    traces: traces('traces of each path kept for certain; those that other policies force count'),
    within: duration('10m', 'in each time of this length', { min: 1000, max: 86_400_000 }),
  },
  violation: {
    type: z.literal('violation'),
    ratio: ratio(
      'share kept of the traces whose main span is of an operation in violation; budget and hard caps may lower it',
    )
      .gt(0)
      .default(0.5),
    decay: duration('2m', 'once it is over, the share halves each time of this length', { min: 1000, max: 86_400_000 }),
  },
  relative_latency: {
    type: z.literal('relative_latency'),
    times: z
      .number()
      .min(1)
      .max(100)
      .default(1.5)
      .describe('an entry span takes longer than p99 of its service and name, times this'),
    excess: duration('5ms', 'and longer than that p99 by this'),
    max_share: ratio('share of the spans of a service and name that may be slow; if more are, that is its new normal')
      .gt(0)
      .default(0.1),
    min_samples: whole(200, 100, 100_000, 'entry spans of a service and name before its p99 is believed'),
  },
} as const;
