import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Changing, EventStreams } from '../../../collector/src/web/events.ts';
import { ManualClock } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';

interface Rig {
  readonly clock: ManualClock;
  readonly port: number;
  /** Whether streams may stay. */
  mayStay: boolean;
  /** How often the data was read. */
  reads(): number;
  /** Opens a stream; `heard` is what came so far. */
  open(): Promise<{ status: number; heard(): string; response: IncomingMessage; close(): void }>;
}

async function rig(data: () => Record<string, unknown>, changing: readonly Changing[] = []): Promise<Rig> {
  const clock = new ManualClock();
  let reads = 0;
  const read = (): Record<string, unknown> => {
    reads++;
    return data();
  };
  const streams = new EventStreams(clock, read, changing);
  const server = createServer((_, response) => {
    if (!streams.add(response, () => made.mayStay)) response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    streams.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const made: Rig = {
    clock,
    port,
    mayStay: true,
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
  return made;
}

/** Asks for many streams in one packet, one behind the other on one connection. */
async function openPipelined(port: number, count: number): Promise<{ isClosed(): boolean; close(): void }> {
  let isClosed = false;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.once('close', () => (isClosed = true));
  const heard = new Promise((resolve) => socket.once('data', resolve));
  socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(count));
  await heard;
  socket.resume();
  return { isClosed: () => isClosed, close: () => socket.destroy() };
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

describe('streams that wait behind another on their connection', () => {
  it('give their places up when it closes, and are read no more', async () => {
    const { open, clock, port, reads } = await rig(() => ({ a: 1 }));
    const all = await openPipelined(port, 32);
    await eventually('all of them', () => reads() === 32);
    expect((await open()).status).toBe(503);
    all.close();
    await eventually('their places to be free', () => {
      const before = reads();
      clock.advance(1000);
      return reads() === before;
    });
    const streams = await Promise.all(Array.from({ length: 32 }, () => open()));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
  });

  it('are cut with it after half a minute', async () => {
    const { open, clock, port, reads } = await rig(() => ({ a: 1 }));
    const all = await openPipelined(port, 32);
    await eventually('all of them', () => reads() === 32);
    clock.advance(30_000);
    await eventually('the cut', () => all.isClosed());
    expect((await open()).status).toBe(200);
  });
});

describe('a stream that may not stay', () => {
  it('gives its place up within half a minute where its reader does not read', async () => {
    const page = await rig(() => ({ books: 'x'.repeat(1_000_000) }));
    const [quick, slow] = [await page.open(), await page.open()];
    let quickBytes = 0;
    quick.response.on('data', (data: Buffer) => (quickBytes += data.length));
    slow.response.pause();
    for (let i = 0; i < 25; i++) {
      const before = quickBytes;
      page.clock.advance(1000);
      await eventually('the quick one to hear it', () => quickBytes > before + 1_000_000);
    }
    page.mayStay = false;
    page.clock.advance(30_000);
    const before = page.reads();
    page.clock.advance(5000);
    expect(page.reads()).toBe(before);
  });

  it('ends in order where its reader reads', async () => {
    const page = await rig(() => ({ a: 1 }));
    const { response } = await page.open();
    const ended = new Promise((resolve) => response.once('end', resolve));
    page.mayStay = false;
    page.clock.advance(1000);
    await ended;
    expect(response.complete).toBe(true);
  });

  it('carries what changes at first, and then each when it has changed', async () => {
    const versions = { violations: 1, alerts: 1 };
    const changing = (['violations', 'alerts'] as const).map((name): Changing => {
      return { version: () => versions[name], read: () => ({ [name]: versions[name] }) };
    });
    const { open, clock } = await rig(() => ({ tick: 0 }), changing);
    const { heard } = await open();
    const told = (): string => [...heard().matchAll(/event: (\w)\w*\n/g)].map(([, first]) => first).join('');
    await eventually('the first', () => told() === 'tva');
    versions.alerts++;
    clock.advance(1000);
    await eventually('the alerts', () => told() === 'tvata');
    clock.advance(1000);
    await eventually('nothing new', () => told() === 'tvatat');
    versions.violations++;
    clock.advance(1000);
    await eventually('the violations', () => told() === 'tvatattv');
  });
});
