// Those who ask for the metrics page and do not read it.
import { expect, it, onTestFinished } from 'vitest';
import { PrometheusPage } from '../../../collector/src/export/prometheus.ts';
import { send } from '../../support/http.ts';
import { testHost } from '../../support/surroundings.ts';
import { openUnread, UNREAD_BYTES, untilCut } from '../../support/unread.ts';

it('the metrics page is written for four at a time, and who does not read gives way', async () => {
  const points = Array.from({ length: 24 }, (_, i) => ({
    attributes: { name: `${i}${'x'.repeat(UNREAD_BYTES / 24)}` },
    value: 1,
  }));
  const host = testHost();
  const family = { name: 'calls', unit: '', description: 'Calls.', kind: 'counter', points } as const;
  const page = new PrometheusPage({ host: '127.0.0.1', port: 0 }, () => [family], 0, host);
  await page.start();
  onTestFinished(() => page.stop());
  const url = `${page.url}/metrics`;
  const unread = await Promise.all([1, 2, 3, 4].map(() => openUnread(url)));
  expect(unread.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await send(url)).status).toBe(503);
  expect(host.values.get('refused_answers{listener=export.prometheus}')).toBe(1);
  host.clock.advance(5000);
  expect((await send(url)).status).toBe(200);
  expect(host.values.get('unread_answers{listener=export.prometheus}')).toBe(1);
  host.clock.advance(25_000);
  await Promise.all(unread.map(untilCut));
});
