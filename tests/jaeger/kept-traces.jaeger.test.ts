// A real Jaeger behind a real sidecar: kept traces are found there by their id as if their services had sent them
// themselves, dropped ones are not, and the sidecar says why. Which are kept is worked out here from ids and failures.
import { beforeAll, expect, it } from 'vitest';
import type { BooksAnswer, DecisionAnswer } from '../../collector/src/web/api.ts';
import { runCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { freeJaegerPorts, jaegerProgram, type RunningJaeger, startJaeger } from '../support/jaeger.ts';
import { describeWith, getJson } from '../support/real-parts.ts';
import { sendCheckouts, type SentTrace } from '../support/sdk-checkouts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';

const TRACES = 60;
const SPANS_PER_TRACE = 4;

/** A quarter of all traces: those whose 56 bits of randomness are at least this. */
const THRESHOLD = 0xc0_0000_0000_0000n;

const FORCED = { traceState: 'ot=th:0', 'sampling.policy': 'errors', 'sampling.reason': 'forced' };
const BY_CHANCE = { traceState: 'ot=th:c', 'sampling.policy': 'share', 'sampling.reason': 'probability' };

const isKept = ({ traceId, failed }: SentTrace): boolean => failed || BigInt(`0x${traceId.slice(-14)}`) >= THRESHOLD;

/** As Jaeger's API has it, OTLP in JSON. */
interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Span {
  readonly spanId: string;
  readonly traceState?: string;
  readonly attributes?: readonly Attribute[];
}

interface OtlpAnswer {
  readonly result: {
    readonly resourceSpans: readonly {
      readonly resource: object;
      readonly scopeSpans: readonly { readonly scope: object; readonly spans: readonly Span[] }[];
    }[];
  };
}

interface SearchAnswer {
  readonly data: readonly { readonly traceID: string; readonly spans: readonly object[] }[] | null;
}

function configFor(jaeger: string): string {
  return `
sources: { unsampled: ['*'] }
sample:
  after_root: 100ms
  policies:
    - { name: errors, type: status }
    - { name: share, type: probabilistic, ratio: 0.25 }
export:
  otlp:
    jaeger: { endpoint: '${jaeger}', retry_initial: 50ms, retry_max: 500ms }
`;
}

function booksOf(sidecar: RunningSidecar): Promise<BooksAnswer> {
  return eventually('the books', () => getJson<BooksAnswer>(`${sidecar.urls.page}/api/books`));
}

/** Waits until nothing is left to decide or deliver. */
function settled(sidecar: RunningSidecar): Promise<BooksAnswer> {
  return eventually('every decision and delivery', async () => {
    const books = await booksOf(sidecar);
    return books.spans.pending === 0 && books.exporters[0]?.queued === 0 && books;
  });
}

/** Spans of a trace, each with its resource and scope, by id. */
async function spansOf(jaeger: RunningJaeger, traceId: string): Promise<Map<string, Span>> {
  const { status, body } = await jaeger.ask(`/api/v3/traces/${traceId}`);
  expect(status, `Jaeger holds ${traceId}`).toBe(200);
  const spans = (body as OtlpAnswer).result.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans: below }) => below.map((span) => ({ resource, scope, ...span }))),
  );
  return new Map(spans.map((span) => [span.spanId, span]));
}

/** The span without what the sidecar writes into it, and that. */
function apart(span: Span): { sent: Span; written: Record<string, unknown> } {
  const { traceState, attributes = [], ...rest } = span;
  const isOwn = ({ key }: Attribute): boolean => key.startsWith('sampling.');
  const own = attributes.filter(isOwn).map(({ key, value }) => [key, value['stringValue']] as const);
  return {
    sent: { ...rest, attributes: attributes.filter((attribute) => !isOwn(attribute)) },
    written: { traceState, ...Object.fromEntries(own) },
  };
}

