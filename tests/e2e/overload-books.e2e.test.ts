// The books balance at every moment of overload: more arrives than budget, caps and memory take, from senders over HTTP
// and gRPC at once, with traces too large to wait for, while the backend is dead, then flaps, then lives.
import { expect, it } from 'vitest';
import type { SamplingState } from '../../collector/src/sample/contract.ts';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { grpcClient } from '../support/grpc.ts';
import { send } from '../support/http.ts';
import { oneOf, pick, type Random, seeded } from '../support/random.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { type Sink, startSink } from '../support/sink.ts';
import { bodyOf, type TestSpan, traffic } from '../support/traffic.ts';

const CONFIG = ({ url }: Sink): string => `
memory_limit: 64MiB
sample:
  decision_wait: 3s
  after_root: 1s
  max_pending: 6MiB
  max_trace_spans: 256
  budget: { spans_per_second: 250 }
  hard_caps: { spans_per_second: 300 }
  policies:
    - { name: errors, type: status }
    - { name: slow, type: latency, over: 1s }
    - { name: each-operation, type: floor, key: [service, operation], traces: 1 }
    - { name: share, type: probabilistic, ratio: 0.5 }
export:
  otlp:
    backend: { endpoint: "${url}", max_queue: 768KiB, retry_initial: 100ms, retry_max: 1s, retry_elapsed: 10s }
`;

/** Bodies on their way at once. */
const AT_ONCE = 10;
const SPANS_A_BODY = 150;
const UNAVAILABLE = 14;
const sum = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((all, each) => all + each, 0);

function expectBalanced({ spans, exporters }: BooksAnswer): void {
  expect(spans.accepted).toBe(sum(spans.dropped) + spans.kept + spans.pending);
  for (const { delivered, rejected, failed, queued } of exporters)
    expect(delivered + rejected + sum(failed) + queued).toBe(spans.kept);
}

/** Spans of many traces, some far too large, in the order in which they are sent: traces come in pieces, some late. */
function arrivals(seed: number): TestSpan[] {
  const random = seeded(seed);
  const small = traffic({ seed, traces: 8000, maxSpans: 20, errorRatio: 0.002, slowRatio: 0.01, attributes: 10 });
  const giant = traffic({ seed: seed + 1, traces: 6, maxSpans: 2000, errorRatio: 0, slowRatio: 0 });
  const places = [...small, ...giant].flatMap((spans) => {
    const start = random();
    // Most of a trace comes together; a giant outgrows its limit, and what comes then is late.
    const width = spans.length > 100 ? 0.02 : oneOf(random, [0.002, 0.002, 0.002, 0.1]);
    return spans.map((span) => ({ span, at: start + width * random() }));
  });
  return places.sort((a, b) => a.at - b.at).map(({ span }) => span);
}

/** Sends bodies as SDKs do, again where it is asked to; looks at the books at every answer. */
class Senders {
  accepted = 0;
  refused = 0;
  readonly #running: RunningCollector;
  readonly #random: Random;
  readonly #overGrpc: ReturnType<typeof grpcClient>;

  constructor(running: RunningCollector, random: Random) {
    this.#running = running;
    this.#random = random;
    this.#overGrpc = grpcClient(running.urls.otlpGrpc);
  }

  async send(bodies: readonly (readonly TestSpan[])[]): Promise<void> {
    await Promise.all(bodies.map((spans) => this.#deliver(spans)));
  }

  async #deliver(spans: readonly TestSpan[]): Promise<void> {
    const body = bodyOf(spans);
    const isGrpc = this.#random() < 0.5;
    for (;;) {
      const isTaken = isGrpc ? await this.#byGrpc(body) : await this.#byHttp(body);
      if (isTaken) this.accepted += spans.length;
      else this.refused++;
      expectBalanced(this.#running.books());
      if (isTaken) return;
    }
  }

  async #byHttp(body: Uint8Array): Promise<boolean> {
    const { status } = await this.#running.traces(body);
    expect([200, 503]).toContain(status);
    return status === 200;
  }

  async #byGrpc(body: Uint8Array): Promise<boolean> {
    const { code } = await this.#overGrpc(body);
    expect([0, UNAVAILABLE]).toContain(code);
    return code === 0;
  }
}

