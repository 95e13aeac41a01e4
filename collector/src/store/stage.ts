// The main thread's side of the store: sends kept traces over, bounded in bytes, and asks questions for the page.
import { Worker } from 'node:worker_threads';
import { EvenkeelError } from '../errors.ts';
import { SpanEncoder } from '../otlp/encode.ts';
import type { Host, Instruments, Stage, StageDef } from '../pipeline/contract.ts';
import type { KeptBatch } from '../sample/contract.ts';
import type { TraceAnswer, TraceSummary } from '../web/api.ts';
import { storeConfig, type StoreConfig } from './config.ts';
import type { KeptTrace, StoreReply, StoreRequest, StoreWorkerData, TraceQuery, TracesView } from './contract.ts';

export const storeInstruments = {
  dropped: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Kept traces left out of the ring; exporters got them all the same.',
    attributes: { reason: ['queue_full', 'failed'] },
  },
  traces: { kind: 'gauge', unit: '{trace}', description: 'Traces in the ring.' },
  size: { kind: 'gauge', unit: 'By', description: 'Bytes of traces in the ring.' },
  queue_size: { kind: 'gauge', unit: 'By', description: 'Bytes on their way to the ring.' },
} as const satisfies Instruments;

type StoreHost = Host<keyof typeof storeInstruments>;

export const store = {
  name: 'store',
  config: storeConfig,
  instruments: storeInstruments,
  create: (config, host) => new StoreStage(config, host),
} satisfies StageDef<typeof storeConfig, typeof storeInstruments, KeptBatch, never>;

interface Question {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Questions open at once; a page that asks faster than the thread answers is told so. */
const MAX_QUESTIONS = 64;

/** The running stage, and the page's view of the ring. */
export class StoreStage implements Stage<KeptBatch>, TracesView {
  readonly #config: StoreConfig;
  readonly #host: StoreHost;
  readonly #encoder = new SpanEncoder();
  readonly #questions = new Map<number, Question>();
  /** Traces of each hand-over that the thread has not answered yet, in order. */
  readonly #onTheWay: number[] = [];
  #worker: Worker | undefined;
  #isOpen = false;
  #queueBytes = 0;
  #nextQuestion = 1;
  #stats = { traces: 0, bytes: 0, dropped: 0 };
  #closed: (() => void) | undefined;

  constructor(config: StoreConfig, host: StoreHost) {
    this.#config = config;
    this.#host = host;
  }

