// The two that are compared: the stage with its defaults, and the same readers read and pushed each second.
import { Agent, request } from 'node:http';
import { uptime } from 'node:os';
import type { DataPoint, Resource } from '../../collector/src/model/data-point.ts';
import { monitoringConfig } from '../../collector/src/monitoring/config.ts';
import { PointMaker } from '../../collector/src/monitoring/points.ts';
import { systemReaders } from '../../collector/src/monitoring/readers.ts';
import { type Described, ReadingTable } from '../../collector/src/monitoring/reading-table.ts';
import { monitoring } from '../../collector/src/monitoring/stage.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import { systemClock } from '../../collector/src/pipeline/clock.ts';
import type { Clock } from '../../collector/src/pipeline/contract.ts';
import { systemLoopFigures } from '../../collector/src/pipeline/event-loop.ts';

/** One way of reading and pushing, ticked by the bench. */
export interface Arm {
  readonly points: number;
  start(): Promise<void>;
  /** Reads and pushes what is due; resolves when everything pushed was answered. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

/** What the fixed arm read in one second, by row of its table. */
export type Recorder = (timeMs: number, row: number, described: Described, value: number, sentinel: number) => void;

/** A connection of its own to the sink. */
function pusher(url: string): (points: readonly DataPoint[]) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return async (points) => {
    for (const { body } of encodeMetrics(points))
      await new Promise<void>((resolve, reject) => {
        const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
        const sent = request(`${url}/v1/metrics`, { method: 'POST', agent, headers }, (response) => {
          response.resume().on('end', resolve);
        });
        sent.on('error', reject).end(body);
      });
  };
}

/** The stage as a sidecar runs it. */
export function adaptiveArm(url: string, resource: Resource): Arm {
  let tick = (): void => {};
  let points = 0;
  const push = pusher(url);
  let pushes: Promise<void>[] = [];
  const clock: Clock = {
    ...systemClock,
    every(_, callback) {
      tick = callback;
      return () => {};
    },
  };
  const host = { clock, random: Math.random, log: console.error, count: () => {}, record: () => {} };
  const stage = monitoring.create(monitoringConfig.parse(undefined), host, {
    consume: async (batch) => {
      points += batch.points.length;
      pushes.push(push(batch.points));
    },
  });
  stage.resource = resource;
  stage.loop = systemLoopFigures();
  return {
    get points() {
      return points;
    },
    start: () => stage.start(),
    async tick() {
      tick();
      // What was read asynchronously is pushed when it is there.
      await new Promise((resolve) => {
        setTimeout(resolve, SLOT_MS);
      });
      const waiting = pushes;
      pushes = [];
      await Promise.all(waiting);
    },
    stop: () => stage.stop(),
  };
}

/** Time an arm has for itself in each second, so that CPU time is its own. */
export const SLOT_MS = 200;

/** Everything, each second. */
export function fixedArm(url: string, resource: Resource, record: Recorder): Arm {
  const table = new ReadingTable();
  const readers = systemReaders(table, monitoringConfig.parse(undefined), systemLoopFigures());
  const nowMs = Date.now();
  const maker = new PointMaker(resource, { boot: nowMs - uptime() * 1000, process: nowMs - process.uptime() * 1000 });
  const push = pusher(url);
  let points = 0;
  return {
    get points() {
      return points;
    },
    async start() {
      for (const reader of readers) reader.start?.();
    },
    async tick() {
      // By the clock that is never set, as the stage does.
      const readMs = performance.now();
      const timeMs = performance.timeOrigin + readMs;
      const made: DataPoint[] = [];
      const answers = readers.map((reader) => {
        try {
          return reader.read(readMs);
        } catch {
          return undefined;
        }
      });
      await Promise.allSettled(answers);
      const sentinel = readers.find((reader) => reader.sentinel !== undefined)?.sentinel?.() ?? NaN;
      table.takeTouched((row, described, value) => {
        made.push(maker.point(described, value, timeMs));
        record(timeMs, row, described, value, sentinel);
      });
      points += made.length;
      await push(made);
      await new Promise((resolve) => {
        setTimeout(resolve, Math.max(0, SLOT_MS - (performance.timeOrigin + performance.now() - timeMs)));
      });
    },
    async stop() {
      for (const reader of readers) reader.stop?.();
    },
  };
}
