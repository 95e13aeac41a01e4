// The transport alone: what it repeats, what it gives up, and how it stops.
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { describe, expect, it } from 'vitest';
import { createOutlet } from '../../sdk/src/bound/outlet.ts';
import { createTransport } from '../../sdk/src/otlp-transport.ts';
import { type Behaviour, startReceiver } from '../support/otlp-receiver.ts';

const BODY = new TextEncoder().encode('a body');

async function setUp(...behaviours: Behaviour[]) {
  const receiver = await startReceiver(...behaviours);
  const [closing, closed] = [new AbortController(), new AbortController()];
  const failures: string[] = [];
  const options = convertLegacyHttpOptions({ url: receiver.url }, 'TRACES', 'v1/traces', { 'Content-Type': 'x/y' });
  const outlet = {
    closing: closing.signal,
    closed: closed.signal,
    onFailure: (error: Error) => void failures.push(error.message),
  };
  return { receiver, closing, closed, failures, transport: createTransport(options, outlet) };
}

describe('createTransport', () => {
  it('delivers a body and keeps the connection', async () => {
    const { receiver, transport, failures } = await setUp('accept');
    for (let i = 0; i < 5; i++) expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    expect(receiver.received.map(({ body }) => body.toString())).toEqual(Array.from({ length: 5 }, () => 'a body'));
    expect(receiver.connections()).toBe(1);
    expect(failures).toEqual([]);
  });

  it.each(['unavailable', 'busy', 'reset'] as const)('repeats a body after %s, not at once', async (behaviour) => {
    const { receiver, transport, failures } = await setUp(behaviour, 'accept');
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    expect(receiver.received).toHaveLength(2);
    expect(failures).toEqual([]);
  });

  it('gives up when there is no time to repeat it', async () => {
    const { receiver, transport, failures } = await setUp('busy');
    expect(await transport.send(BODY, 500)).toMatchObject({ status: 'failure' });
    expect(receiver.received).toHaveLength(1);
    expect(failures).toEqual(['HTTP 503 Service Unavailable']);
  });

  it('gives up at once what was refused for good', async () => {
    const { receiver, transport, failures } = await setUp('error', 'accept');
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'failure' });
    expect(receiver.received).toHaveLength(1);
    expect(failures).toEqual(['HTTP 500 Internal Server Error']);
  });

  it('gives up a request that gets no answer in time', async () => {
    const { transport, failures } = await setUp('hang');
    expect(await transport.send(BODY, 100)).toMatchObject({ status: 'failure' });
    expect(failures).toHaveLength(1);
  });

  it('tries once more when it is closing, then no more', async () => {
    const { receiver, closing, transport } = await setUp('busy');
    const sending = transport.send(BODY, 600_000);
    while (receiver.received.length === 0) await new Promise(setImmediate);
    closing.abort();
    expect(await sending).toMatchObject({ status: 'failure' });
    expect(receiver.received.length).toBeLessThanOrEqual(2);
    expect(await transport.send(BODY, 600_000)).toMatchObject({ status: 'failure' });
    expect(receiver.received.length).toBeLessThanOrEqual(3);
  });

  it('repeats again what it is given when its outlet was opened again', async () => {
    const receiver = await startReceiver('busy', 'busy', 'accept');
    const outlet = createOutlet(() => {});
    const options = convertLegacyHttpOptions({ url: receiver.url }, 'TRACES', 'v1/traces', { 'Content-Type': 'x/y' });
    const transport = createTransport(options, outlet);
    outlet.hurry();
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'failure' });
    outlet.reopen();
    expect(await transport.send(BODY, 5000)).toMatchObject({ status: 'success' });
    expect(receiver.received).toHaveLength(3);
  });

  it('tells which bodies nobody has: those not on the wire, and those to be sent again', async () => {
    const { receiver, closing, transport } = await setUp('busy', 'hang');
    const sending = transport.send(BODY, 600_000);
    expect(transport.unsent()).toEqual([BODY]);
    while (receiver.received.length === 0 || transport.unsent().length === 0) await new Promise(setImmediate);
    expect(transport.unsent()).toEqual([BODY]);
    closing.abort();
    while (receiver.received.length === 1) await new Promise(setImmediate);
    expect(transport.unsent()).toEqual([]);
    void sending;
  });

  it('ends what hangs when it is closed', async () => {
    const { receiver, closing, closed, transport } = await setUp('hang');
    const sending = transport.send(BODY, 600_000);
    while (receiver.received.length === 0) await new Promise(setImmediate);
    closing.abort();
    closed.abort();
    expect(await sending).toMatchObject({ status: 'failure' });
  });
});