  /** @throws STORE_UNUSABLE */
  start(): Promise<void> {
    const workerData: StoreWorkerData = {
      path: this.#config.path,
      ringBytes: this.#config.ring_size,
      ringAgeMs: this.#config.ring_age,
    };
    // The build does not rewrite this URL, and the sources run as they are.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const unusable = (message: string): void => {
        this.#worker = undefined;
        void worker.terminate();
        reject(new EvenkeelError('STORE_UNUSABLE', `${this.#config.path}: ${message}`));
      };
      const lost = (message: string): void => {
        unusable(message);
        this.#ended(message);
        this.#host.log('error', 'STORE_ENDED', `the store's thread ended, no more traces are stored: ${message}`);
      };
      worker.on('error', (error: Error) => lost(error.message));
      // A thread may also end without an error. After one, and after a stop, it is ours no more.
      worker.once('exit', () => {
        if (this.#worker === worker) lost('no reason given');
      });
      worker.on('message', (reply: StoreReply) => {
        if (reply.kind === 'unusable') unusable(reply.message);
        else {
          if (reply.kind === 'open') {
            this.#isOpen = true;
            resolve();
          }
          this.#hear(reply);
        }
      });
    });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    // A file that does not open, as on a share that hangs, is not waited for a second time.
    if (!this.#isOpen) return void worker.terminate();
    const closed = new Promise<void>((resolve) => (this.#closed = resolve));
    worker.once('exit', () => this.#closed?.());
    worker.postMessage({ kind: 'close' } satisfies StoreRequest);
    await closed;
    await worker.terminate();
    this.#ended('the store is closed');
  }

  async consume(batch: KeptBatch): Promise<void> {
    const traces: KeptTrace[] = [];
    let sizeBytes = 0;
    for (let t = 0; t < batch.traceCount; t++) {
      const body = this.#encoder.encode(batch, batch.traceStart[t] ?? 0, batch.traceStart[t + 1] ?? 0);
      if (this.#worker === undefined || this.#queueBytes + sizeBytes + body.length > this.#config.max_queue) {
        this.#drop(1, 'queue_full');
        continue;
      }
      sizeBytes += body.length;
      traces.push({
        traceId: batch.traceIds[t] ?? '',
        reason: batch.policies[t] ?? '',
        late: batch.late[t] ?? false,
        body,
      });
    }
    if (traces.length === 0) return;
    this.#queueBytes += sizeBytes;
    this.#onTheWay.push(traces.length);
    this.#host.record('queue_size', this.#queueBytes);
    const request: StoreRequest = { kind: 'keep', traces, nowMs: this.#host.clock.nowMs() };
    this.#worker?.postMessage(
      request,
      traces.map((trace) => trace.body.buffer),
    );
  }

  list(query: TraceQuery): Promise<readonly TraceSummary[]> {
    return this.#ask((id) => ({ kind: 'list', id, query })) as Promise<readonly TraceSummary[]>;
  }

  get(traceId: string): Promise<TraceAnswer | undefined> {
    return this.#ask((id) => ({ kind: 'get', id, traceId })) as Promise<TraceAnswer | undefined>;
  }

  stats(): { readonly traces: number; readonly bytes: number; readonly dropped: number } {
    return this.#stats;
  }

  #ask(request: (id: number) => StoreRequest): Promise<unknown> {
    const worker = this.#worker;
    if (worker === undefined || this.#questions.size >= MAX_QUESTIONS)
      return Promise.reject(new Error(worker === undefined ? 'the store is closed' : 'the store is busy'));
    const id = this.#nextQuestion++;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      worker.postMessage(request(id));
    });
  }

  #hear(reply: StoreReply): void {
    if (reply.kind === 'answer' || reply.kind === 'refused') {
      const question = this.#questions.get(reply.id);
      this.#questions.delete(reply.id);
      if (reply.kind === 'answer') question?.resolve(reply.value);
      else question?.reject(new Error(reply.message));
    } else if (reply.kind === 'failed') {
      this.#settle(reply.sizeBytes);
      this.#drop(reply.lost, 'failed');
      this.#host.log('error', 'STORE_WRITE', `kept traces were not stored: ${reply.message}`);
    } else if (reply.kind === 'closed') this.#closed?.();
    else if (reply.kind === 'kept' || reply.kind === 'open') {
      if (reply.kind === 'kept') this.#settle(reply.sizeBytes);
      this.#stats = { ...this.#stats, traces: reply.traces, bytes: reply.bytes };
      this.#host.record('traces', reply.traces);
      this.#host.record('size', reply.bytes);
    }
  }

  #settle(sizeBytes: number): void {
    this.#onTheWay.shift();
    this.#queueBytes -= sizeBytes;
    this.#host.record('queue_size', this.#queueBytes);
  }

  #drop(traces: number, reason: 'queue_full' | 'failed'): void {
    this.#stats = { ...this.#stats, dropped: this.#stats.dropped + traces };
    this.#host.count('dropped', traces, { reason });
  }

  /** After its thread is gone nothing is answered any more; the sidecar itself goes on. */
  #ended(message: string): void {
    for (const { reject } of this.#questions.values()) reject(new Error(message));
    this.#questions.clear();
    this.#worker = undefined;
    const lost = this.#onTheWay.splice(0).reduce((sum, traces) => sum + traces, 0);
    if (lost > 0) this.#drop(lost, 'failed');
    this.#queueBytes = 0;
    this.#host.record('queue_size', 0);
    this.#closed?.();
  }
}
