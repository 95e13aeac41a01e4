// What holds in `limit` until something else says otherwise.

/** Until `memory_limit` says otherwise. */
export const DEFAULT_MAX_TOTAL_SERIES = 10_000;
