// Fresh projects with servers the README has no program for: Fastify, and Express without a line about telemetry, watched
// by the instrumentations of OpenTelemetry that it has installed.
import { beforeAll, expect, it } from 'vitest';
import { describeProjects, makeProject, serve } from '../support/fresh-projects.ts';
import { PackedSidecar } from '../support/packed-sidecar.ts';

const FASTIFY = `import Fastify from 'fastify';
import { measurePerformance, startTelemetry } from '@evenkeel/sdk';

const telemetry = await startTelemetry({ serviceName: 'desk' });
const findOrder = measurePerformance('desk.order', async (id) => ({ id, total: 9 }));
const app = Fastify();
app.get('/orders/:id', (request) => findOrder(request.params.id));
app.addHook('onClose', () => telemetry.shutdown());
await app.listen({ port: process.env.PORT, host: '127.0.0.1' });
process.once('SIGTERM', () => app.close());
`;

const EXPRESS = `import express from 'express';

const app = express();
app.get('/orders/:id', (request, response) => response.json({ id: request.params.id }));
const server = app.listen(process.env.PORT, '127.0.0.1');
process.once('SIGTERM', () => server.close());
`;

const INSTRUMENTATIONS = {
  '@opentelemetry/instrumentation-express': '0.72.0',
  '@opentelemetry/instrumentation-http': '0.301.0',
};

describeProjects('fresh servers', () => {
  let sidecar: PackedSidecar;
  let env: Record<string, string>;

  beforeAll(async () => {
    sidecar = await PackedSidecar.start(['desk', 'unaware']);
    env = { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint };
  });

  it('are seen with Fastify', async () => {
    const cwd = await makeProject('fastify', { fastify: '5.12.8' }, { 'server.mjs': FASTIFY });
    const order = { id: '7', total: 9 };
    expect(await serve(cwd, ['server.mjs'], env)).toEqual([order, order, order]);
    await sidecar.sees('desk', { 'desk.order': 3 });
  });

  it('are seen without a line of code, by the instrumentations that are installed', async () => {
    const versions = { express: '5.3.0', ...INSTRUMENTATIONS };
    const cwd = await makeProject('unaware', versions, { 'server.mjs': EXPRESS });
    const args = ['--import', '@evenkeel/sdk/register', 'server.mjs'];
    expect(await serve(cwd, args, env)).toEqual([{ id: '7' }, { id: '7' }, { id: '7' }]);
    await sidecar.spans('unaware', 'GET /orders/:id');
    const route = 'http_route="/orders/:id"';
    await sidecar.counts('http_server_request_duration_seconds_count', 'unaware', route, 3);
    await sidecar.hasExemplar('http_server_request_duration_seconds_bucket', 'unaware', route);
  });
});
