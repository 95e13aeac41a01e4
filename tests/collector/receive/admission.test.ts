import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { Admission } from '../../../collector/src/receive/admission.ts';

/** A request whose body comes in the given parts, or never ends, or breaks off. */
function request(
  parts: readonly string[],
  headers: Record<string, string> = {},
  ending: 'end' | 'open' | 'abort' = 'end',
): IncomingMessage {
  const stream = new Readable({ read() {} });
  for (const part of parts) stream.push(Buffer.from(part));
  if (ending === 'end') stream.push(null);
  if (ending === 'abort') setImmediate(() => stream.destroy(new Error('aborted')));
  return Object.assign(stream, { headers }) as unknown as IncomingMessage;
}

test('reads a body whole and holds its bytes until they are released', async () => {
  const admission = new Admission(100);
  const body = await admission.read(request(['some ', 'body']), 50);
  expect(Buffer.concat(body.chunks).toString()).toBe('some body');
  expect(body.refused).toBeUndefined();
  expect(admission.inFlightBytes).toBe(9);
  admission.release(body.length);
  expect(admission.inFlightBytes).toBe(0);
});

test('refuses what is larger than a body may be, said or unsaid', async () => {
  const check = async (parts: string[], headers: Record<string, string>): Promise<void> => {
    const admission = new Admission(100);
    const body = await admission.read(request(parts, headers), 10);
    expect([body.refused, body.chunks]).toEqual(['too_large', []]);
    admission.release(body.length);
    expect(admission.inFlightBytes).toBe(0);
  };
  await check([], { 'content-length': '11' });
  await check(['01234567890'], {});
  await check(['01234', '56789', 'x'], {});
  await check(['01234', '56789', 'x'], { 'content-length': '5' });
});

test('refuses bodies while too many bytes are in flight, and takes them again after', async () => {
  const admission = new Admission(20);
  const first = await admission.read(request(['0123456789']), 100);
  expect(first.refused).toBeUndefined();
  const second = await admission.read(request(['0123456789', 'x']), 100);
  expect(second.refused).toBe('overloaded');
  const said = await admission.read(request([], { 'content-length': '11' }), 100);
  expect(said.refused).toBe('overloaded');
  admission.release(second.length);
  admission.release(first.length);
  expect(admission.inFlightBytes).toBe(0);
  const third = await admission.read(request(['0123456789', '0123456789']), 100);
  expect(third.refused).toBeUndefined();
});

test('gives up a body that breaks off and holds only what had come', async () => {
  const admission = new Admission(100);
  const body = await admission.read(request(['half'], {}, 'abort'), 50);
  expect(body.refused).toBe('aborted');
  admission.release(body.length);
  expect(admission.inFlightBytes).toBe(0);
});

test('takes room as bytes arrive, not as the sender claims', async () => {
  const admission = new Admission(100);
  void admission.read(request(['ab'], { 'content-length': '90' }, 'open'), 100);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(admission.inFlightBytes).toBe(2);
});

test('makes few buffers of a body that comes in bits, in order and whole', async () => {
  const check = async (parts: string[], most: number): Promise<void> => {
    const body = await new Admission(1e6).read(request(parts), 1e6);
    expect(Buffer.concat(body.chunks).toString()).toBe(parts.join(''));
    expect(body.length).toBe(parts.join('').length);
    expect(body.chunks.length).toBeLessThanOrEqual(most);
  };
  const bits = Array.from({ length: 100_000 }, (_, i) => String(i % 10));
  await check(bits, 18);
  // Large parts between the bits stay as they are.
  await check([...bits.slice(0, 1000), 'x'.repeat(5000), ...bits.slice(0, 1000), 'y'.repeat(5000)], 20);
});
