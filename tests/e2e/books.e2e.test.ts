// The books balance at every moment, whatever comes in and however the receivers behave.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { post, send } from '../support/http.ts';
import { mutate } from '../support/mutate.ts';
import { oneOf, pick, type Random, seeded } from '../support/random.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { type Reaction, type Sink, startSink } from '../support/sink.ts';
import { bodyOf, jsonBodyOf, type TestSpan, traffic } from '../support/traffic.ts';

const sum = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((all, each) => all + each, 0);

/** What the test itself knows of what went in. */
interface Ledger {
  accepted: number;
  rejected: number;
  duplicates: number;
  refused: number;
}

function expectBalanced({ spans, exporters }: BooksAnswer): void {
  expect(spans.accepted).toBe(sum(spans.dropped) + spans.kept + spans.pending);
  expect(spans.balanced).toBe(true);
  for (const { delivered, rejected, failed, queued, balanced } of exporters) {
    expect(delivered + rejected + sum(failed) + queued).toBe(spans.kept);
    expect(balanced).toBe(true);
  }
}

/** The same equation from the metrics page, as a dashboard would see it. */
function expectBalancedText(page: string): void {
  const total = (name: string): number =>
    [...page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce(
      (all, [, value]) => all + Number(value),
      0,
    );
  const [kept, dropped] = [total('evenkeel_sample_kept_total'), total('evenkeel_sample_dropped_total')];
  expect(total('evenkeel_receive_spans_total')).toBe(kept + dropped + total('evenkeel_sample_pending'));
  const [delivered, rejected] = [total('evenkeel_export_delivered_total'), total('evenkeel_export_rejected_total')];
  const [failed, queued] = [total('evenkeel_export_failed_total'), total('evenkeel_export_queued')];
  // Two exporters.
  expect(delivered + rejected + failed + queued).toBe(2 * kept);
  expect(total('evenkeel_measure_spans_total')).toBe(total('evenkeel_receive_spans_total'));
  expect(total('traces_span_metrics_calls_total')).toBe(total('evenkeel_receive_spans_total'));
}

/** Spans a flapping sink has said it would not take, though it took their batch. */
function flapping(random: Random, sink: Sink): () => number {
  let leftOut = 0;
  sink.react((): Reaction => {
    const dice = random();
    if (dice < 0.25) return { status: 503 };
    if (dice < 0.35) return 'reset';
    if (dice < 0.45) return { status: 400 };
    if (dice > 0.9) {
      leftOut++;
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: '{"partialSuccess":{"rejectedSpans":"1"}}',
      };
    }
    return { status: 200 };
  });
  return () => leftOut;
}

/** What a sink leaves out is to be spans, so that nothing else is pushed that it could leave out. */
const CONFIG = (flappy: Sink, steady: Sink): string => `
monitoring: false
memory_limit: 64MiB
sources: { unsampled: [service-0, service-1] }
sample:
  decision_wait: 3s
  after_root: 1s
  max_pending: 6MiB
  max_decisions: 2048
  policies:
    - { name: errors, type: status }
    - { name: slow, type: latency, over: 1s }
    - { name: share, type: probabilistic, ratio: 0.3 }
export:
  otlp:
    flappy: { endpoint: "${flappy.url}", max_queue: 512KiB, retry_initial: 100ms, retry_elapsed: 3s }
    steady: { endpoint: "${steady.url}", compression: none }
`;

/** Sends one body as it comes, or bent, twice, compressed, with spans of known traces; counts what should become of it. */
class Sender {
  readonly ledger: Ledger = { accepted: 0, rejected: 0, duplicates: 0, refused: 0 };
  readonly #random: Random;
  readonly #running: RunningCollector;
  readonly #traces: TestSpan[][];
  #last: { body: Uint8Array; type: string; spans: number; rejected: number } | undefined;

  constructor(random: Random, running: RunningCollector, traces: TestSpan[][]) {
    this.#random = random;
    this.#running = running;
    this.#traces = traces;
  }

