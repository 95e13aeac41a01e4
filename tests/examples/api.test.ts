import { propagation, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../examples/workflow-runtime/src/api/app.ts';
import { serverSpans } from '../../examples/workflow-runtime/src/api/server-spans.ts';
import { send } from './in-process-http.ts';
import { openParts } from './parts.ts';
import { writeOddProject } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

function openApi() {
  const parts = openParts(writeOddProject());
  return { ...parts, app: createApp(parts) };
}

test('starts a run, shows it, and answers from what it indexed', async () => {
  const { app, runs } = openApi();
  const started = await send(app, 'POST /runs', {});
  expect(started.status).toBe(202);
  expect(started.headers.location).toBe('/runs/1');
  await runs.settled();
  expect((await send(app, 'GET /runs/1')).json()).toMatchObject({ state: 'done', summary: { packages: 6 } });
  expect((await send(app, 'GET /ask?q=upright%20boat')).json()).toMatchObject({
    nearest: [{ name: 'keel' }, { name: 'boat' }],
  });
  expect((await send(app, 'GET /packages?prefix=ke')).json()).toMatchObject([
    { name: 'keel' },
    { name: 'keel-darwin' },
  ]);
  expect((await send(app, 'GET /packages/keel')).json()).toMatchObject({ dependents: 1 });
  expect((await send(app, 'GET /packages/keel/readme')).text).toContain('upright');
  expect((await send(app, 'GET /findings?limit=1')).json()).toHaveLength(1);
});

test('starts a run without a body', async () => {
  expect((await send(openApi().app, 'POST /runs')).status).toBe(202);
});

test('slows a dependency on request', async () => {
  const { app, slowdowns } = openApi();
  expect((await send(app, 'PUT /faults', { dependency: 'table', slowdown: 40 })).status).toBe(200);
  expect(slowdowns.times('table')).toBe(40);
  expect((await send(app, 'GET /faults')).json()).toEqual({ table: 40, readme: 1, manifest: 1, vectors: 1 });
});

test('refuses bad requests with the reason, and without harm', async () => {
  const { app, runs, slowdowns } = openApi();
  const check = async (target: string, status: number, message: RegExp, body?: unknown) => {
    const reply = await send(app, target, body);
    expect([reply.status, (reply.json() as { error: string }).error], target).toEqual([
      status,
      expect.stringMatching(message),
    ]);
  };
  await check('GET /ask', 400, /q/);
  await check(`GET /ask?q=${'x'.repeat(501)}`, 400, /500/);
  await check('GET /ask?q=early', 503, /nothing is indexed/);
  await check('GET /packages?limit=0', 400, /limit/);
  await check('GET /runs/7', 404, /no such run/);
  await check('GET /nowhere', 404, /GET \/nowhere/);
  await check('POST /runs', 400, /package/, { package: 7 });
  await check('POST /runs', 400, /colour/, { colour: 'red' });
  await check('POST /runs', 400, /JSON/, '{"package":');
  await check('POST /runs', 413, /large/, { package: 'x'.repeat(2000) });
  await check('PUT /faults', 400, /dependency/, { dependency: 'moon', slowdown: 2 });
  await check('PUT /faults', 400, /1000/, { dependency: 'table', slowdown: 1e9 });
  expect(slowdowns.times('table')).toBe(1);
  runs.start(undefined);
  await runs.settled();
  await check('GET /packages/absent', 404, /no such package/);
  await check('GET /packages/anchor/readme', 404, /no README/);
  await check('GET /packages/keel-darwin/readme', 404, /ENOENT/);
});

test('makes each request a server span named by method and route, and the root of what it causes', async () => {
  const { app, runs } = openApi();
  await send(app, 'POST /runs', {});
  await runs.settled();
  await send(app, 'GET /packages/keel');
  const [span] = spans.named('GET /packages/:name');
  expect(span.kind).toBe(SpanKind.SERVER);
  expect(span.parentSpanContext).toBeUndefined();
  expect(span.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.route': '/packages/:name',
    'http.response.status_code': 200,
    'url.path': '/packages/keel',
    'url.scheme': 'http',
  });
  const [post] = spans.named('POST /runs');
  // A run of an earlier test may still end here, so the step is looked for in this trace.
  const ofTrace = spans.all().filter((one) => one.spanContext().traceId === post.spanContext().traceId);
  expect(ofTrace.map((one) => one.attributes['gen_ai.step.name'])).toContain('build-graph');
});

test('continues the trace of the caller', async () => {
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  onTestFinished(() => propagation.disable());
  const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  await send(express().use(serverSpans()), 'GET /x', undefined, headers);
  expect(spans.named('GET')[0].spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
});

test('marks the server span as an error for 5xx and a lost connection, not for 4xx', async () => {
  const app = express()
    .use(serverSpans())
    .get('/status/:code', (request, response) => void response.status(Number(request.params.code)).end())
    .get('/lost', (_request, response) => void response.destroy());
  const check = async (target: string, name: string, status: SpanStatusCode, errorType?: string) => {
    await send(app, target).catch(() => undefined);
    const [span] = spans.named(name);
    expect([span.status.code, span.attributes['error.type']], target).toEqual([status, errorType]);
  };
  await check('GET /lost', 'GET /lost', SpanStatusCode.ERROR, 'connection_lost');
  await check('GET /nowhere', 'GET', SpanStatusCode.UNSET);
  await check('GET /status/503', 'GET /status/:code', SpanStatusCode.ERROR, '503');
  await check('PROPFIND /status/200', 'HTTP', SpanStatusCode.UNSET);
});
