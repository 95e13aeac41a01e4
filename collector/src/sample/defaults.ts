// What holds in `sample` until something else says otherwise.

/** Where nothing else is configured; with a decision_wait that is shorter it has no effect. */
export const DEFAULT_AFTER_ROOT_SECONDS = 6;

/** Decisions in memory unless configured, where `memory_limit` has room for them. */
export const DEFAULT_MAX_DECISIONS = 1_000_000;
