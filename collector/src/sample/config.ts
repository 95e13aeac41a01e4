// Configuration of `sample`: which traces are kept, and how long to wait for their spans.
import { z } from 'zod';
import { derivedSize, duration, ratio, slug, whole } from '../config/fields.ts';

const name = slug('name shown as the reason on kept traces');

const policy = z.discriminatedUnion('type', [
  z.strictObject({
    name,
    type: z.literal('status'),
    status: z.enum(['error']).default('error').describe('keeps a trace with at least one span of this status'),
  }),
  z.strictObject({
    name,
    type: z.literal('latency'),
    over: duration('1s', 'keeps a trace whose entry span takes longer'),
  }),
  z.strictObject({
    name,
    type: z.literal('probabilistic'),
    ratio: ratio('share of traces to keep, decided from the trace id alike everywhere').gt(0),
  }),
]);

export const DEFAULT_POLICIES = [
  { name: 'errors', type: 'status' },
  { name: 'slow', type: 'latency', over: '1s' },
  { name: 'share', type: 'probabilistic', ratio: 0.1 },
] as const;

export const sampleConfig = z
  .strictObject({
    decision_wait: duration('30s', 'a trace is decided so long after its first span'),
    after_root: duration('6s', 'or so long after its root span, if that is sooner'),
    policies: z
      .array(policy)
      .min(1)
      .max(64)
      .prefault([...DEFAULT_POLICIES])
      .refine((list) => new Set(list.map((each) => each.name)).size === list.length, 'names must differ')
      .describe('all are evaluated; the one that keeps the largest share decides'),
    max_pending: derivedSize(
      'bytes of waiting spans, beyond which the oldest traces are decided early; half of memory_limit',
    ),
    max_decisions: whole(131_072, 1024, 4_194_304, 'decisions remembered for late spans'),
  })
  .prefault({});

export type SampleConfig = z.output<typeof sampleConfig>;
export type PolicyConfig = SampleConfig['policies'][number];
