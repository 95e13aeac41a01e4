import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { serveRunEvents } from '../../examples/workflow-runtime/src/api/run-events.ts';
import type { RunEvent, Runs } from '../../examples/workflow-runtime/src/runs/runs.ts';
import { openParts } from './parts.ts';
import { writeOddProject } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

const NODES = [
  'read-lockfile',
  'select-packages',
  'survey-packages',
  'build-graph',
  'read-readmes',
  'fill-table',
  'embed-readmes',
  'publish-index',
];

async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const told: RunEvent[] = [];
  for await (const event of events) told.push(event);
  return told;
}

/** Opens the WebSocket of a path and collects what it says until it is closed. */
async function listen(runs: Runs, path: string): Promise<{ messages: unknown[]; code: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  serveRunEvents(server, runs);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  const messages: unknown[] = [];
  socket.addEventListener('message', ({ data }) => messages.push(JSON.parse(String(data))));
  const [closed] = (await once(socket, 'close')) as [CloseEvent];
  return { messages, code: closed.code };
}

test('tells each node once and how the run ended, whenever one begins to follow it', async () => {
  const { runs } = openParts(writeOddProject());
  const { id } = runs.start(undefined);
  const early = all(runs.follow(id));
  const [first, ...rest] = await early;
  expect(first).toEqual({ node: 'read-lockfile', outcome: 'done' });
  expect(rest.at(-1)).toEqual({ state: 'done' });
  const nodes = (events: RunEvent[]) => events.flatMap((event) => ('node' in event ? event.node : []));
  expect(nodes([first, ...rest]).toSorted()).toEqual(NODES.toSorted());
  expect(await all(runs.follow(id))).toEqual([first, ...rest]);
});

test('misses and repeats nothing when it begins half way', async () => {
  const { runs } = openParts(writeOddProject());
  const { id, nodes } = runs.start(undefined);
  for await (const _ of runs.follow(id)) if (Object.keys(nodes).length >= 3) break;
  expect(await all(runs.follow(id))).toHaveLength(NODES.length + 1);
});

test('is one operation from the first event to the last', async () => {
  const { runs } = openParts(writeOddProject());
  await all(runs.follow(runs.start('boat').id));
  await expect(all(runs.follow('99'))).rejects.toEqual(expect.objectContaining({ code: 'RUN_UNKNOWN' }));
  expect(spans.named('run.follow').map(({ attributes }) => attributes['error.type'])).toEqual([
    undefined,
    'RUN_UNKNOWN',
  ]);
});

test('sends the events over a WebSocket and closes it', async () => {
  const { runs } = openParts(writeOddProject());
  const { id } = runs.start('absent');
  const { messages, code } = await listen(runs, `/runs/${id}/events`);
  expect(code).toBe(1000);
  expect(messages).toContainEqual({ node: 'select-packages', outcome: 'failed' });
  expect(messages.at(-1)).toEqual({ state: 'failed' });
});

test('closes with the reason where there is no such run, and opens nothing on other paths', async () => {
  const { runs } = openParts(writeOddProject());
  expect(await listen(runs, '/runs/7/events')).toEqual({ messages: [], code: 1011 });
  expect(await listen(runs, '/elsewhere')).toEqual({ messages: [], code: 1006 });
});
