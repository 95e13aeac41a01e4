// The books of data points: room by room, what came in is where it went. Each room counts what it did; what it was given
// is known from the rooms before it, so that a point lost between two rooms shows.
import type { Telemetry } from '../pipeline/telemetry.ts';
import type { ExporterPoints, PointBooks, RoomPoints } from './metrics-answers.ts';

/** Rooms that may be off. */
export interface MetricRooms {
  readonly limit: boolean;
  readonly aggregate: boolean;
}

/**
 * Reads the books; consistent, because nothing runs between two reads.
 *
 * @param exporters names of those that are given points
 */
export function readPointBooks(telemetry: Telemetry, rooms: MetricRooms, exporters: readonly string[]): PointBooks {
  const sources = {
    received: totalOf(telemetry, 'receive', 'points'),
    scraped: totalOf(telemetry, 'scrape', 'points'),
    read: totalOf(telemetry, 'monitoring', 'points'),
  };
  const accepted = sources.received + sources.scraped + sources.read;
  const limit = rooms.limit ? roomPoints(telemetry, 'limit', accepted) : undefined;
  const afterLimit = limit === undefined ? accepted : limit.passed + limit.emitted;
  const aggregate = rooms.aggregate ? roomPoints(telemetry, 'aggregate', afterLimit) : undefined;
  const passedOn = aggregate === undefined ? afterLimit : aggregate.passed + aggregate.emitted;
  const taken = telemetry.read('export', 'points_taken');
  return {
    accepted,
    sources,
    rejected: telemetry.read('receive', 'rejected_points'),
    ...(limit === undefined ? {} : { limit }),
    ...(aggregate === undefined ? {} : { aggregate }),
    exported: {
      in: passedOn,
      taken,
      leftOut: byAttribute(telemetry, 'export', 'points_left_out', 'reason'),
      balanced: passedOn === taken,
    },
    exporters: exporters.map((name) => exporterPoints(telemetry, name)),
  };
}

function roomPoints(telemetry: Telemetry, room: 'limit' | 'aggregate', received: number): RoomPoints {
  const passed = totalOf(telemetry, room, 'passed');
  const absorbed = totalOf(telemetry, room, 'absorbed');
  const emitted = totalOf(telemetry, room, 'emitted');
  const dropped = byAttribute(telemetry, room, 'dropped', 'reason');
  const held = totalOf(telemetry, room, 'held');
  const balanced = received === passed + absorbed + sumOf(dropped) + held;
  return { in: received, passed, absorbed, dropped, held, emitted, balanced };
}

function exporterPoints(telemetry: Telemetry, name: string): ExporterPoints {
  const pushed = telemetry.read('export', 'points_pushed', { exporter: name });
  const delivered = telemetry.read('export', 'points_delivered', { exporter: name });
  const rejected = telemetry.read('export', 'points_rejected', { exporter: name });
  const queued = telemetry.read('export', 'points_queued', { exporter: name });
  const failed: Record<string, number> = {};
  for (const { attributes, value } of telemetry.points('export', 'points_failed'))
    if (attributes['exporter'] === name) failed[attributes['reason'] ?? ''] = value;
  const balanced = pushed === delivered + rejected + sumOf(failed) + queued;
  return { name, pushed, delivered, rejected, failed, queued, balanced };
}

/** Adds up counts. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** All of an instrument, whatever its attributes. */
export function totalOf(telemetry: Telemetry, stage: string, name: string): number {
  return telemetry.points(stage, name).reduce((sum, { value }) => sum + value, 0);
}

/** The values of an instrument by one of its attributes. */
export function byAttribute(telemetry: Telemetry, stage: string, name: string, key: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const { attributes, value } of telemetry.points(stage, name)) values[attributes[key] ?? ''] = value;
  return values;
}
