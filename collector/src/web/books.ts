// The books: what came in is where it went. Read from the same counters the metrics page shows.
import type { Telemetry } from '../pipeline/telemetry.ts';
import type { BooksAnswer, ExporterBooks, LogBooks } from './api.ts';
import { byAttribute, type MetricRooms, readPointBooks, sumOf, totalOf } from './point-books.ts';

/** What the books need beside the counters. */
export interface BooksSources {
  readonly telemetry: Telemetry;
  pendingSpans(): number;
  /** Whether log records follow their trace, and so have books. */
  readonly followsLogs: boolean;
  /** Which of the rooms that metrics go through are on. */
  readonly metricRooms: MetricRooms;
  unknownThresholds(): { service: string; spans: number }[];
  /** Undefined where the store is off. */
  storeStats(): { traces: number; bytes: number; dropped: number } | undefined;
  /** Names of exporters that have books in spans, and in points. */
  exporters(): { readonly spans: readonly string[]; readonly points: readonly string[] };
  readonly memoryLimitBytes: number;
  rssBytes(): number;
}

/** Reads the books; consistent, because nothing runs between two reads. */
export function readBooks(sources: BooksSources): BooksAnswer {
  const { telemetry } = sources;
  const accepted = telemetry.read('receive', 'spans');
  const kept = telemetry.read('sample', 'kept');
  const pending = sources.pendingSpans();
  const dropped = byAttribute(telemetry, 'sample', 'dropped', 'reason');
  const droppedSpans = sumOf(dropped);
  const stored = sources.storeStats();
  const exporters = sources.exporters();
  return {
    spans: {
      accepted,
      dropped,
      kept,
      pending,
      balanced: accepted === droppedSpans + kept + pending,
      rejected: telemetry.read('receive', 'rejected'),
      duplicates: telemetry.read('receive', 'duplicate_spans'),
      late: byAttribute(telemetry, 'sample', 'late', 'decision'),
      thresholdUnknown: telemetry.read('sample', 'threshold_unknown'),
      thresholdInconsistent: telemetry.read('sample', 'threshold_inconsistent'),
    },
    ...(sources.followsLogs ? { logs: logBooks(telemetry) } : {}),
    points: readPointBooks(telemetry, sources.metricRooms, exporters.points),
    refused: refusals(telemetry),
    keptTraces: telemetry
      .points('sample', 'kept_traces')
      .map(({ attributes, value }) => ({ policy: attributes['policy'] ?? '', traces: value })),
    exporters: exporters.spans.map((name) => exporterBooks(telemetry, name, kept)),
    store: { enabled: stored !== undefined, ...(stored ?? { traces: 0, bytes: 0, dropped: 0 }) },
    unknownThresholds: sources.unknownThresholds(),
    memory: { limit: sources.memoryLimitBytes, holders: memoryHolders(sources), rss: sources.rssBytes() },
  };
}

function logBooks(telemetry: Telemetry): LogBooks {
  const accepted = telemetry.read('logs', 'records');
  const passed = byAttribute(telemetry, 'logs', 'passed', 'reason');
  const dropped = byAttribute(telemetry, 'logs', 'dropped', 'reason');
  const held = telemetry.read('logs', 'held');
  return { accepted, passed, dropped, held, balanced: accepted === sumOf(passed) + sumOf(dropped) + held };
}

function exporterBooks(telemetry: Telemetry, name: string, kept: number): ExporterBooks {
  const exporter = { exporter: name };
  const delivered = telemetry.read('export', 'delivered', exporter);
  const rejected = telemetry.read('export', 'rejected', exporter);
  const queued = telemetry.read('export', 'queued', exporter);
  const failed: Record<string, number> = {};
  let failedSpans = 0;
  for (const { attributes, value } of telemetry.points('export', 'failed')) {
    if (attributes['exporter'] !== name) continue;
    failed[attributes['reason'] ?? ''] = value;
    failedSpans += value;
  }
  return { name, delivered, rejected, failed, queued, balanced: kept === delivered + rejected + failedSpans + queued };
}

/** What is held of series, by the rooms that are on and say so. */
function seriesHolders({ telemetry, metricRooms }: BooksSources): Record<string, number> {
  const holders = [
    ['scraped series', 'scrape', 'size', true],
    ['limited series', 'limit', 'size', metricRooms.limit],
    ['aggregates', 'aggregate', 'size', metricRooms.aggregate],
    ['exported series', 'export', 'series_size', true],
    ['pushed series', 'export', 'written_size', true],
  ] as const;
  const held = holders.filter(([, stage, name, isOn]) => isOn && telemetry.points(stage, name).length > 0);
  return Object.fromEntries(held.map(([holder, stage, name]) => [holder, totalOf(telemetry, stage, name)]));
}

function refusals(telemetry: Telemetry): BooksAnswer['refused'] {
  const bytes = byAttribute(telemetry, 'receive', 'refused_size', 'reason');
  return Object.entries(byAttribute(telemetry, 'receive', 'refused', 'reason'))
    .filter(([, requests]) => requests > 0)
    .map(([reason, requests]) => ({ reason, requests, bytes: bytes[reason] ?? 0 }));
}

/** Every gauge of bytes, by the stage that holds them; the ring is a file, not memory. */
function memoryHolders(sources: BooksSources): Record<string, number> {
  const { telemetry, followsLogs } = sources;
  return {
    'waiting spans': telemetry.read('sample', 'size'),
    'emptied segments': telemetry.read('receive', 'spare'),
    decisions: telemetry.read('sample', 'decisions_size'),
    ...(followsLogs ? { 'held logs': telemetry.read('logs', 'size') } : {}),
    'bodies in flight': telemetry.read('receive', 'in_flight'),
    'span metrics': telemetry.read('measure', 'size'),
    'export queues': totalOf(telemetry, 'export', 'queue_size'),
    'store queue': telemetry.read('store', 'queue_size'),
    ...seriesHolders(sources),
  };
}
