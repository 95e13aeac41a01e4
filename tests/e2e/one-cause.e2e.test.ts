// Three services in a whole sidecar: one calls another, the third has nothing to do with them, and all become slow at once.
import { expect, it } from 'vitest';
import type { ViolationsAnswer } from '../../collector/src/web/api.ts';
import { normal } from '../support/learned-operation.ts';
import { seeded } from '../support/random.ts';
import { getJson } from '../support/real-parts.ts';
import { startCollector } from '../support/running-collector.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf, type TestSpan } from '../support/traffic.ts';

/** An SDK sends so often. */
const FLUSH_S = 5;
const CALLS_PER_S = 4;
const KEEP_ALL = 'sample: { after_root: 0s, policies: [{ name: all, type: probabilistic, ratio: 1 }] }';

it('what calls each other is one cause, the callee first; what nothing connects is another', async () => {
  const running = await startCollector(KEEP_ALL);
  const random = seeded(3);
  const go = async (seconds: number, slower: number): Promise<void> => {
    for (let s = 0; s < seconds; s += FLUSH_S) {
      const fromMs = running.clock.nowMs();
      running.clock.advance(FLUSH_S * 1000);
      const spans = Array.from({ length: FLUSH_S * CALLS_PER_S }, (): TestSpan[] => {
        const [pays, sends] = [0, 1].map(() => 40 * slower * Math.exp(0.2 * normal(random)));
        const startMs = Math.floor(fromMs + random() * FLUSH_S * 1000 - pays);
        const web = testSpan({ service: 'web', name: 'GET /cart', startMs, durationMs: pays + 5 });
        const pay = testSpan({ service: 'pay', name: 'POST /charges', startMs: startMs + 2, durationMs: pays });
        const mail = testSpan({ service: 'mail', name: 'send', startMs, durationMs: sends });
        return [web, { ...pay, traceId: web.traceId, parentSpanId: web.spanId }, mail];
      });
      expect((await running.traces(bodyOf(spans.flat()))).status).toBe(200);
    }
  };
  await go(240, 1);
  await go(40, 6);
  const answer = await getJson<ViolationsAnswer>(`${running.urls.page}/api/violations?limit=50`);
  const found = answer?.groups.map(({ members, because }) => [members.map(({ subject }) => subject.name), because]);
  expect(found).toHaveLength(2);
  expect(found).toContainEqual([
    ['pay POST /charges', 'web GET /cart'],
    'the other one calls it, and is not called by it',
  ]);
  expect(found).toContainEqual([['mail send'], undefined]);
});
