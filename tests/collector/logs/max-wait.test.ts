// Records wait as long as the slowest of traces, without being told so.
import { expect, it } from 'vitest';
import { post } from '../../support/http.ts';
import { logsBody, saidIn } from '../../support/log-records.ts';
import { startCollector } from '../../support/running-collector.ts';
import { startSink } from '../../support/sink.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

it('holds records until their trace is decided, however long a trace may wait', async () => {
  const sink = await startSink();
  const running = await startCollector(`
logs: follow
sample:
  policies: [{ name: errors, type: status }]
  waits: [{ name: shop, when: { type: service, names: [shop] }, decision_wait: 10m, after_root: 10m }]
export: { otlp: { backend: { endpoint: "${sink.url}" } } }
`);
  await running.traces(bodyOf([testSpan({ trace: 'good' }), testSpan({ trace: 'bad', error: true })]));
  await post(
    `${running.urls.otlpHttp}/v1/logs`,
    logsBody({ says: 'good', trace: 'good' }, { says: 'bad', trace: 'bad' }),
  );
  running.clock.advance(599_000);
  expect(running.books().logs).toMatchObject({ accepted: 2, held: 2 });
  running.clock.advance(2000);
  expect(running.books().logs).toMatchObject({ held: 0, passed: { kept: 1 }, dropped: { not_sampled: 1 } });
  await running.delivered();
  const said = sink.requests.filter(({ path }) => path === '/v1/logs').flatMap(({ body }) => saidIn(body));
  expect(said).toEqual(['bad']);
});
