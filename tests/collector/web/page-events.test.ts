// What the page is streamed, by the sidecar that streams it.
import { expect, it } from 'vitest';
import { send } from '../../support/http.ts';
import { startCollector } from '../../support/running-collector.ts';

it('streams what the API answers to operations, books and sampling', async () => {
  const { urls } = await startCollector();
  const closing = new AbortController();
  const response = await fetch(`${urls.page}/api/events`, { signal: closing.signal });
  let heard = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    heard += text;
    if (heard.includes('event: sampling') && heard.endsWith('\n\n')) break;
  }
  closing.abort();
  const events = [...heard.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, name = '', data = '']) => [name, data]);
  expect(events.map(([name]) => name)).toEqual(['operations', 'books', 'sampling']);
  for (const [name, data = ''] of events) {
    const answer = JSON.parse((await send(`${urls.page}/api/${name}`)).body.toString()) as object;
    // Resident memory is never twice the same.
    expect(Object.keys(JSON.parse(data) as object)).toEqual(Object.keys(answer));
    if (name !== 'books') expect(JSON.parse(data)).toEqual(answer);
  }
});
