// Where a sidecar can lose data, and what to do about it there.
import type { Config } from '../config/schema.ts';
import type { QueueState } from '../export/stage.ts';
import type { LossSource } from './data-loss.ts';
import type { Telemetry } from './telemetry.ts';

/** Why an exporter gives up what it could have delivered: of what a stop leaves behind the log tells. */
const LOST_REASONS = ['queue_full', 'retries', 'internal'] as const;
/** What is learned is written again a minute after it could not be. */
const STORE_QUIET_MS = 90_000;
/** Decisions go to disk a block at a time. */
const DECISIONS_QUIET_MS = 300_000;

/** @param queues of all exporters, as they are at each look */
export function lossSources(
  { store, limit, export: { otlp } }: Config,
  telemetry: Telemetry,
  queues: readonly QueueState[],
): LossSource[] {
  const read = (stage: string, name: string, attributes: Record<string, string>): number =>
    telemetry.read(stage, name, attributes);
  const sources = queues.map((queue) => exporterSource(queue, Object.hasOwn(otlp, queue.name), telemetry));
  if (queues.length > 0)
    sources.push({
      subject: subjectOf('logs', 'export of logs', { signal: 'logs' }),
      lost: () => read('export', 'dropped', { signal: 'logs', reason: 'failed' }),
      says: 'gives up records that it cannot deliver',
      advice: 'Bring the receivers of logs back; max_queue and retry_elapsed under export.otlp say how long they wait.',
    });
  if (limit !== false)
    sources.push({
      subject: subjectOf('limit', 'limit', { stage: 'limit' }),
      lost: () =>
        read('limit', 'dropped', { reason: 'state_full' }) + read('limit', 'dropped', { reason: 'max_metrics' }),
      says: 'drops data points for want of room, which makes totals too small',
      advice: 'Find out under Cardinality on the page what makes so many series, or give limit more room.',
    });
  if (store !== false) sources.push(...storeSources(read));
  return sources;
}

function exporterSource(queue: QueueState, isOtlp: boolean, telemetry: Telemetry): LossSource {
  const { name } = queue;
  const key = `export.${isOtlp ? 'otlp' : 'remote_write'}.${name}`;
  return {
    subject: subjectOf(key, `exporter ${name}`, { exporter: name }),
    lost: () =>
      LOST_REASONS.reduce((sum, reason) => {
        const of = { exporter: name, reason };
        return sum + telemetry.read('export', 'failed', of) + telemetry.read('export', 'points_failed', of);
      }, 0),
    queue: () => ({ fill: queue.fill, isFailing: queue.isFailing }),
    says: 'gives up what it cannot deliver',
    advice: `Bring its receiver back; how much waits for it, and how long, is said by max_queue and retry_elapsed of ${key}.`,
  };
}

function storeSources(read: (stage: string, name: string, attributes: Record<string, string>) => number): LossSource[] {
  const failed = { reason: 'failed' };
  return [
    {
      subject: subjectOf('store', 'store', { stage: 'store' }),
      lost: () => read('store', 'dropped', failed) + read('store', 'state_dropped', failed),
      says: 'cannot write, so kept traces are not shown and what is learned is gone with the next restart',
      advice: 'Make room on the disk of store.path, or see in the log why it cannot be written to.',
      quietMs: STORE_QUIET_MS,
    },
    {
      subject: subjectOf('decisions', 'store of decisions', { stage: 'store' }),
      lost: () =>
        read('store', 'decisions_dropped', failed) + read('store', 'decisions_dropped', { reason: 'queue_full' }),
      says: 'loses decisions, so that of some traces nobody will know why they were dropped',
      advice: 'Make room on the disk of store.path, or see in the log why it cannot be written to.',
      quietMs: DECISIONS_QUIET_MS,
    },
  ];
}

/** The key of no operation, which are lists of names. */
function subjectOf(key: string, name: string, attributes: Readonly<Record<string, string>>): LossSource['subject'] {
  return { key: `sidecar ${key}`, name, attributes };
}
