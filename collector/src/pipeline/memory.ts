// How the one number, memory_limit, is shared out. Rooms that name their own size keep it; the others share what is left.
import type { Config } from '../config/schema.ts';
import { DEFAULT_MAX_TOTAL_SERIES } from '../limit/defaults.ts';

/**
 * Shares of the limit. Queues have room for what a backend misses in 20 s at 20 000 spans a second and a quarter kept.
 * Series have what traces leave, so that no bound of theirs depends on whether there are metrics; what the runtime and the
 * allocator add under load, at most 160 MiB, is not of the limit.
 */
const SHARES = { pending: 3 / 8, inFlight: 1 / 8, queues: 1 / 4, decisions: 1 / 8, series: 1 / 8 } as const;
/** Of held logs, where logs follow their trace; waiting spans, who hold the largest share, have so much less. */
const HELD_LOGS_SHARE = 1 / 16;
/** Shares are of no less than this, whatever others were given: 2 MiB in flight then let bodies of 1 MiB in, as SDKs send them. */
const LEAST_SHARED_BYTES = 16 * 1024 * 1024;
/** What one decision takes in memory at most, with its index. */
const DECISION_BYTES = 64;
/** Beyond it more memory brings no more decisions, unless configured: older ones are on disk. */
const MAX_DECISIONS = 1_000_000;
/**
 * Of a counter with four attributes, in `limit` and on the page: 0.7 KB is its point, 0.9 its place on the page, 0.25 that
 * in `limit`. One that is the only one of its metric takes 7 KB, a histogram as much as it has buckets more.
 */
const SERIES_BYTES = 2048;
/** What each exporter of remote write knows of such a series. */
const WRITTEN_SERIES_BYTES = 1536;
/** Beyond it more memory brings no more series, unless configured: no page of so many is read in time. */
const MAX_SERIES = 50_000;
/** Series of the host and of this process, which have places of their own; a machine of 32 processors has so many. */
const OWN_SERIES = 512;
/** Of all others, those that `limit` gives places; half as many folded ones may stand on the page yet. */
const LIMITED_SHARE = 2 / 3;
/** Above what waiting spans may pin, for the bodies that are copied before the oldest traces are decided. */
const ARENA_ABOVE_PENDING_BYTES = 16 * 1024 * 1024;

/** Of one operation that learns on (`npm run bench operations`), and the part of the limit that all of them may add. */
const OPERATION_BYTES = 13_400;
const OPERATIONS_SHARE = 1 / 4;
/** Beyond it more memory brings no more operations, unless configured. */
const MAX_OPERATIONS = 10_000;

/** Operations that are watched, unless configured. Most programs have a hundred, so they have no share that others would lack. */
export function maxOperations(memoryLimit: number): number {
  return Math.min(MAX_OPERATIONS, Math.floor((memoryLimit * OPERATIONS_SHARE) / OPERATION_BYTES));
}

/** What each holder may take: as configured, else its share. */
export interface MemoryShares {
  readonly pendingBytes: number;
  readonly arenaBytes: number;
  readonly inFlightBytes: number;
  /** For one exporter whose queue is not configured. */
  readonly queueBytes: number;
  readonly maxDecisions: number;
  /** On the page and of what is pushed. */
  readonly maxSeries: number;
  /** Of those, what `limit` may give places. */
  readonly maxTotalSeries: number;
  /** 0 where logs only pass. */
  readonly heldLogBytes: number;
  /** Of all together, every queue and the store's included; above the limit where too much was configured. */
  readonly totalBytes: number;
}

/** Sizes as far as they are configured. */
interface ConfiguredSizes {
  readonly pendingBytes?: number | undefined;
  readonly inFlightBytes?: number | undefined;
  readonly maxDecisions?: number | undefined;
  readonly maxSeries?: number | undefined;
  readonly maxTotalSeries?: number | undefined;
  /** Exporters of remote write. */
  readonly remoteWrites?: number;
  /** One for each exporter. */
  readonly queueBytes: readonly (number | undefined)[];
  readonly followsLogs?: boolean;
  readonly heldLogBytes?: number | undefined;
  /** It has a size of its own and no share. */
  readonly storeQueueBytes?: number;
}

