// A flush is of what was started, whoever has its place now.
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, it, onTestFinished } from 'vitest';
import { startTelemetry } from '../../sdk/src/index.ts';
import { startReceiver } from '../support/otlp-receiver.ts';

it('a flush sends what its own providers hold, though another one is registered meanwhile', async () => {
  const receiver = await startReceiver();
  const telemetry = await startTelemetry({ serviceName: 'shop', endpoint: receiver.url, instrumentations: false });
  onTestFinished(() => telemetry.shutdown());
  trace.getTracer('t').startSpan('mine').end();
  trace.disable();
  trace.setGlobalTracerProvider(new TracerProvider());
  await telemetry.flush();
  const spans = receiver.received.filter(({ path }) => path === '/v1/traces');
  expect(spans.map(({ body }) => body.toString('latin1').includes('mine'))).toEqual([true]);
});