  async step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.1) await this.#repeat();
    else if (dice < 0.2) await this.#sendBent();
    else await this.#sendSpans();
  }

  async #repeat(): Promise<void> {
    if (this.#last === undefined) return;
    const { body, type, spans } = this.#last;
    const answer = await this.#running.traces(gzipSync(body), { 'content-type': type, 'content-encoding': 'gzip' });
    expect(answer.status).toBe(200);
    this.ledger.duplicates += spans;
  }

  /** Bytes of which only the books know what they were; in pieces that can be told from the totals. */
  async #sendBent(): Promise<void> {
    const before = this.#running.books().spans;
    const answer = await this.#running.traces(mutate(this.#random, bodyOf(this.#someSpans())));
    expect([200, 400]).toContain(answer.status);
    const after = this.#running.books().spans;
    if (answer.status === 400) {
      this.ledger.refused++;
      expect([after.accepted, after.rejected]).toEqual([before.accepted, before.rejected]);
    }
    this.ledger.accepted += after.accepted - before.accepted;
    this.ledger.rejected += after.rejected - before.rejected;
    this.ledger.duplicates += after.duplicates - before.duplicates;
  }

  async #sendSpans(): Promise<void> {
    const spans = this.#someSpans();
    const bad = this.#random() < 0.15 ? 1 + pick(this.#random, Math.min(3, spans.length)) : 0;
    const sent = spans.map((span, i) =>
      i < bad ? { ...span, spanId: Buffer.alloc(oneOf(this.#random, [0, 7, 8])) } : span,
    );
    const isJson = this.#random() < 0.3;
    const body = isJson ? jsonBodyOf(sent) : bodyOf(sent);
    const type = isJson ? 'application/json' : 'application/x-protobuf';
    const answer = await this.#running.traces(body, { 'content-type': type });
    expect(answer.status).toBe(200);
    this.ledger.accepted += spans.length - bad;
    this.ledger.rejected += bad;
    this.#last = { body, type, spans: spans.length - bad, rejected: bad };
  }

  /** Spans of several traces, of which some were sent in part before: those may come late. */
  #someSpans(): TestSpan[] {
    const spans: TestSpan[] = [];
    for (let i = 1 + pick(this.#random, 30); i > 0; i--) {
      const trace = this.#traces[pick(this.#random, this.#traces.length)];
      const some = trace?.splice(0, 1 + pick(this.#random, 6)) ?? [];
      spans.push(...some);
    }
    return spans.length > 0 ? spans : (traffic({ seed: pick(this.#random, 1e9), traces: 1, maxSpans: 2 })[0] ?? []);
  }
}

async function check(seed: number, steps: number): Promise<void> {
  const random = seeded(seed);
  const [flappy, steady] = [await startSink(), await startSink()];
  const leftOut = flapping(seeded(seed + 1), flappy);
  const running = await startCollector(CONFIG(flappy, steady), { seed });
  const traces = traffic({
    seed: seed + 2,
    traces: 1500,
    maxSpans: 30,
    errorRatio: 0.01,
    slowRatio: 0.05,
    attributes: 40,
  });
  const sender = new Sender(random, running, traces);
  for (let step = 0; step < steps; step++) {
    await sender.step();
    running.clock.advance(pick(random, 60));
    expectBalanced(running.books());
    const { accepted, rejected, duplicates } = running.books().spans;
    expect({ accepted, rejected, duplicates }).toEqual({ ...sender.ledger, refused: undefined });
    if (step % 50 === 0) {
      expectBalancedText(await running.metrics());
      expectBalanced(JSON.parse((await send(`${running.urls.page}/api/books`)).body.toString()) as BooksAnswer);
    }
  }
  running.clock.advance(10_000);
  expectBalanced(running.books());
  await running.delivered();
  const end = running.books();
  expectBalanced(end);
  expectBalancedText(await running.metrics());
  expect(end.spans).toMatchObject({ pending: 0, accepted: sender.ledger.accepted });
  expect(end.refused.reduce((all, { requests }) => all + requests, 0)).toBe(sender.ledger.refused);
  const [flappyBooks, steadyBooks] = end.exporters;
  expect(steady.spans()).toHaveLength(steadyBooks?.delivered ?? -1);
  expect(steadyBooks?.delivered).toBe(end.spans.kept);
  // Of the batches that it took it left out a span each; those it cut off came again.
  expect(flappy.spans()).toHaveLength((flappyBooks?.delivered ?? -1) + leftOut());
  const arrived = steady.spans().map(({ spanId, traceId }) => `${traceId} ${spanId}`);
  for (const { spanId, traceId } of flappy.spans()) expect(arrived.includes(`${traceId} ${spanId}`)).toBe(true);
  // The run was worth it.
  expect(end.spans.late['kept']).toBeGreaterThan(0);
  expect(end.spans.late['dropped']).toBeGreaterThan(0);
  expect(end.spans.rejected * end.spans.duplicates * sender.ledger.refused).toBeGreaterThan(0);
  expect((await running.metrics()).includes(`evenkeel_sample_traces_total{cause="budget"} 0`)).toBe(false);
}

describe('the books', () => {
  it.each([101, 202, 303])('balance at every moment of random traffic (seed %d)', (seed) => check(seed, 300));

  it('balance where the end comes in the middle of it', async () => {
    const [flappy, steady] = [await startSink(), await startSink()];
    flappy.react({ status: 503 });
    const running = await startCollector(CONFIG(flappy, steady));
    const sender = new Sender(seeded(4), running, traffic({ seed: 5, traces: 300, maxSpans: 20 }));
    for (let step = 0; step < 40; step++) await sender.step();
    expect(running.books().spans.pending).toBeGreaterThan(100);
    const late = post(`${running.urls.otlpHttp}/v1/traces`, bodyOf(traffic({ seed: 6, traces: 1 }).flat())).catch(
      () => undefined,
    );
    await running.stop();
    await late;
    const end = running.books();
    expectBalanced(end);
    expect(end.spans.pending).toBe(0);
    expect(end.exporters).toMatchObject([{ delivered: 0, queued: 0 }, { delivered: end.spans.kept }]);
    expect(steady.spans()).toHaveLength(end.spans.kept);
  });
});
