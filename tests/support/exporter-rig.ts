// One exporter on a manual clock, with its books checked at every look.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { otlpExporterConfig } from '../../collector/src/export/config.ts';
import type { Marks, OtlpExporter } from '../../collector/src/export/contract.ts';
import { exportInstruments } from '../../collector/src/export/instruments.ts';
import { otlpExporter } from '../../collector/src/export/otlp.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import { eventually } from './eventually.ts';
import { keptBatch } from './kept-batch.ts';
import { type PointBooks, pointBooks } from './remote-write-rig.ts';
import { seeded } from './random.ts';
import { testHost, type TestHost } from './test-host.ts';
import { testSpan } from './test-span.ts';

export interface Rig extends TestHost<typeof exportInstruments> {
  readonly exporter: OtlpExporter;
  /** Hands over a batch of so many spans, one trace. */
  take(spans: number): void;
  /** Hands over data points, encoded as the stage does. */
  takePoints(...points: DataPoint[]): void;
  /** The books in points; every look checks that they balance. */
  points(): PointBooks;
  /** The books of this exporter; every look checks that they balance. */
  books(): { delivered: number; rejected: number; queued: number; failed: Record<string, number> };
  /** Waits until nothing is queued, without letting time pass. */
  settled(): Promise<void>;
  /** Waits for the pause before the next attempt, and answers how long it is. */
  pause(): Promise<number>;
}

/** Attributes of the rig's exporter. */
export const of = { exporter: 'backend' };

/** A started exporter to a sink. */
export async function rig(endpoint: string, settings: object = {}, random = seeded(1), marks?: Marks): Promise<Rig> {
  const own = testHost('export', exportInstruments, random);
  const config = otlpExporterConfig.parse({ endpoint, ...settings });
  const exporter = otlpExporter('backend', config, own.host, marks);
  await exporter.start();
  let kept = 0;
  const books = (): ReturnType<Rig['books']> => {
    const failed = Object.fromEntries(
      Object.entries(own.counts('failed')).map(([key, spans]) => [key.split('/')[1] ?? '', spans]),
    );
    const [delivered, rejected, queued] = [own.read('delivered', of), own.read('rejected', of), own.read('queued', of)];
    const failedSpans = Object.values(failed).reduce((sum, spans) => sum + spans, 0);
    expect(delivered + rejected + queued + failedSpans).toBe(kept);
    return { delivered, rejected, queued, failed };
  };
  const stopped = async (): Promise<void> => {
    const stopping = exporter.stop(0);
    own.clock.advance(1);
    await stopping;
  };
  onTestFinished(stopped);
  return {
    ...own,
    exporter,
    take(spans) {
      kept += spans;
      exporter.take(keptBatch(Array.from({ length: spans }, () => testSpan({ trace: `batch ${kept}` }))));
    },
    takePoints: (...points) => exporter.takeEncoded(encodeMetrics(points)),
    points: () => pointBooks(own),
    books,
    settled: async () => {
      await eventually('the queue to be empty', () => books().queued + pointBooks(own).queued === 0);
    },
    pause: async () => {
      books();
      return eventually('a failed attempt', () => own.clock.untilNextOnce());
    },
  };
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
