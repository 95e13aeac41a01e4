// Kept traces of the ring as plain spans.
import { expect, it } from 'vitest';
import { tracesBetween } from '../../../collector/src/pipeline/kept-traces.ts';
import type { TraceQuery, TracesView } from '../../../collector/src/store/contract.ts';
import type { SpanJson, TraceAnswer, TraceSummary } from '../../../collector/src/web/api.ts';

const SUBJECT = {
  key: 'orders',
  name: 'shop GET /orders',
  attributes: { 'service.name': 'shop', 'span.name': 'GET /orders', 'span.kind': 'SPAN_KIND_SERVER' },
};

function summaryAt(traceId: string, startMs: number): TraceSummary {
  const root = { rootService: 'shop', rootName: 'GET /orders' };
  return { traceId, startMs, durationMs: 9, ...root, spanCount: 2, errorCount: 1, reason: 'share' };
}

function span(own: Partial<SpanJson>): SpanJson {
  return {
    spanId: 's1',
    parentSpanId: '',
    service: 'shop',
    scope: '',
    name: 'GET /orders',
    kind: 'SPAN_KIND_SERVER',
    offsetMs: 0,
    durationMs: 9,
    status: 'STATUS_CODE_UNSET',
    statusMessage: '',
    traceState: '',
    attributes: [],
    events: [],
    ...own,
  };
}

/** A ring of traces, each of two spans; the newest first. */
function ring(startsMs: readonly number[], traceState = ''): TracesView & { readonly asked: TraceQuery[] } {
  const asked: TraceQuery[] = [];
  const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const summaries = startsMs.map((startMs, i) => summaryAt(`t${i}`, startMs));
  return {
    asked,
    list: async (query) => {
      asked.push(query);
      return json({ traces: summaries });
    },
    get: async (traceId) => {
      const summary = summaries.find((each) => each.traceId === traceId);
      // What was listed may have gone since.
      if (summary === undefined || traceId === 't9') return undefined;
      const attributes = [{ key: 'db.system.name', value: 'postgresql' }];
      const child = { spanId: 's2', parentSpanId: 's1', service: 'db', name: 'SELECT', kind: 'SPAN_KIND_CLIENT' };
      const failed = { ...child, offsetMs: 2, durationMs: 5, status: 'STATUS_CODE_ERROR', attributes };
      return json({ summary, spans: [span({ traceState }), span(failed)] } satisfies TraceAnswer);
    },
    stats: () => ({ traces: summaries.length, bytes: 0, dropped: 0 }),
  };
}

it('gives the spans of traces of a time, at most so many', async () => {
  const view = ring([900, 800, 700, 600, 500]);
  const found = await tracesBetween(view, SUBJECT, [600, 900], 2);
  expect(view.asked).toMatchObject([{ service: 'shop', operation: 'GET /orders' }]);
  expect(found.map(({ traceId }) => traceId)).toEqual(['t1', 't2']);
  expect(found[0].spans[1]).toEqual({
    spanId: 's2',
    parentId: 's1',
    service: 'db',
    name: 'SELECT',
    kind: 'SPAN_KIND_CLIENT',
    startMs: 802,
    endMs: 807,
    isError: true,
    attributes: { 'db.system.name': 'postgresql' },
  });
});

it.each([
  ['', 1],
  ['ot=th:8', 2],
  ['vendor=x,ot=rv:abc;th:c', 4],
  ['ot=th:0', 1],
])('lets a trace with tracestate "%s" stand for %d', async (traceState, count) => {
  const [trace] = await tracesBetween(ring([5], traceState), SUBJECT, [0, 10], 5);
  expect(trace.adjustedCount).toBe(count);
});

it('leaves out what has gone meanwhile', async () => {
  const found = await tracesBetween(ring(Array.from({ length: 12 }, (_, i) => 100 - i)), SUBJECT, [0, 1000], 50);
  expect(found.map(({ traceId }) => traceId)).not.toContain('t9');
  expect(found).toHaveLength(11);
});
