// Configuration of `baseline`: what is watched, and how often it may be wrong.
import { z } from 'zod';
import { derivedWhole, duration } from '../config/fields.ts';

export const baselineConfig = z
  .strictObject({
    false_alarm_every: duration(
      '100d',
      'how seldom one operation may be called in violation though nothing is wrong; seldomer takes longer to be sure',
      // No timer runs so long.
      { min: 3_600_000, max: 3650 * 86_400_000 },
    ),
    season: duration('24h', 'what comes back after so long is expected, once it was seen twice', { min: 60_000 }),
    max_operations: derivedWhole(
      1,
      100_000,
      'operations that are watched; as many as a quarter of memory_limit holds, 10000 at most, unless configured; those that come later are counted and not watched',
    ),
    operation_ttl: duration('7d', 'an operation without a call for so long is forgotten with its baseline', {
      min: 60_000,
    }),
  })
  .prefault({});

export type BaselineConfig = z.output<typeof baselineConfig>;
