// A program with telemetry behaves as the same program without: whatever is wrong with the sidecar, however it ends.
import { describe, expect, it } from 'vitest';
import { type Ending, runProgram } from '../support/registered-program.ts';
import { type Behaviour, startReceiver } from '../support/otlp-receiver.ts';
import { decodeSpans } from '../support/sdk-spans.ts';

/** What must not change. */
const seen = ({ code, signal, stdout, errors }: Ending): object => ({ code, signal, stdout, errors });

/** Nobody listens on the discard port here. */
const ABSENT = 'http://127.0.0.1:9';

describe('a program whose sidecar fails', () => {
  const steps = ['many-attributes', 'many-spans', 'open', 'exit-code'];
  const check = async (url: string): Promise<readonly string[]> => {
    const [plain, measured] = await Promise.all([
      runProgram(steps),
      runProgram(steps, { OTEL_EXPORTER_OTLP_ENDPOINT: url }),
    ]);
    expect(seen(measured)).toEqual(seen(plain));
    return measured.warnings;
  };

  it('is not changed when there is none, and says so once', async () => {
    const warnings = await check(ABSENT);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/ECONNREFUSED.*\[EXPORT_FAILED\]/);
  });

  it.each<Behaviour>(['hang', 'error', 'throttle', 'die'])(
    'is not changed by "%s", and says so once',
    async (fault) => {
      const warnings = await check((await startReceiver(fault)).url);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('[EXPORT_FAILED]');
    },
  );

  it('is not changed by an answer that is garbage', async () => {
    expect(await check((await startReceiver('garbage')).url)).toEqual([]);
  });
});

describe('a program that ends', () => {
  it.each([
    { how: 'by process.exit', steps: ['open', 'exit'], spans: 'unfinished' },
    { how: 'by an uncaught exception', steps: ['open', 'throw'], spans: 'failed' },
    { how: 'by an unhandled rejection', steps: ['open', 'reject'], spans: 'failed' },
    { how: 'by a signal nobody handles', steps: ['open', 'signal'], spans: 'unfinished' },
    { how: 'by a signal as its last act', steps: ['open', 'signal-last'], spans: 'unfinished' },
    { how: 'by its own handler of a signal', steps: ['open', 'handler', 'signal'], spans: 'unfinished' },
    { how: 'after an exception it caught', steps: ['open', 'caught', 'throw'], spans: 'unfinished' },
  ])('$how ends the same, and what it held arrives', async ({ steps, spans }) => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const [plain, measured] = [await runProgram(steps), await runProgram(steps, environment)];
    expect(seen(measured)).toEqual(seen(plain));
    expect(measured.warnings).toEqual([]);
    const arrived = decodeSpans(receiver);
    expect(arrived.map(({ name }) => name).filter((name) => name !== 'long-run')).toEqual(['double', 'fail']);
    const open = arrived.find(({ name }) => name === 'long-run');
    expect(open?.attributes).toMatchObject({ 'run.id': 7, 'evenkeel.span.unfinished': true });
    expect(open?.attributes['error.type']).toBe(spans === 'failed' ? 'RangeError' : undefined);
  });

  it('hides from handlers that count the others', async () => {
    const receiver = await startReceiver();
    const steps = ['lonely-handler', 'signal'];
    const [plain, measured] = [
      await runProgram(steps),
      await runProgram(steps, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }),
    ];
    expect(plain).toMatchObject({ signal: 'SIGTERM' });
    expect(plain.stdout).toContain('\nalone\n');
    expect(seen(measured)).toEqual(seen(plain));
  });

  it('ends the same when nobody takes what it held', async () => {
    const { url } = await startReceiver('hang');
    for (const steps of [
      ['open', 'throw'],
      ['open', 'signal'],
    ]) {
      const [plain, measured] = [
        await runProgram(steps),
        await runProgram(steps, { OTEL_EXPORTER_OTLP_ENDPOINT: url }),
      ];
      expect(seen(measured)).toEqual(seen(plain));
      expect(measured.warnings).toHaveLength(1);
    }
  });
});

describe('what leaves a program', () => {
  it('holds to the limits of a span', async () => {
    const receiver = await startReceiver();
    await runProgram(['many-attributes'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const wide = decodeSpans(receiver).find(({ name }) => name === 'wide');
    expect(Object.keys(wide?.attributes ?? {})).toHaveLength(128);
    expect(wide?.attributes['key.100']).toBe('x'.repeat(4096));
    expect(wide?.droppedAttributes).toBe(100_000 - 128);
  });

  it('holds to the queue, and counts what was dropped', async () => {
    const receiver = await startReceiver();
    await runProgram(['many-spans'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_MAX_QUEUE_SIZE: '100' });
    expect(decodeSpans(receiver).length).toBeLessThanOrEqual(200);
    const metrics = receiver.received
      .filter(({ path }) => path === '/v1/metrics')
      .map(({ body }) => body.toString('latin1'));
    expect(metrics.join('')).toContain('otel.sdk.processor.span.processed');
    expect(metrics.join('')).toContain('queue_full');
  });

  it('has no secrets in it', async () => {
    const receiver = await startReceiver();
    await runProgram(['secrets'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const span = decodeSpans(receiver).find(({ name }) => name === 'secrets');
    expect(span?.attributes).toMatchObject({ 'user.password': 'REDACTED', note: 'mail REDACTED' });
    expect(span?.statusMessage).toBe('no answer of https://REDACTED:REDACTED@host/');
    const bodies = receiver.received.map(({ path, body }) => `${path} ${body.toString('latin1')}`);
    expect(bodies.filter((body) => body.startsWith('/v1/logs') && body.includes('mail REDACTED'))).toHaveLength(1);
    for (const body of bodies)
      for (const secret of ['hunter2', 'example.org', '4111']) expect(body).not.toContain(secret);
  });
});
