// Programs with the stock Python and Go SDKs point at the sidecar: every span is in the books and in the span metrics.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import type { BooksAnswer, TraceAnswer, TracesAnswer } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { readSamples, sumOf } from '../support/exposition-text.ts';
import { describeWith, getJson, goProgram, PROGRAMS, pythonEnvironment } from '../support/real-parts.ts';
import { startSidecar } from '../support/sidecar.ts';

const exec = promisify(execFile);

/** Each order makes two spans; every fiftieth is refused, which both of its spans show. */
const ORDERS = 5000;
const SPANS = 2 * ORDERS;
const REFUSED = ORDERS / 50;

/** Ids and times alone take more than this uncompressed; compressed, a span of the shop takes less. */
const SPAN_BYTES = 60;

const CALLS = 'traces_span_metrics_calls_total';
const CONFIG = 'sample: { after_root: 100ms }\nsources: { unsampled: [shop] }\n';

type Command = readonly [program: string, ...args: string[]];

const GRPC = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
const GZIP = { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' };

/** Runs the shop against a fresh sidecar and reads what the sidecar says of it. */
async function runShop([program, ...args]: Command, env: Record<string, string>) {
  const sidecar = await startSidecar({ config: CONFIG });
  const isGrpc = env['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'grpc';
  const { stdout, stderr } = await exec(program, args, {
    env: {
      OTEL_SERVICE_NAME: 'shop',
      OTEL_EXPORTER_OTLP_ENDPOINT: isGrpc ? sidecar.urls.otlpGrpc : sidecar.urls.otlpHttp,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      // Room for all, because the program makes spans faster than any service would.
      OTEL_BSP_MAX_QUEUE_SIZE: '20000',
      ORDERS: String(ORDERS),
      ...env,
    },
  });
  expect({ stdout, stderr }).toEqual({ stdout: `${REFUSED} orders refused\n`, stderr: '' });
  const ask = async <T>(path: string): Promise<T> => eventually(path, () => getJson<T>(`${sidecar.urls.page}${path}`));
  const books = await eventually('every trace to be decided', async () => {
    const answer = await ask<BooksAnswer>('/api/books');
    return answer.spans.pending === 0 && answer;
  });
  const samples = readSamples(await (await fetch(sidecar.urls.metrics)).text());
  return { sidecar, books, samples, ask };
}

async function checkShop(command: Command, env: Record<string, string>): Promise<{ bytesPerSpan: number }> {
  const { sidecar, books, samples, ask } = await runShop(command, env);
  expect(books.spans).toMatchObject({ accepted: SPANS, balanced: true, pending: 0, rejected: 0, duplicates: 0 });
  expect(books.refused).toEqual([]);
  expect(books.unknownThresholds).toEqual([]);

  const labels = { service_name: 'shop', span_kind: 'SPAN_KIND_SERVER', span_name: 'checkout' };
  expect(sumOf(samples, CALLS)).toBe(SPANS);
  expect(sumOf(samples, CALLS, labels)).toBe(ORDERS);
  expect(sumOf(samples, CALLS, { ...labels, status_code: 'STATUS_CODE_ERROR' })).toBe(REFUSED);
  expect(sumOf(samples, 'traces_span_metrics_duration_seconds_count')).toBe(SPANS);

  await checkErrors(ask);
  expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  return { bytesPerSpan: sumOf(samples, 'evenkeel_receive_size_bytes_total', { signal: 'traces' }) / SPANS };
}

/** Every refused order is kept, and shows why. */
async function checkErrors(ask: <T>(path: string) => Promise<T>): Promise<void> {
  const traces = await eventually('the refused orders', async () => {
    const answer = await ask<TracesAnswer>('/api/traces?errors=true&limit=500');
    return answer.traces.length >= REFUSED && answer.traces;
  });
  expect(traces).toHaveLength(REFUSED);
  for (const trace of traces)
    expect(trace).toMatchObject({
      rootName: 'checkout',
      rootService: 'shop',
      spanCount: 2,
      errorCount: 2,
      reason: 'errors',
    });
  const { spans } = await ask<TraceAnswer>(`/api/traces/${traces[0]?.traceId ?? ''}`);
  const [checkout, charge] = spans;
  expect(charge).toMatchObject({ name: 'charge', kind: 'SPAN_KIND_CLIENT', parentSpanId: checkout?.spanId });
  expect(charge?.statusMessage).toContain('the card was refused');
  expect(charge?.events.map(({ name }) => name)).toEqual(['exception']);
}

describeWith(['python'], 'a Python service', ({ python }) => {
  let command: Command;
  beforeAll(async () => {
    command = [await pythonEnvironment(python), join(PROGRAMS, 'python/shop.py')];
  });

  it('is counted span by span', async () => {
    const { bytesPerSpan } = await checkShop(command, {});
    expect(bytesPerSpan).toBeGreaterThan(SPAN_BYTES);
  });

  it('is counted the same when it compresses', async () => {
    const { bytesPerSpan } = await checkShop(command, GZIP);
    expect(bytesPerSpan).toBeLessThan(SPAN_BYTES);
  });

  it('is counted the same over gRPC, plain and compressed', async () => {
    const plain = await checkShop(command, GRPC);
    expect(plain.bytesPerSpan).toBeGreaterThan(SPAN_BYTES);
    const compressed = await checkShop(command, { ...GRPC, ...GZIP });
    expect(compressed.bytesPerSpan).toBeLessThan(SPAN_BYTES);
  });
});

describeWith(['go'], 'a Go service', ({ go }) => {
  let command: Command;
  beforeAll(async () => {
    command = [await goProgram(go, 'shop')];
  });

  it('is counted span by span', async () => {
    const { bytesPerSpan } = await checkShop(command, {});
    expect(bytesPerSpan).toBeGreaterThan(SPAN_BYTES);
  });

  it('is counted the same when it compresses', async () => {
    const { bytesPerSpan } = await checkShop(command, GZIP);
    expect(bytesPerSpan).toBeLessThan(SPAN_BYTES);
  });

  it('is counted the same over gRPC, plain and compressed', async () => {
    const plain = await checkShop(command, GRPC);
    expect(plain.bytesPerSpan).toBeGreaterThan(SPAN_BYTES);
    const compressed = await checkShop(command, { ...GRPC, ...GZIP });
    expect(compressed.bytesPerSpan).toBeLessThan(SPAN_BYTES);
  });
});
