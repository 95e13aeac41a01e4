// The core of the collector in one process, as the stages wire it but without clocks and sockets; and the naive way.
import { SpanMetrics } from '../../collector/src/measure/span-metrics.ts';
import { SpanEncoder } from '../../collector/src/otlp/encode.ts';
import { TraceIntake } from '../../collector/src/receive/trace-intake.ts';
import { testSampler } from '../../tests/support/sampler.ts';
import { TraceBuffer } from '../../collector/src/sample/trace-buffer.ts';
import { Request7 } from '../../tests/support/otlp-schema.ts';
import { seeded } from '../../tests/support/random.ts';
import { BODY_SPANS } from './dataset.ts';

/** Virtual time passes at this rate, so that the wait holds 100 000 spans. */
const SPANS_PER_SECOND = 20_000;
const BODY_MS = (BODY_SPANS / SPANS_PER_SECOND) * 1000;
const WAIT_MS = 5000;
const TICK_MS = 200;
const SLOW_MS = 1000;
const RATIO = 0.1;
const BOUNDS_MS = [2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10_000, 15_000];

const MEBIBYTE = 1024 * 1024;

/** Arena, scan with UTF-8, duplicates, RED, trace buffer, decision, framing of what is kept. */
export class Core {
  readonly intake = new TraceIntake({
    unsampled: ['*'],
    dimensions: [],
    duplicateWindowMs: 60_000,
    maxArenaBytes: 512 * MEBIBYTE,
    random: seeded(1),
  });
  readonly metrics = new SpanMetrics({
    maxSeries: 4096,
    seriesTtlMs: 3_600_000,
    boundsNs: BOUNDS_MS.map((ms) => ms * 1e6),
    dimensions: 0,
    seed: 1,
  });
  readonly buffer: TraceBuffer;
  keptSpans = 0;
  /** Nanoseconds of wall time by stage, filled by `takeTimed`. */
  readonly stageNs = { intake: 0, measure: 0, sample: 0, encode: 0 };
  readonly #encoder = new SpanEncoder();
  #nowMs = 0;
  #tickedMs = 0;

  constructor() {
    this.buffer = new TraceBuffer(
      {
        sampler: testSampler([
          { name: 'errors', type: 'status' },
          { name: 'slow', type: 'latency', over: `${SLOW_MS}ms` },
          { name: 'share', type: 'probabilistic', ratio: RATIO },
        ]),
        decisionWaitMs: WAIT_MS,
        // The whole wait for every trace, as the comparison with other collectors has it.
        afterRootMs: WAIT_MS,
        maxPendingBytes: 512 * MEBIBYTE,
        maxDecisions: 131_072,
        seed: 1,
      },
      this.intake.arena,
      this.intake.contexts,
      (batch) => {
        const startMs = performance.now();
        for (let from = 0; from < batch.spanCount; from += BODY_SPANS)
          this.#encoder.encode(batch, from, Math.min(from + BODY_SPANS, batch.spanCount));
        this.keptSpans += batch.spanCount;
        this.stageNs.encode += (performance.now() - startMs) * 1e6;
      },
    );
  }

  take(body: Buffer): void {
    const nowMs = (this.#nowMs += BODY_MS);
    if (this.intake.take([body], body.length, nowMs, nowMs) !== 'accepted') throw new Error('not accepted');
    const { batch } = this.intake;
    this.metrics.update(batch, nowMs);
    this.#sample(nowMs);
  }

  takeTimed(body: Buffer): void {
    const nowMs = (this.#nowMs += BODY_MS);
    const { stageNs } = this;
    const start = performance.now();
    this.intake.take([body], body.length, nowMs, nowMs);
    const taken = performance.now();
    this.metrics.update(this.intake.batch, nowMs);
    const measured = performance.now();
    const encodeNs = stageNs.encode;
    this.#sample(nowMs);
    stageNs.intake += (taken - start) * 1e6;
    stageNs.measure += (measured - taken) * 1e6;
    stageNs.sample += (performance.now() - measured) * 1e6 - (stageNs.encode - encodeNs);
  }

  #sample(nowMs: number): void {
    this.buffer.add(this.intake.batch, nowMs);
    if (nowMs - this.#tickedMs < TICK_MS) return;
    this.#tickedMs = nowMs;
    this.buffer.tick(nowMs);
  }
}

interface PlainSpan {
  traceId: Uint8Array;
  parentSpanId: Uint8Array;
  name: string;
  kind: number;
  startTimeUnixNano: { toString(): string };
  endTimeUnixNano: { toString(): string };
  status: { code: number } | null;
}

interface PlainRequest {
  resourceSpans: { resource: unknown; scopeSpans: { scope: unknown; spans: PlainSpan[] }[] }[];
}

interface PendingTrace {
  readonly atMs: number;
  keep: boolean;
  readonly spans: { resource: unknown; scope: unknown; span: PlainSpan }[];
}

/** Decode to objects, count by string keys, hold by hexadecimal id, encode again: what one writes first. */
export class NaivePipeline {
  readonly #series = new Map<string, { calls: number; sumNs: number; classic: number[] }>();
  readonly #traces = new Map<string, PendingTrace>();
  keptSpans = 0;
  #nowMs = 0;

  take(body: Buffer): void {
    this.#nowMs += BODY_MS;
    const request = Request7.decode(body) as unknown as PlainRequest;
    for (const { resource, scopeSpans } of request.resourceSpans)
      for (const { scope, spans } of scopeSpans) for (const span of spans) this.#add({ resource, scope, span });
    for (const [id, trace] of this.#traces) {
      if (trace.atMs > this.#nowMs - WAIT_MS) break;
      this.#traces.delete(id);
      if (trace.keep || Number.parseInt(id.slice(18, 22), 16) >= 0xe666) this.#export(trace);
    }
  }

  #add(one: PendingTrace['spans'][number]): void {
    const { span, resource } = one;
    const ns = Number(BigInt(span.endTimeUnixNano.toString()) - BigInt(span.startTimeUnixNano.toString()));
    const code = span.status?.code ?? 0;
    const service = (resource as { attributes: { value: { stringValue: string } }[] }).attributes[0]?.value.stringValue;
    const key = `${service}|${span.name}|${span.kind}|${code}`;
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = { calls: 0, sumNs: 0, classic: BOUNDS_MS.map(() => 0) }));
    series.calls++;
    series.sumNs += ns;
    const bound = BOUNDS_MS.findIndex((ms) => ns <= ms * 1e6);
    series.classic[bound] = (series.classic[bound] ?? 0) + 1;
    const id = Buffer.from(span.traceId).toString('hex');
    let trace = this.#traces.get(id);
    if (trace === undefined) this.#traces.set(id, (trace = { atMs: this.#nowMs, keep: false, spans: [] }));
    trace.spans.push(one);
    trace.keep ||= code === 2 || (span.parentSpanId.length === 0 && ns > SLOW_MS * 1e6);
  }

  #export(trace: PendingTrace): void {
    const resourceSpans = trace.spans.map(({ resource, scope, span }) => ({
      resource,
      scopeSpans: [{ scope, spans: [span] }],
    }));
    Request7.encode(Request7.create({ resourceSpans })).finish();
    this.keptSpans += trace.spans.length;
  }
}