describeWith(['go'], 'Jaeger behind the sidecar', ({ go }) => {
  let program: string;
  /** Gets everything from the services themselves. */
  let direct: RunningJaeger;
  let behind: RunningJaeger;
  let sidecar: RunningSidecar;
  let kept: readonly SentTrace[];
  let dropped: readonly SentTrace[];
  let books: BooksAnswer;

  beforeAll(async () => {
    program = await jaegerProgram(go);
    direct = await startJaeger(program);
    behind = await startJaeger(program);
    sidecar = await startSidecar({ config: configFor(behind.otlpUrl) });
    const traces = await sendCheckouts(TRACES, [direct.otlpUrl, sidecar.urls.otlpHttp]);
    kept = traces.filter(isKept);
    dropped = traces.filter((trace) => !isKept(trace));
    books = await settled(sidecar);
  });

  it('takes every span that was kept, and the books say so', () => {
    const { spans, exporters } = books;
    const keptSpans = kept.length * SPANS_PER_TRACE;
    expect(spans).toMatchObject({ accepted: TRACES * SPANS_PER_TRACE, kept: keptSpans, balanced: true, rejected: 0 });
    expect(exporters).toMatchObject([{ delivered: keptSpans, rejected: 0, balanced: true }]);
  });

  it('returns every kept trace by its id', async () => {
    expect(kept.length).toBeGreaterThan(TRACES / 6);
    for (const { traceId } of kept) {
      const { status, body } = await behind.ask(`/api/traces/${traceId}`);
      expect(status).toBe(200);
      const [found] = (body as SearchAnswer).data ?? [];
      expect([found?.traceID, found?.spans.length]).toEqual([traceId, SPANS_PER_TRACE]);
    }
  });

  it('shows each span as its service sent it, with the policy and the threshold it was kept by', async () => {
    for (const { traceId, failed } of kept) {
      const [sent, found] = [await spansOf(direct, traceId), await spansOf(behind, traceId)];
      expect([...found.keys()].sort()).toEqual([...sent.keys()].sort());
      for (const [spanId, span] of found) {
        const parts = apart(span);
        expect(parts.sent).toEqual(apart(sent.get(spanId) ?? span).sent);
        expect(parts.written).toEqual(failed ? FORCED : BY_CHANCE);
      }
    }
  });

  it('has no trace that was dropped, and the sidecar explains each', async () => {
    expect(dropped.length).toBeGreaterThan(TRACES / 3);
    for (const { traceId } of dropped) {
      expect((await behind.ask(`/api/traces/${traceId}`)).status).toBe(404);
      expect((await behind.ask(`/api/v3/traces/${traceId}`)).status).toBe(404);
      expect((await spansOf(direct, traceId)).size).toBe(SPANS_PER_TRACE);
      const answer = await getJson<DecisionAnswer>(`${sidecar.urls.page}/api/traces/${traceId}/decision`);
      expect(answer).toMatchObject({ state: 'dropped', decision: { policy: 'share', threshold: 'c', spanCount: 4 } });
    }
    const traceId = dropped[0]?.traceId ?? '';
    const why = await runCommand(['why', traceId, '--url', sidecar.urls.page]);
    expect([why.code, why.stderr]).toEqual([0, '']);
    expect(why.stdout).toMatch(new RegExp(`^trace ${traceId}: dropped\n`));
    expect(why.stdout).toContain('below threshold c (keeps 25 %)');
  });

  it('finds traces by the policy that kept them', async () => {
    const wanted = new URLSearchParams({ service: 'payment', tags: '{"sampling.policy":"errors"}', limit: '1000' });
    const { body } = await behind.ask(`/api/traces?${wanted.toString()}`);
    const found = ((body as SearchAnswer).data ?? []).map(({ traceID }) => traceID);
    const failed = kept.filter((trace) => trace.failed).map(({ traceId }) => traceId);
    expect(failed).not.toEqual([]);
    expect(found.sort()).toEqual(failed.sort());
  });

  it('gets what was kept while it was away', async () => {
    const ports = await freeJaegerPorts();
    const patient = await startSidecar({ config: configFor(`http://127.0.0.1:${ports.otlp}`) });
    const traces = await sendCheckouts(TRACES, [patient.urls.otlpHttp]);
    const waiting = traces.filter(isKept);
    await eventually('every decision', async () => (await booksOf(patient)).spans.pending === 0);
    const { exporters } = await booksOf(patient);
    expect(exporters).toMatchObject([{ queued: waiting.length * SPANS_PER_TRACE, delivered: 0, balanced: true }]);

    const late = await startJaeger(program, ports);
    await settled(patient);
    for (const { traceId } of waiting) expect((await spansOf(late, traceId)).size).toBe(SPANS_PER_TRACE);
    expect(await patient.stop()).toEqual({ code: 0, signal: null });
  });
});