/** Reads the sizes off a configuration. */
export function configuredSizes({
  receive,
  sample,
  logs,
  store,
  limit,
  export: { otlp, remote_write, max_series },
}: Config): ConfiguredSizes {
  const followsLogs = logs !== false && logs.mode === 'follow';
  return {
    // With `sample: false` traces wait a second for their spans, and are remembered.
    pendingBytes: sample === false ? undefined : sample.max_pending,
    maxDecisions: sample === false ? undefined : sample.max_decisions,
    inFlightBytes: receive.http.max_in_flight,
    maxSeries: max_series,
    maxTotalSeries: limit === false ? undefined : limit.max_total_series,
    remoteWrites: Object.keys(remote_write).length,
    queueBytes: [...Object.values(otlp), ...Object.values(remote_write)].map(({ max_queue }) => max_queue),
    followsLogs,
    heldLogBytes: followsLogs ? logs.max_held : undefined,
    storeQueueBytes: store === false ? 0 : store.max_queue,
  };
}

/** Shares the limit out. Who is not given a size takes its share, or less where sizes that were given leave less. */
export function memoryShares(limitBytes: number, sizes: ConfiguredSizes): MemoryShares {
  const { pendingBytes, inFlightBytes, maxDecisions, heldLogBytes, queueBytes, storeQueueBytes = 0 } = sizes;
  const seriesBytes = SERIES_BYTES + (sizes.remoteWrites ?? 0) * WRITTEN_SERIES_BYTES;
  const setSeries = sizes.maxSeries ?? seriesAround(sizes.maxTotalSeries);
  const heldLogs = sizes.followsLogs === true ? HELD_LOGS_SHARE : 0;
  const pending = SHARES.pending - heldLogs;
  const oneQueue = SHARES.queues / Math.max(1, queueBytes.length);
  const unset: number[] = queueBytes.filter((bytes) => bytes === undefined).map(() => oneQueue);
  if (pendingBytes === undefined) unset.push(pending);
  if (inFlightBytes === undefined) unset.push(SHARES.inFlight);
  if (maxDecisions === undefined) unset.push(SHARES.decisions);
  if (heldLogBytes === undefined) unset.push(heldLogs);
  if (setSeries === undefined) unset.push(SHARES.series);
  const decisionBytes = maxDecisions === undefined ? 0 : maxDecisions * DECISION_BYTES;
  const sizesSet = [pendingBytes, inFlightBytes, decisionBytes, heldLogBytes, storeQueueBytes, ...queueBytes];
  const setBytes = sum([...sizesSet, (setSeries ?? 0) * seriesBytes]);
  // What is left is shared as a limit would be of which the open shares take just so much.
  const left = (limitBytes - setBytes) / (sum(unset) || 1);
  const sharedBytes = Math.max(LEAST_SHARED_BYTES, Math.min(limitBytes, left));
  const share = (ratio: number): number => Math.floor(sharedBytes * ratio);

  const maxSeries = setSeries ?? Math.min(MAX_SERIES, Math.floor(share(SHARES.series) / seriesBytes));
  const shares = {
    pendingBytes: pendingBytes ?? share(pending),
    inFlightBytes: inFlightBytes ?? share(SHARES.inFlight),
    queueBytes: share(oneQueue),
    maxDecisions: maxDecisions ?? Math.min(MAX_DECISIONS, Math.floor(share(SHARES.decisions) / DECISION_BYTES)),
    heldLogBytes: heldLogBytes ?? share(heldLogs),
    maxSeries,
    maxTotalSeries:
      sizes.maxTotalSeries ??
      Math.min(DEFAULT_MAX_TOTAL_SERIES, Math.max(1, Math.floor((maxSeries - OWN_SERIES) * LIMITED_SHARE))),
  };
  const queues = queueBytes.map((bytes) => bytes ?? shares.queueBytes);
  const counted = shares.maxDecisions * DECISION_BYTES + maxSeries * seriesBytes;
  const rooms = [shares.pendingBytes, shares.inFlightBytes, counted, shares.heldLogBytes];
  return {
    ...shares,
    arenaBytes: shares.pendingBytes + ARENA_ABOVE_PENDING_BYTES,
    totalBytes: sum([...rooms, ...queues, storeQueueBytes]),
  };
}

/** Room for what `limit` lets through, and for what stands on the page beside it. */
function seriesAround(limited: number | undefined): number | undefined {
  return limited === undefined ? undefined : Math.ceil(limited / LIMITED_SHARE) + OWN_SERIES;
}

function sum(sizes: readonly (number | undefined)[]): number {
  return sizes.reduce<number>((total, size = 0) => total + size, 0);
}
