import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventStreams } from '../../../collector/src/web/events.ts';
import { ManualClock } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';

interface Rig {
  readonly clock: ManualClock;
  /** How often the data was read. */
  reads(): number;
  /** Opens a stream; `heard` is what came so far. */
  open(): Promise<{ status: number; heard(): string; response: IncomingMessage; close(): void }>;
}

async function rig(data: () => Record<string, unknown>): Promise<Rig> {
  const clock = new ManualClock();
  let reads = 0;
  const streams = new EventStreams(clock, () => {
    reads++;
    return data();
  });
  const server = createServer((_, response) => {
    if (!streams.add(response, () => true)) response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    streams.close();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    clock,
    reads: () => reads,
    open: () =>
      new Promise((resolve, reject) => {
        const request = httpRequest(url, { agent: false }, (response) => {
          let heard = '';
          response.on('data', (text: Buffer) => (heard += text.toString()));
          response.on('error', () => {});
          const { statusCode: status = 0 } = response;
          resolve({ status, heard: () => heard, response, close: () => request.destroy() });
        });
        request.on('error', reject);
        request.end();
      }),
  };
}

function eventsIn(text: string): [name: string, data: unknown][] {
  return [...text.matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)].map(([, name = '', data = '']) => [
    name,
    JSON.parse(data),
  ]);
}

describe('a stream of events', () => {
  it('begins with what is known, and goes on each second', async () => {
    let n = 0;
    const { open, clock } = await rig(() => ({ operations: { n: ++n, name: 'with\nnewline' }, books: [n] }));
    const stream = await open();
    expect([stream.status, stream.response.headers['content-type']]).toEqual([200, 'text/event-stream']);
    await eventually('the first', () => eventsIn(stream.heard()).length === 2);
    expect(stream.heard()).toMatch(/^retry: \d+\n\n/);
    clock.advance(999);
    expect(n).toBe(1);
    clock.advance(1);
    await eventually('the second', () => eventsIn(stream.heard()).length === 4);
    expect(eventsIn(stream.heard())).toEqual([
      ['operations', { n: 1, name: 'with\nnewline' }],
      ['books', [1]],
      ['operations', { n: 2, name: 'with\nnewline' }],
      ['books', [2]],
    ]);
  });

  it('is read once for all pages, and not while nobody looks', async () => {
    const { open, clock, reads } = await rig(() => ({ a: 1 }));
    clock.advance(10_000);
    expect(reads()).toBe(0);
    const streams = await Promise.all([open(), open(), open()]);
    expect(reads()).toBe(3);
    clock.advance(2000);
    expect(reads()).toBe(5);
    for (const { close } of streams) close();
    await eventually('the closes to be noticed', () => {
      const before = reads();
      clock.advance(1000);
      return reads() === before;
    });
    await open();
    const before = reads();
    clock.advance(1000);
    expect(reads()).toBe(before + 1);
  });

  it('gets no backlog where its reader is slow', async () => {
    let n = 0;
    const filler = 'x'.repeat(1_000_000);
    const { open, clock } = await rig(() => ({ books: { n: ++n, filler } }));
    const slow = await open();
    const quick = await open();
    let quickBytes = 0;
    quick.response.on('data', (data: Buffer) => (quickBytes += data.length));
    slow.response.pause();
    for (let i = 1; i <= 25; i++) {
      clock.advance(1000);
      await eventually('the quick one to hear it', () => quickBytes > i * filler.length);
    }
    const last = n;
    slow.response.resume();
    await eventually('the slow one to catch up', () => {
      clock.advance(1000);
      return Number(/.*"n":(\d+)/s.exec(slow.heard())?.[1]) > last;
    });
    const numbers = [...slow.heard().matchAll(/"n":(\d+)/g)].map(([, each]) => Number(each));
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    // What the sockets held came; the rest of 25 megabytes did not wait in memory.
    expect(numbers.filter((each) => each <= last).length).toBeLessThan(18);
  });

  it('ends where its reader has not read for half a minute', async () => {
    const { open, clock } = await rig(() => ({ books: 'x'.repeat(1_000_000) }));
    const [quick, slow] = [await open(), await open()];
    let quickBytes = 0;
    let isCut = false;
    quick.response.on('data', (data: Buffer) => (quickBytes += data.length));
    slow.response.once('error', () => (isCut = true));
    slow.response.pause();
    const beats = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const before = quickBytes;
        clock.advance(1000);
        await eventually('the quick one to hear it', () => quickBytes > before + 1_000_000);
      }
    };
    await beats(25);
    expect(isCut).toBe(false);
    // The sockets took some events before it fell behind.
    await beats(25);
    slow.response.resume();
    await eventually('the slow one to end', () => isCut);
  });

  it('ends at once where those that do not read hold too much', async () => {
    const { open, clock } = await rig(() => ({ books: 'x'.repeat(24_000_000) }));
    const slow = await open();
    let isCut = false;
    slow.response.once('error', () => (isCut = true));
    slow.response.pause();
    clock.advance(1000);
    slow.response.resume();
    await eventually('the slow one to end', () => isCut);
    expect(slow.heard().length).toBeLessThan(24_000_000);
  });

  it('is refused beyond 32 at a time', async () => {
    const { open } = await rig(() => ({ a: 1 }));
    const streams = await Promise.all(Array.from({ length: 32 }, () => open()));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    expect((await open()).status).toBe(503);
    streams[5]?.close();
    await eventually('its place to be free', async () => {
      const next = await open();
      next.close();
      return next.status === 200;
    });
  });
});
