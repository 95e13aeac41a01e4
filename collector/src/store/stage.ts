// The main thread's side of the store: sends kept traces over, bounded in bytes, and asks questions for the page.
import type { Worker } from 'node:worker_threads';
import { EvenkeelError } from '../errors.ts';
import { SpanEncoder } from '../otlp/encode.ts';
import type { Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { KeptBatch } from '../sample/contract.ts';
import type { storeConfig, StoreOptions } from './config.ts';
import { storeInstruments } from './instruments.ts';
import type {
  ArchivedDecision,
  DecisionArchive,
  DecisionBlock,
  DecisionCoverage,
  DecisionsHeld,
  IsWanted,
  KeptReasons,
  KeptTraces,
  Removed,
  StoreReply,
  StoreRequest,
  StoreWorkerData,
  TraceQuery,
  TracesView,
} from './contract.ts';
import { countRemoved, sayDamaged, sayOverdue } from './cleanup.ts';
import { Questions } from './questions.ts';
import { StateQuestions } from './state-questions.ts';
import { startThread } from './thread.ts';

type StoreHost = Host<keyof typeof storeInstruments>;

export const store = {
  name: 'store',
  instruments: storeInstruments,
  create: (config: StoreOptions, host) => new StoreStage(config, host),
} satisfies StageDef<typeof storeConfig, typeof storeInstruments, KeptBatch, never>;

/** The ring loses whole bodies, so one of several traces is only a small part of it. */
const MAX_RING_SHARE = 1 / 16;

/** How long traces may stay beyond their age where no others come. */
const MAKE_ROOM_EVERY_MS = 60_000;

/** Blocks of decisions on their way to the thread; each is up to half of what memory holds of them. */
const MAX_DECISION_BLOCKS = 4;

/** The running stage, and the page's view of the ring. */
export class StoreStage implements Stage<KeptBatch>, TracesView, KeptReasons, DecisionArchive {
  readonly #config: StoreOptions;
  readonly #host: StoreHost;
  /** What rooms keep over restarts. */
  readonly state: StateQuestions;
  readonly #encoder = new SpanEncoder();
  readonly #questions: Questions;
  /** Traces of each hand-over that the thread has not answered yet, in order. */
  readonly #onTheWay: number[] = [];
  /** Decisions of each block that the thread has not answered yet, in order. */
  readonly #blocksOnTheWay: number[] = [];
  /** Blocks that were not taken, of which the thread does not know yet. */
  #lossesOnTheWay = 0;
  #coverage: DecisionCoverage = { spans: [], isCurrent: false };
  #worker: Worker | undefined;
  #isOpen = false;
  #cancelMakeRoom: (() => void) | undefined;
  #queueBytes = 0;
  #stats = { traces: 0, bytes: 0, dropped: 0 };
  #closed: (() => void) | undefined;

  constructor(config: StoreOptions, host: StoreHost) {
    this.#config = config;
    this.#host = host;
    this.#questions = new Questions((request) => {
      this.#worker?.postMessage(request);
      return this.#worker !== undefined;
    });
    this.state = new StateQuestions(this.#questions, host);
  }

  /** @throws STORE_UNUSABLE, STORE_FOREIGN */
  start(): Promise<void> {
    const workerData: StoreWorkerData = {
      path: this.#config.path,
      ringBytes: this.#config.ring_size,
      ringAgeMs: this.#config.ring_age,
      decisionBytes: this.#config.max_decision_disk ?? 0,
      seed: Math.floor(this.#host.random() * 2 ** 32),
    };
    const worker = (this.#worker = startThread(workerData));
    return new Promise((resolve, reject) => {
      const unusable = (message: string, foreign?: string): void => {
        this.#worker = undefined;
        void worker.terminate();
        if (foreign === undefined) reject(new EvenkeelError('STORE_UNUSABLE', `${this.#config.path}: ${message}`));
        else reject(new EvenkeelError('STORE_FOREIGN', `${foreign}: ${message}`));
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
        if (reply.kind === 'unusable') unusable(reply.message, reply.foreign);
        else {
          if (reply.kind === 'open') {
            this.#isOpen = true;
            this.#makeRoom();
            this.#cancelMakeRoom = this.#host.clock.every(MAKE_ROOM_EVERY_MS, () => this.#makeRoom());
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
    this.#cancelMakeRoom?.();
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
    if (batch.traceCount > 0) this.#keep(batch, 0, batch.traceCount);
  }

  #makeRoom(): void {
    this.#worker?.postMessage({ kind: 'make_room', nowMs: this.#host.clock.nowMs() } satisfies StoreRequest);
  }

  /** Sends traces over as one body, or in parts where that is too large. */
  #keep(batch: KeptBatch, first: number, end: number): void {
    const [from = 0, to = 0] = [batch.traceStart[first], batch.traceStart[end]];
    const room = this.#worker === undefined ? 0 : this.#config.max_queue - this.#queueBytes;
    const ringBytes = this.#config.ring_size;
    const most = Math.min(room, end - first === 1 ? ringBytes : ringBytes * MAX_RING_SHARE);
    const sizeBytes = spanBytes(batch, from, to);
    // Judged by its spans first: a giant is not written out only to be left out.
    const body = room <= 0 || sizeBytes > most ? undefined : this.#encoder.encode(batch, from, to);
    if (body !== undefined && body.length <= most) this.#send(batch, first, end, body);
    else if (room <= 0) this.#drop(end - first, 'queue_full');
    // One larger than the ring would take everything else out of it, and then itself.
    else if (end - first <= 1) this.#drop(1, (body?.length ?? sizeBytes) > ringBytes ? 'too_large' : 'queue_full');
    else {
      const middle = (first + end) >>> 1;
      this.#keep(batch, first, middle);
      this.#keep(batch, middle, end);
    }
  }

  #send(batch: KeptBatch, first: number, end: number, body: Uint8Array<ArrayBuffer>): void {
    const late: number[] = [];
    for (let t = first; t < end; t++) if (batch.late[t] === true) late.push(t - first);
    const traces: KeptTraces = {
      traceIds: batch.traceIds.slice(first, end).join(''),
      reasons: batch.policies.slice(first, end),
      late,
      body,
    };
    this.#queueBytes += body.length;
    this.#onTheWay.push(end - first);
    this.#host.record('queue_size', this.#queueBytes);
    const request: StoreRequest = { kind: 'keep', traces, nowMs: this.#host.clock.nowMs() };
    this.#worker?.postMessage(request, [body.buffer]);
  }

  list(query: TraceQuery, isWanted: IsWanted = () => true): Promise<Uint8Array> {
    return this.#questions.askLong({ kind: 'list', query }, isWanted) as Promise<Uint8Array>;
  }

  get(traceId: string, isWanted: IsWanted = () => true): Promise<Uint8Array | undefined> {
    return this.#questions.askLong({ kind: 'get', traceId }, isWanted) as Promise<Uint8Array | undefined>;
  }

  keptBy(traceId: string): Promise<string | undefined> {
    return this.#questions.askShort({ kind: 'kept_by', traceId }) as Promise<string | undefined>;
  }

  keepDecisions(block: DecisionBlock): void {
    const worker = this.#worker;
    if (worker !== undefined && this.#blocksOnTheWay.length < MAX_DECISION_BLOCKS) {
      this.#blocksOnTheWay.push(block.count);
      worker.postMessage({ kind: 'keep_decisions', block } satisfies StoreRequest, [block.records]);
      return;
    }
    this.#host.count('decisions_dropped', block.count, { reason: 'queue_full' });
    this.#lossesOnTheWay++;
    worker?.postMessage({ kind: 'decisions_lost' } satisfies StoreRequest);
  }

  findDecision(traceId: readonly [number, number, number, number]): Promise<ArchivedDecision | undefined> {
    return this.#questions.askShort({ kind: 'decision', traceId }) as Promise<ArchivedDecision | undefined>;
  }

  decisionCoverage(): DecisionCoverage {
    const { spans, isCurrent } = this.#coverage;
    return { spans, isCurrent: isCurrent && this.#lossesOnTheWay === 0 };
  }

  stats(): { readonly traces: number; readonly bytes: number; readonly dropped: number } {
    return this.#stats;
  }

  #hear(reply: StoreReply): void {
    if (reply.kind === 'answer' || reply.kind === 'refused') {
      this.#questions.hear(reply);
    } else if (reply.kind === 'failed') {
      this.#settle(reply.sizeBytes);
      this.#drop(reply.lost, 'failed');
      this.#host.log('error', 'STORE_WRITE', `kept traces were not stored: ${reply.message}`);
    } else if (reply.kind === 'decisions_kept' || reply.kind === 'decisions_loss_noted') {
      if (reply.kind === 'decisions_kept') this.#settleDecisions(reply.removed);
      else this.#lossesOnTheWay--;
      this.#recordDecisions(reply.decisions);
    } else if (reply.kind === 'decisions_failed') {
      this.#blocksOnTheWay.shift();
      this.#recordDecisions(reply.decisions);
      this.#host.count('decisions_dropped', reply.lost, { reason: 'failed' });
      this.#host.log('error', 'STORE_DECISIONS', `decisions were not stored: ${reply.message}`);
    } else if (reply.kind === 'ring_lost') {
      const what = `the file of kept traces was damaged and is set aside as traces.sqlite.damaged`;
      this.#host.log('warning', 'STORE_RING_LOST', `${what}; exporters got them all the same: ${reply.message}`);
      this.#recordRing(reply);
    } else if (reply.kind === 'state_lost') this.state.lost(reply.message);
    else if (reply.kind === 'room_failed') {
      sayOverdue(this.#host, reply);
    } else if (reply.kind === 'closed') this.#closed?.();
    else if (reply.kind === 'kept' || reply.kind === 'open' || reply.kind === 'room_made') {
      if (reply.kind === 'kept') this.#settle(reply.sizeBytes);
      if (reply.kind === 'open') this.#openDecisions(reply.decisions);
      else countRemoved(this.#host, 'traces', reply.removed);
      this.#recordRing(reply);
    }
  }

  #recordRing({ traces, bytes }: { readonly traces: number; readonly bytes: number }): void {
    this.#stats = { ...this.#stats, traces, bytes };
    this.#host.record('traces', traces);
    this.#host.record('size', bytes);
  }

  #settleDecisions(removed: Removed): void {
    this.#blocksOnTheWay.shift();
    countRemoved(this.#host, 'decisions', removed);
  }

  #openDecisions(decisions: DecisionsHeld): void {
    this.#recordDecisions(decisions);
    sayDamaged(this.#host, decisions.damaged);
  }

  #recordDecisions({ count, bytes, coverage }: DecisionsHeld): void {
    this.#coverage = coverage;
    this.#host.record('decisions', count);
    this.#host.record('decisions_size', bytes);
  }

  #settle(sizeBytes: number): void {
    this.#onTheWay.shift();
    this.#queueBytes -= sizeBytes;
    this.#host.record('queue_size', this.#queueBytes);
  }

  #drop(traces: number, reason: 'queue_full' | 'too_large' | 'failed'): void {
    this.#stats = { ...this.#stats, dropped: this.#stats.dropped + traces };
    this.#host.count('dropped', traces, { reason });
  }

  /** After its thread is gone nothing is answered any more; the sidecar itself goes on. */
  #ended(message: string): void {
    this.#worker = undefined;
    this.#cancelMakeRoom?.();
    this.#questions.fail(message);
    const lost = this.#onTheWay.splice(0).reduce((sum, traces) => sum + traces, 0);
    if (lost > 0) this.#drop(lost, 'failed');
    for (const count of this.#blocksOnTheWay.splice(0))
      this.#host.count('decisions_dropped', count, { reason: 'failed' });
    this.#queueBytes = 0;
    this.#host.record('queue_size', 0);
    this.#closed?.();
  }
}

function spanBytes({ length }: KeptBatch, from: number, to: number): number {
  return length.subarray(from, to).reduce((sum, bytes) => sum + bytes, 0);
}
