// How the one number, memory_limit, is shared out. Rooms that name their own size keep it.

/** Shares of the limit. The rest, an eighth, is for series, contexts, decisions and the store's queue. */
const SHARES = { pending: 1 / 2, inFlight: 1 / 8, queues: 1 / 4 } as const;
/** Above what waiting spans may pin, for the bodies that are copied before the oldest traces are decided. */
const ARENA_ABOVE_PENDING_BYTES = 24 * 1024 * 1024;

/** Bytes for each holder. */
export interface MemoryShares {
  readonly pendingBytes: number;
  readonly arenaBytes: number;
  readonly inFlightBytes: number;
  /** For one exporter. */
  readonly queueBytes: number;
}

/** @param exporters how many share the queues; at least one share is kept */
export function memoryShares(limitBytes: number, pendingBytes: number | undefined, exporters: number): MemoryShares {
  const pending = pendingBytes ?? Math.floor(limitBytes * SHARES.pending);
  return {
    pendingBytes: pending,
    arenaBytes: pending + ARENA_ABOVE_PENDING_BYTES,
    inFlightBytes: Math.floor(limitBytes * SHARES.inFlight),
    queueBytes: Math.floor((limitBytes * SHARES.queues) / Math.max(1, exporters)),
  };
}
