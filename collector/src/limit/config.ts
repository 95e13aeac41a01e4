// Configuration of `limit`: how many series metrics may have, and what becomes of the others.
import { z } from 'zod';
import { whole } from '../config/fields.ts';

export const limitConfig = z
  .strictObject({
    max_series: whole(
      1000,
      1,
      1_000_000,
      'series of one metric, beyond which new ones are counted in its overflow series',
    ),
  })
  .prefault({});

export type LimitConfig = z.output<typeof limitConfig>;
