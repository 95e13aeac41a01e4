// No scrape may name a trace that was not kept: checked by the sidecar's own parts on random traffic.
import { expect, test } from 'vitest';
import { measureConfig } from '../../../collector/src/measure/config.ts';
import { MeasureStage } from '../../../collector/src/measure/stage.ts';
import { sampleConfig } from '../../../collector/src/sample/config.ts';
import type { KeptBatch } from '../../../collector/src/sample/contract.ts';
import { SampleStage } from '../../../collector/src/sample/stage.ts';
import { pageText } from '../../support/metrics-page.ts';
import { testIntake } from '../../support/intake.ts';
import { testHost } from '../../support/surroundings.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf, type TestSpan, traffic } from '../../support/traffic.ts';

interface Rig {
  readonly keptTraces: Set<string>;
  /** Failed calls that were looked at: service and what it failed of. */
  readonly failed: string[];
  take(spans: readonly TestSpan[]): Promise<void>;
  advance(ms: number): void;
  scrape(): string;
}

async function rig(dimensions: readonly string[] = []): Promise<Rig> {
  const host = testHost();
  const keptTraces = new Set<string>();
  const sample = new SampleStage(sampleConfig.parse({ after_root: '1s', decision_wait: '3s' }), host, {
    async consume(batch: KeptBatch) {
      for (const id of batch.traceIds) keptTraces.add(id);
      await measure.kept.consume(batch);
    },
  });
  const measure = new MeasureStage(measureConfig.parse({ dimensions }), host, sample);
  const failed: string[] = [];
  measure.failed = (service, type) => failed.push(`${service} ${type}`);
  await sample.start();
  const intake = testIntake({ unsampled: ['*'], dimensions });
  return {
    keptTraces,
    failed,
    async take(spans) {
      const body = bodyOf(spans);
      expect(intake.take([body], body.length, host.clock.nowMs(), host.clock.monotonicMs())).toBe('accepted');
      await measure.consume(intake.batch);
    },
    advance: (ms) => host.clock.advance(ms),
    scrape: () => pageText(measure.collect(), 'openmetrics'),
  };
}

const EXEMPLAR = /^(\S+?)(\{.*\})? (\S+) # \{trace_id="([0-9a-f]{32})",span_id="([0-9a-f]{16})"\} (\S+) (\d+\.\d{3})$/;

test('names only kept traces, in the bucket and the series of the span, whatever comes', async () => {
  const shape = { maxSpans: 12, attributes: 4, attributeSet: 'http', rich: true, errorRatio: 0.02 } as const;
  const spans = traffic({ seed: 3, traces: 700, ...shape }).flat();
  const bySpan = new Map(spans.map((span) => [span.spanId.toString('hex'), span]));
  const { keptTraces, take, advance, scrape } = await rig();
  const named = new Set<string>();
  const newest = new Map<string, number>();
  for (let i = 0; i < spans.length; i += 400) {
    await take(spans.slice(i, i + 400));
    advance(700);
    for (const line of scrape().split('\n')) {
      if (!line.includes(' # ')) continue;
      const [, name = '', labels = '', , traceId = '', spanId = '', value = '', seconds = ''] =
        EXEMPLAR.exec(line) ?? expect.fail(line);
      expect(keptTraces.has(traceId), line).toBe(true);
      named.add(traceId);
      const span = bySpan.get(spanId) ?? expect.fail(`no such span: ${line}`);
      expect(span.traceId.toString('hex')).toBe(traceId);
      // Long names are cut in labels.
      const shown = span.name.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').slice(0, 60);
      expect(labels).toContain(`span_name="${shown}`);
      const bound = /le="([^"]+)"/.exec(labels)?.[1];
      if (bound === undefined) expect(value).toBe('1');
      else if (bound !== '+Inf') expect(Number(value)).toBeLessThanOrEqual(Number(bound));
      // Its time never goes back within one series, whatever bucket it is in.
      const series = name + labels.replace(/,?le="[^"]+"/, '');
      expect(Number(seconds)).toBeGreaterThanOrEqual(newest.get(series) ?? 0);
      newest.set(series, Number(seconds));
    }
  }
  expect(named.size).toBeGreaterThan(20);
});

test('shows examples of series with dimensions, and none where the format has no place for them', async () => {
  const { take, advance, scrape } = await rig(['http.request.method']);
  const shape = { maxSpans: 3, attributes: 6, attributeSet: 'http', errorRatio: 1 } as const;
  await take(traffic({ seed: 4, traces: 50, ...shape }).flat());
  advance(4000);
  expect(scrape()).toMatch(/http_request_method="[^"]+".* # \{trace_id=/);
});

test.each([
  ['without dimensions', []],
  ['with it as a dimension', ['error.type', 'peer']],
  ['with as many others as there may be', ['a', 'b', 'c', 'd']],
])('tells what kept calls failed of, %s', async (_, dimensions) => {
  const { failed, take, advance } = await rig(dimensions);
  const of = (type: string) => ({ attributes: [{ key: 'error.type', value: { stringValue: type } }] });
  await take([
    { ...testSpan({ error: true }), ...of('ETIMEDOUT') },
    { ...testSpan({ error: true, service: 'pay' }), ...of('500') },
    testSpan({ error: true }),
    // What did not fail has no type that counts.
    { ...testSpan({ trace: 'kept', durationMs: 90_000 }), ...of('none') },
  ]);
  advance(10_000);
  const isKnown = !dimensions.includes('d');
  expect(failed.toSorted()).toEqual(isKnown ? ['pay 500', 'shop ', 'shop ETIMEDOUT'] : ['pay ', 'shop ', 'shop ']);
});