async function samplingOf({ urls }: RunningCollector): Promise<SamplingState> {
  return JSON.parse((await send(`${urls.page}/api/sampling`)).body.toString()) as SamplingState;
}

/** What was seen of the limits on the way. */
interface Seen {
  leastRatio: number;
  leastBudget: number;
  readonly causes: Set<string>;
}

async function look(running: RunningCollector, seen: Seen): Promise<void> {
  expectBalanced(JSON.parse((await send(`${running.urls.page}/api/books`)).body.toString()) as BooksAnswer);
  const { overload, budgetRatio } = await samplingOf(running);
  seen.leastRatio = Math.min(seen.leastRatio, overload.ratio);
  seen.leastBudget = Math.min(seen.leastBudget, budgetRatio);
  if (overload.cause !== undefined) seen.causes.add(overload.cause);
}

/** Dead for a while, then taking every other batch, then well. */
function backendAt(share: number, random: Random): Parameters<Sink['react']>[0] {
  if (share < 0.5) return { status: 503 };
  return share < 0.8 ? () => (random() < 0.5 ? { status: 503 } : { status: 200 }) : { status: 200 };
}

it.each([11, 22])('balance while there is too much of everything, and after (seed %d)', async (seed) => {
  const random = seeded(seed);
  const sink = await startSink();
  const running = await startCollector(CONFIG(sink), { seed });
  const senders = new Senders(running, random);
  const seen: Seen = { leastRatio: 1, leastBudget: 1, causes: new Set() };
  const spans = arrivals(seed + 2);
  const all = spans.length;
  while (spans.length > 0) {
    sink.react(backendAt(1 - spans.length / all, random));
    await senders.send(
      Array.from({ length: AT_ONCE }, () => spans.splice(0, SPANS_A_BODY)).filter(({ length }) => length > 0),
    );
    running.clock.advance(100 + pick(random, 600));
    await look(running, seen);
  }
  // Nothing comes any more: what waits is decided and delivered, and step by step everything is kept again.
  for (let second = 0; second < 60; second++) {
    running.clock.advance(1000);
    await look(running, seen);
  }
  await running.delivered();
  const { spans: books, exporters, refused } = running.books();
  expectBalanced(running.books());
  expect(books).toMatchObject({ accepted: all, pending: 0, rejected: 0, duplicates: 0 });
  expect(senders.accepted).toBe(all);
  expect(refused.reduce((requests, each) => requests + each.requests, 0)).toBe(senders.refused);
  const { delivered = 0, failed = {} } = exporters[0] ?? {};
  expect(sink.spans()).toHaveLength(delivered);
  expect(new Set(sink.spans().map(({ traceId, spanId }) => `${traceId} ${spanId}`)).size).toBe(delivered);
  // Every limit was met on the way, and overload is over.
  expect(seen.leastRatio).toBeLessThan(0.5);
  expect(seen.leastBudget).toBeLessThan(0.5);
  expect(seen.causes).toContain('queue');
  expect((await samplingOf(running)).overload).toEqual({ ratio: 1 });
  for (const code of ['OVERLOAD', 'OVERLOAD_OVER'])
    expect(running.log.some((line) => line.includes(` ${code}: `))).toBe(true);
  const page = await running.metrics();
  const decided = (cause: string): number =>
    Number(new RegExp(`sample_traces_total\\{cause="${cause}"\\} (\\d+)`).exec(page)?.[1]);
  expect(['root', 'budget', 'size'].filter((cause) => !(decided(cause) > 0))).toEqual([]);
  expect(page).not.toMatch(/sample_capped_traces_total 0\n/);
  const happened = { failed: sum(failed), delivered, keptLate: books.late['kept'] ?? 0 };
  expect(Object.entries(happened).filter(([, count]) => count === 0)).toEqual([]);
});
