// Log records follow their trace through a whole sidecar, with real sockets on both sides.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { EXPORT, grpcClient } from '../support/grpc.ts';
import { post, send } from '../support/http.ts';
import { logsBody, type RecordShape, saidIn } from '../support/log-records.ts';
import { oneOf, pick, seeded } from '../support/random.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { type Sink, startSink } from '../support/sink.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const CONFIG = (sink: Sink, mode = 'logs: follow'): string => `
sample: { after_root: 2s, decision_wait: 10s, policies: [{ name: errors, type: status }] }
export: { otlp: { backend: { endpoint: "${sink.url}" } } }
${mode}
`;

function said(sink: Sink): string[] {
  return sink.requests.filter(({ path }) => path === '/v1/logs').flatMap(({ body }) => saidIn(body));
}

async function sendLogs({ urls }: RunningCollector, ...shapes: RecordShape[]): Promise<void> {
  const { status } = await post(`${urls.otlpHttp}/v1/logs`, logsBody(...shapes));
  expect(status).toBe(200);
}

function expectBalanced({ logs: books }: BooksAnswer): void {
  const sum = (counts: Readonly<Record<string, number>> = {}): number =>
    Object.values(counts).reduce((all, each) => all + each, 0);
  expect(books?.accepted).toBe(sum(books?.passed) + sum(books?.dropped) + (books?.held ?? Number.NaN));
  expect(books?.balanced).toBe(true);
}

describe('logs that follow their trace', () => {
  it('arrive of kept traces and, from WARN up, of dropped ones, over HTTP and gRPC', async () => {
    const sink = await startSink();
    const running = await startCollector(CONFIG(sink));
    const { clock, urls } = running;
    // The log exporter is ahead of the span exporter, as in stock SDKs.
    await sendLogs(
      running,
      { says: 'bad 1', trace: 'bad' },
      { says: 'good 1', trace: 'good' },
      { says: 'good warns', trace: 'good', severity: 13 },
      { says: 'at rest' },
    );
    const call = grpcClient(urls.otlpGrpc, { gzip: true });
    const more = logsBody({ says: 'good 2', trace: 'good' }, { says: 'bad 2', trace: 'bad', service: 'cart' });
    expect(await call(more, EXPORT.logs)).toMatchObject({ code: 0 });
    // Not by `delivered`, which lets time go on: the others must still be waiting for their trace.
    await eventually('what need not wait', () => said(sink).length === 2);
    expect(said(sink)).toEqual(['good warns', 'at rest']);
    expect(running.books().logs).toMatchObject({ accepted: 6, held: 4 });
    clock.advance(5000);
    expect(
      (await running.traces(bodyOf([testSpan({ trace: 'bad', error: true }), testSpan({ trace: 'good' })]))).status,
    ).toBe(200);
    clock.advance(3000);
    await running.delivered();
    await eventually('the records of the kept trace', () => said(sink).length === 4);
    expect(said(sink)).toEqual(['good warns', 'at rest', 'bad 1', 'bad 2']);
    // What comes after the decision follows it at once.
    const late = gzipSync(logsBody({ says: 'bad late', trace: 'bad' }, { says: 'good late', trace: 'good' }));
    const headers = { 'content-encoding': 'gzip' };
    expect((await post(`${urls.otlpHttp}/v1/logs`, late, headers)).status).toBe(200);
    await running.delivered();
    expect(said(sink).slice(4)).toEqual(['bad late']);
    const books = JSON.parse((await send(`${urls.page}/api/books`)).body.toString()) as BooksAnswer;
    expectBalanced(books);
    expect(books.logs).toMatchObject({ accepted: 8, held: 0, dropped: { not_sampled: 3 } });
    expect(books.memory.holders['held logs']).toBe(0);
    expect(await running.metrics()).toContain('evenkeel_logs_dropped_total{reason="not_sampled"} 3');
  });

  it('pass where no span of their trace ever comes', async () => {
    const sink = await startSink();
    const running = await startCollector(CONFIG(sink));
    await sendLogs(running, { says: 'alone', trace: 'sampled elsewhere' });
    running.clock.advance(5900);
    expect(running.books().logs).toMatchObject({ held: 1 });
    running.clock.advance(600);
    await running.delivered();
    expect(said(sink)).toEqual(['alone']);
  });

  it('are decided and delivered at stop', async () => {
    const sink = await startSink();
    const running = await startCollector(CONFIG(sink));
    await running.traces(bodyOf([testSpan({ trace: 'bad', error: true }), testSpan({ trace: 'good' })]));
    await sendLogs(
      running,
      { says: 'bad', trace: 'bad' },
      { says: 'good', trace: 'good' },
      { says: 'alone', trace: 'x' },
    );
    await running.stop();
    expect(said(sink).sort()).toEqual(['alone', 'bad']);
    expectBalanced(running.books());
    expect(running.books().logs).toMatchObject({ passed: { kept: 1, stop: 1 }, dropped: { not_sampled: 1 }, held: 0 });
  });

  it('all pass where every trace is kept', async () => {
    const sink = await startSink();
    const running = await startCollector(`${CONFIG(sink).replace(/^sample:.*$/m, 'sample: false')}`);
    await running.traces(bodyOf([testSpan({ trace: 'good' })]));
    await sendLogs(running, { says: 'good', trace: 'good' });
    running.clock.advance(2000);
    await running.delivered();
    expect(said(sink)).toEqual(['good']);
  });

  it('keep their books whatever comes, and lose no record that may not be dropped', async () => {
    const random = seeded(23);
    const sink = await startSink();
    const running = await startCollector(CONFIG(sink, 'logs: { mode: follow, max_held: 32KiB, max_wait: 10s }'));
    const traces = Array.from({ length: 60 }, (_, i) => ({ trace: `trace ${i}`, error: i % 3 === 0, began: false }));
    const sent: RecordShape[] = [];
    for (let step = 0; step < 150; step++) {
      const { trace, error } = oneOf(random, traces);
      if (random() < 0.3) await running.traces(bodyOf([testSpan({ trace, error })]));
      const records = Array.from({ length: 1 + pick(random, 12) }, (_, i) => ({
        says: `${step} ${i} ${'x'.repeat(pick(random, 200))}`,
        severity: oneOf(random, [5, 9, 9, 13, 17]),
        trace: oneOf(random, traces).trace,
      }));
      sent.push(...records);
      await sendLogs(running, ...records);
      running.clock.advance(pick(random, 300));
      expectBalanced(running.books());
      expect(running.books().memory.holders['held logs']).toBeLessThanOrEqual(32 * 1024);
    }
    await running.stop();
    expectBalanced(running.books());
    const delivered = said(sink);
    const arrived = new Set(delivered);
    expect(delivered).toHaveLength(arrived.size);
    const failed = new Set(traces.filter(({ error }) => error).map(({ trace }) => trace));
    const missing = sent.filter(({ says = '' }) => !arrived.has(says));
    expect(missing.filter(({ severity = 0, trace = '' }) => severity >= 13 || failed.has(trace))).toEqual([]);
    expect(running.books().logs).toMatchObject({
      accepted: sent.length,
      held: 0,
      dropped: { not_sampled: missing.length },
    });
    expect(missing.length).toBeGreaterThan(50);
  });
});
