// One remote write exporter on a manual clock, with its books checked at every look.
import { expect, onTestFinished } from 'vitest';
import { exportInstruments } from '../../collector/src/export/instruments.ts';
import type { PointExporter } from '../../collector/src/export/contract.ts';
import { remoteWriteConfig } from '../../collector/src/export/remote-write-config.ts';
import { remoteWriteExporter } from '../../collector/src/export/remote-write.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { eventually } from './eventually.ts';
import { seeded } from './random.ts';
import type { Reaction, SunkRequest } from './sink.ts';
import { testHost, type TestHost } from './test-host.ts';
import { decodeWrite } from './write-schema.ts';

export interface PointBooks {
  readonly delivered: number;
  readonly rejected: number;
  readonly queued: number;
  readonly failed: Readonly<Record<string, number>>;
}

export interface WriteRig extends TestHost<typeof exportInstruments> {
  readonly exporter: PointExporter;
  take(...points: DataPoint[]): void;
  /** Every look checks that they balance. */
  books(): PointBooks;
  /** Ends the wait for further samples. */
  flush(): void;
  /** Waits until nothing is queued; pauses between attempts pass at once. */
  settled(): Promise<void>;
  /** Waits for the pause before the next attempt, and answers how long it is. */
  pause(): Promise<number>;
}

const OF = { exporter: 'backend' };

/** What a receiver of 2.0 says it wrote. */
export function written(samples: number, histograms = 0): Record<string, string> {
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': '0',
  };
}

/** How a receiver of both versions answers what it takes as a whole. */
export function acceptAll(_: number, request: SunkRequest): Reaction {
  const { version, series } = decodeWrite(request);
  if (version === '1.0') return { status: 204 };
  const samples = series.flatMap((each) => each.samples);
  const histograms = samples.filter(({ value }) => typeof value === 'object').length;
  return { status: 204, headers: written(samples.length - histograms, histograms) };
}

/** A started exporter to a sink. */
export async function writeRig(url: string, settings: object = {}, random = seeded(1)): Promise<WriteRig> {
  const own = testHost('export', exportInstruments, random);
  const config = remoteWriteConfig.parse({ url, ...settings });
  const exporter = remoteWriteExporter('backend', config, own.host);
  await exporter.start();
  const books = (): PointBooks => pointBooks(own);
  onTestFinished(async () => {
    const stopping = exporter.stop(0);
    own.clock.advance(1);
    await stopping;
  });
  return {
    ...own,
    exporter,
    take: (...points) => exporter.takePoints(points),
    books,
    flush: () => own.clock.advance(config.batch_delay),
    async settled() {
      await eventually('the queue to be empty', () => {
        if (books().queued === 0) return true;
        own.clock.advance(own.clock.untilNextOnce() ?? 0);
        return false;
      });
    },
    pause: () => {
      books();
      return eventually('a failed attempt', () => own.clock.untilNextOnce());
    },
  };
}

/** The books in points of the exporter `backend`. */
export function pointBooks({ counts, read }: Pick<TestHost<typeof exportInstruments>, 'counts' | 'read'>): PointBooks {
  const failed = Object.fromEntries(
    Object.entries(counts('points_failed')).map(([key, points]) => [key.split('/')[1] ?? '', points]),
  );
  const delivered = read('points_delivered', OF);
  const rejected = read('points_rejected', OF);
  const queued = read('points_queued', OF);
  const failedPoints = Object.values(failed).reduce((sum, points) => sum + points, 0);
  expect(delivered + rejected + queued + failedPoints).toBe(read('points_pushed', OF));
  return { delivered, rejected, queued, failed };
}
