// What the page is streamed, by the sidecar that streams it.
import { expect, it } from 'vitest';
import { send } from '../../support/http.ts';
import type { ViolationsAnswer } from '../../../collector/src/web/api.ts';
import { eventually } from '../../support/eventually.ts';
import { startCollector } from '../../support/running-collector.ts';
import { watchedTraffic } from '../../support/watched-traffic.ts';

it('streams what the API answers to operations, books, sampling, violations and alerts', async () => {
  const { urls } = await startCollector();
  const closing = new AbortController();
  const response = await fetch(`${urls.page}/api/events`, { signal: closing.signal });
  let heard = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    heard += text;
    if (heard.includes('event: alerts') && heard.endsWith('\n\n')) break;
  }
  closing.abort();
  const events = [...heard.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, name = '', data = '']) => [name, data]);
  expect(events.map(([name]) => name)).toEqual(['operations', 'books', 'sampling', 'violations', 'alerts']);
  for (const [name, data = ''] of events) {
    const answer = JSON.parse((await send(`${urls.page}/api/${name}`)).body.toString()) as object;
    // Resident memory is never twice the same.
    expect(Object.keys(JSON.parse(data) as object)).toEqual(Object.keys(answer));
    if (name !== 'books') expect(JSON.parse(data)).toEqual(answer);
  }
});

it('streams violations again when they have changed, and not before', async () => {
  const running = await startCollector();
  const traffic = watchedTraffic(running);
  const called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
  await traffic.go(240, called);
  const closing = new AbortController();
  const response = await fetch(`${running.urls.page}/api/events`, { signal: closing.signal });
  let heard = '';
  const hears = (async () => {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) heard += text;
  })().catch(() => {});
  const told = (): number[] =>
    [...heard.matchAll(/^event: violations\ndata: (.*)\n/gm)].map(
      ([, data = '']) => (JSON.parse(data) as ViolationsAnswer).groupCount,
    );
  await eventually('the first', () => told().length === 1);
  await traffic.go(20, called);
  const seconds = heard.split('event: books').length - 1;
  expect(told()).toEqual([0]);
  await traffic.go(60, { ...called, medianMs: 200 });
  await eventually('the second', () => told().length >= 2);
  expect(seconds).toBeGreaterThan(1);
  expect(told().every((groups, i) => groups === (i === 0 ? 0 : 1))).toBe(true);
  expect(told().length).toBeLessThan(5);
  closing.abort();
  await hears;
});
