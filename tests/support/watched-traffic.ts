// Traffic of a few operations, sent second by second to a collector whose clock is the test's, until it knows what is normal.
import { expect } from 'vitest';
import { normal } from './learned-operation.ts';
import { seeded } from './random.ts';
import type { RunningCollector } from './running-collector.ts';
import { testSpan } from './test-span.ts';
import { bodyOf, type TestSource } from './traffic.ts';

/** One operation, as it is called for some time. */
export interface Called {
  readonly service?: string;
  readonly name: string;
  readonly callsPerSecond: number;
  readonly medianMs: number;
  /** The `service.version` it says. */
  readonly version?: string;
}

/** An SDK sends so often. */
const FLUSH_SECONDS = 5;

export interface WatchedTraffic {
  /** Sends calls of so many seconds, and lets that time pass. */
  go(seconds: number, ...called: readonly Called[]): Promise<void>;
}

export function watchedTraffic({ traces, clock }: RunningCollector, seed = 1): WatchedTraffic {
  const random = seeded(seed);
  let trace = 0;
  return {
    async go(seconds, ...called) {
      for (let s = 0; s < seconds; s += FLUSH_SECONDS) {
        const fromMs = clock.nowMs();
        clock.advance(FLUSH_SECONDS * 1000);
        const spans = called.flatMap(({ service = 'shop', name, callsPerSecond, medianMs, version }) =>
          Array.from({ length: Math.round(callsPerSecond * FLUSH_SECONDS) }, () => {
            const durationMs = medianMs * Math.exp(0.2 * normal(random));
            const endMs = fromMs + random() * FLUSH_SECONDS * 1000;
            const span = testSpan({
              service,
              name,
              durationMs,
              startMs: Math.floor(endMs - durationMs),
              trace: `w ${trace++}`,
            });
            return version === undefined ? span : { ...span, source: sourceOf(version) };
          }),
        );
        if (spans.length > 0) expect((await traces(bodyOf(spans))).status).toBe(200);
      }
    },
  };
}

function sourceOf(version: string): TestSource {
  return {
    key: version,
    resourceAttributes: [
      { key: 'service.version', value: { stringValue: version } },
      { key: 'service.instance.id', value: { stringValue: `instance of ${version}` } },
    ],
  };
}
