// A sample stage between a real intake and a decoder, with a clock that stands still until it is told.
import { expect } from 'vitest';
import { sampleConfig } from '../../collector/src/sample/config.ts';
import type { KeptBatch } from '../../collector/src/sample/contract.ts';
import { SampleStage } from '../../collector/src/sample/stage.ts';
import { SpanEncoder } from '../../collector/src/otlp/encode.ts';
import { decodeBody, type DecodedSpan } from './decoded.ts';
import { testIntake } from './intake.ts';
import { testHost } from './surroundings.ts';
import { bodyOf, type TestSpan } from './traffic.ts';

interface StagedSampling {
  readonly stage: SampleStage;
  readonly host: ReturnType<typeof testHost>;
  readonly kept: DecodedSpan[];
  readonly counts: Map<string, number>;
  take(...spans: TestSpan[]): Promise<void>;
}

/** @param config of `sample`; traces are decided a second after their root unless it says otherwise */
export async function staged(config: object): Promise<StagedSampling> {
  const host = testHost();
  const kept: DecodedSpan[] = [];
  const encoder = new SpanEncoder();
  const next = {
    consume: async (batch: KeptBatch) => void kept.push(...decodeBody(encoder.encode(batch, 0, batch.spanCount))),
  };
  const stage = new SampleStage(sampleConfig.parse({ after_root: '1s', ...config }), host, next);
  await stage.start();
  const intake = testIntake({ unsampled: ['shop'] });
  return {
    stage,
    host,
    kept,
    counts: host.values,
    async take(...spans) {
      const body = bodyOf(spans);
      expect(intake.take([body], body.length, host.clock.nowMs(), host.clock.monotonicMs())).toBe('accepted');
      await stage.consume(intake.batch);
    },
  };
}
