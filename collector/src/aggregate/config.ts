// Configuration of `aggregate`: which metrics are aggregated in windows, and how.
import { z } from 'zod';

export const aggregateConfig = z.strictObject({}).prefault({});

export type AggregateConfig = z.output<typeof aggregateConfig>;
