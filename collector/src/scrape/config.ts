// Configuration of `scrape`: which Prometheus targets are scraped.
import { z } from 'zod';

export const scrapeConfig = z.strictObject({}).prefault({});

export type ScrapeConfig = z.output<typeof scrapeConfig>;
