// How the one number, memory_limit, is shared out. Rooms that name their own size keep it.

/**
 * Shares of the limit; with what bodies may pin above the share of waiting spans they make the whole at the default limit.
 * Queues have room for what a backend misses in 20 s at 20 000 spans a second and a quarter kept.
 */
const SHARES = { pending: 3 / 8, inFlight: 1 / 8, queues: 5 / 16, decisions: 1 / 8 } as const;
/** Of held logs, where logs follow their trace; waiting spans, who hold the largest share, have so much less. */
const HELD_LOGS_SHARE = 1 / 16;
/** What one decision takes in memory at most, with its index. */
const DECISION_BYTES = 64;
/** Beyond it more memory brings no more decisions, unless configured: older ones are on disk. */
const MAX_DECISIONS = 1_000_000;
/** Above what waiting spans may pin, for the bodies that are copied before the oldest traces are decided. */
const ARENA_ABOVE_PENDING_BYTES = 16 * 1024 * 1024;

/** Bytes for each holder. */
export interface MemoryShares {
  readonly pendingBytes: number;
  readonly arenaBytes: number;
  readonly inFlightBytes: number;
  /** For one exporter. */
  readonly queueBytes: number;
  readonly maxDecisions: number;
  /** 0 where logs only pass. */
  readonly heldLogBytes: number;
}

/** What decides on the shares, beside the limit. */
export interface MemoryWishes {
  /** Of waiting spans, where configured. */
  readonly pendingBytes?: number | undefined;
  /** How many share the queues; at least one share is kept. */
  readonly exporters: number;
  readonly followsLogs?: boolean;
}

/** Shares the limit out. */
export function memoryShares(
  limitBytes: number,
  { pendingBytes, exporters, followsLogs = false }: MemoryWishes,
): MemoryShares {
  const heldLogs = followsLogs ? HELD_LOGS_SHARE : 0;
  const pending = pendingBytes ?? Math.floor(limitBytes * (SHARES.pending - heldLogs));
  return {
    pendingBytes: pending,
    heldLogBytes: Math.floor(limitBytes * heldLogs),
    arenaBytes: pending + ARENA_ABOVE_PENDING_BYTES,
    inFlightBytes: Math.floor(limitBytes * SHARES.inFlight),
    maxDecisions: Math.min(MAX_DECISIONS, Math.floor((limitBytes * SHARES.decisions) / DECISION_BYTES)),
    queueBytes: Math.floor((limitBytes * SHARES.queues) / Math.max(1, exporters)),
  };
}
