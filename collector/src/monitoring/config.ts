// Configuration of `monitoring`: how often host and process are read.
import { z } from 'zod';

export const monitoringConfig = z.strictObject({}).prefault({});

export type MonitoringConfig = z.output<typeof monitoringConfig>;
