// Public surface of @evenkeel/collector: run a sidecar inside another program, or check a configuration.
export { createCollector, type Collector, type CollectorOptions, type CollectorUrls } from './collector.ts';
export { ConfigInvalid, loadConfig, parseConfig, type Override, type Problem } from './config/load.ts';
export type { Config } from './config/schema.ts';
export { ERRORS, type ErrorCode, EvenkeelError } from './errors.ts';
export type { BooksAnswer } from './web/api.ts';
export { VERSION } from './version.ts';
