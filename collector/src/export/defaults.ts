// What holds in `export` until something else says otherwise.

/** Until `memory_limit` says otherwise. */
export const DEFAULT_MAX_QUEUE_BYTES = 64 * 1024 * 1024;
export const DEFAULT_MAX_SERIES = 50_000;
