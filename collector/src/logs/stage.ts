// Lets log records follow their trace: WARN and above pass, the rest of a pending trace is held until it is decided.
// Sits between receive and export, for logs alone; where logs only pass, it does not exist.
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { LogsBody, DecisionState } from '../sample/contract.ts';
import type { logsConfig, LogsConfig } from './config.ts';
import { HeldRecords, type HeldTrace } from './held-records.ts';
import { logsInstruments, type PassReason } from './instruments.ts';
import { LogsWriter } from './logs-writer.ts';
import { LogScan } from './scan.ts';

/** Until `memory_limit` says otherwise. */
const DEFAULT_MAX_HELD_BYTES = 16 * 1024 * 1024;
/** Until the waits of traces say otherwise. */
const DEFAULT_MAX_WAIT_MS = 120_000;
/** What was let go within this time leaves as one request. */
const TICK_MS = 500;
/** Or as soon as it is so large. */
const FLUSH_BYTES = 512 * 1024;
/** Traces let go between two looks at the limit. */
const RELIEF_TRACES = 64;

/** What becomes of a record. */
type Verdict = PassReason | 'hold' | 'drop';
type LogsHost = Host<keyof typeof logsInstruments>;

export const logs = {
  name: 'logs',
  instruments: logsInstruments,
  create: (config, host, next) => new LogsStage(config, host, next),
} satisfies StageDef<typeof logsConfig, typeof logsInstruments, LogsBody, LogsBody>;

/** The running stage. Takes requests in protobuf, not compressed. */
export class LogsStage implements Stage<LogsBody> {
  readonly #config: LogsConfig;
  readonly #maxHeldBytes: number;
  readonly #host: LogsHost;
  readonly #next: Consumer<LogsBody>;
  readonly #scan = new LogScan();
  readonly #writer = new LogsWriter();
  readonly #held = new HeldRecords();
  /** Held traces of which no span has come yet, in the order of their first record. */
  readonly #unseen = new Set<HeldTrace>();
  /** Rows of the request at hand that pass, and that are held. */
  #passing = new Uint32Array(0);
  #holding = new Uint32Array(0);
  readonly #passed = new Map<PassReason, number>();
  #cancelTick: (() => void) | undefined;
  #isStopped = false;
  /** What is known of a trace; wired by whoever knows the sampling. */
  stateOf: (id0: number, id1: number, id2: number, id3: number) => DecisionState = () => 'unseen';

  constructor(config: LogsConfig, host: LogsHost, next: Consumer<LogsBody>) {
    this.#config = config;
    this.#maxHeldBytes = config.max_held ?? DEFAULT_MAX_HELD_BYTES;
    this.#host = host;
    this.#next = next;
  }

  async start(): Promise<void> {
    this.#cancelTick = this.#host.clock.every(TICK_MS, () => this.#tick());
  }

  /** Lets go what still waits. Comes after `sample` has decided everything, so no trace of it is pending. */
  async stop(): Promise<void> {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#isStopped = true;
    for (const trace of this.#held.traces.values()) this.#pass(trace, 'stop');
    this.#flush();
  }

  /** Takes one request; what of it passes is handed on before this returns. @throws Malformed before anything is counted */
  async consume(batch: LogsBody): Promise<void> {
    const body = Buffer.from(batch.body.buffer, batch.body.byteOffset, batch.body.length);
    const scan = this.#scan;
    scan.read(body);
    this.#host.count('records', scan.count);
    if (!scan.isSplittable || this.#isStopped) {
      this.#countPassed(this.#isStopped ? 'stop' : 'unfit', scan.count);
      return this.#next.consume(batch);
    }
    const { passing, holding } = this.#judge(body);
    const dropped = scan.count - passing - holding;
    if (dropped > 0) this.#host.count('dropped', dropped, { reason: 'not_sampled' });
    for (const [reason, records] of this.#passed) this.#countPassed(reason, records);
    if (holding > 0) this.#hold(body, holding);
    this.#gauges();
    if (passing === scan.count) return this.#next.consume(batch);
    if (passing > 0)
      return this.#next.consume({
        ...batch,
        body: this.#writer.request(body, scan, this.#passing.subarray(0, passing)),
      });
    return undefined;
  }

  /** Told of every decision. */
  decided(kept: boolean, id0: number, id1: number, id2: number, id3: number): void {
    const { traces } = this.#held;
    if (traces.size === 0) return;
    const trace = traces.get(keyOf(id0, id1, id2, id3));
    if (trace === undefined) return;
    if (kept) this.#pass(trace, 'kept');
    else this.#drop(trace);
    this.#gauges();
  }

  /** Sorts the rows of the scan. @returns how many pass, and how many are held */
  #judge(body: Buffer): { passing: number; holding: number } {
    const { count } = this.#scan;
    if (this.#passing.length < count) {
      this.#passing = new Uint32Array(this.#scan.start.length);
      this.#holding = new Uint32Array(this.#scan.start.length);
    }
    this.#passed.clear();
    let passing = 0;
    let holding = 0;
    for (let row = 0; row < count; row++) {
      const verdict = this.#verdict(body, row);
      if (verdict === 'hold') this.#holding[holding++] = row;
      else if (verdict !== 'drop') {
        this.#passing[passing++] = row;
        this.#passed.set(verdict, (this.#passed.get(verdict) ?? 0) + 1);
      }
    }
    return { passing, holding };
  }

  #verdict(body: Buffer, row: number): Verdict {
    const { isSevere, isFit, traceAt } = this.#scan;
    if (isSevere[row] === 1) return 'severity';
    const id = traceAt[row];
    if (id < 0) return 'no_trace';
    const state = this.stateOf(
      body.readUInt32BE(id),
      body.readUInt32BE(id + 4),
      body.readUInt32BE(id + 8),
      body.readUInt32BE(id + 12),
    );
    if (state === 'kept') return 'kept';
    if (state === 'dropped') return 'drop';
    if (state === 'unseen' && this.#config.unseen_wait === 0) return 'unseen';
    return isFit[row] === 1 ? 'hold' : 'unfit';
  }

  #hold(body: Buffer, count: number): void {
    const held = this.#held;
    held.hold(body, this.#scan, this.#holding.subarray(0, count), this.#host.clock.monotonicMs(), (trace) => {
      if (this.stateOf(...trace.id) === 'unseen') this.#unseen.add(trace);
    });
    if (held.sizeBytes <= this.#maxHeldBytes) return;
    this.#flush();
    while (held.sizeBytes > this.#maxHeldBytes && held.count > 0) {
      if (held.compact()) continue;
      let left = RELIEF_TRACES;
      for (const trace of held.traces.values()) {
        if (left-- === 0) break;
        this.#pass(trace, 'max_held');
      }
      this.#flush();
    }
  }

  /** Looks at what has waited long enough, and hands on what was let go. */
  #tick(): void {
    const { unseen_wait, max_wait = DEFAULT_MAX_WAIT_MS } = this.#config;
    const nowMs = this.#host.clock.monotonicMs();
    for (const trace of this.#unseen) {
      if (trace.sinceMs + unseen_wait > nowMs) break;
      this.#unseen.delete(trace);
      if (this.stateOf(...trace.id) === 'unseen') this.#pass(trace, 'unseen');
    }
    for (const trace of this.#held.traces.values()) {
      if (trace.sinceMs + max_wait > nowMs) break;
      this.#pass(trace, 'max_wait');
    }
    this.#flush();
  }

  #pass(trace: HeldTrace, reason: PassReason): void {
    this.#unseen.delete(trace);
    this.#countPassed(reason, this.#held.stage(trace));
    if (this.#held.stagedBytes >= FLUSH_BYTES) this.#flush();
  }

  #drop(trace: HeldTrace): void {
    this.#unseen.delete(trace);
    this.#host.count('dropped', this.#held.drop(trace), { reason: 'not_sampled' });
  }

  /** Hands on what was let go. */
  #flush(): void {
    const body = this.#held.flush();
    this.#gauges();
    if (body === undefined) return;
    // Exporters copy or keep what they are handed and answer for what they cannot take, so there is nothing to wait for.
    this.#next
      .consume({ signal: 'logs', body, contentType: 'application/x-protobuf', contentEncoding: '' })
      .catch((error: unknown) => {
        this.#host.log('error', 'INTERNAL', `held log records were not taken: ${String(error)}`);
      });
  }

  #countPassed(reason: PassReason, records: number): void {
    if (records > 0) this.#host.count('passed', records, { reason });
  }

  #gauges(): void {
    this.#host.record('held', this.#held.count - this.#held.stagedCount);
    this.#host.record('size', this.#held.sizeBytes);
  }
}

/** The 16 bytes of an id, one character a byte. */
function keyOf(id0: number, id1: number, id2: number, id3: number): string {
  return wordKey(id0) + wordKey(id1) + wordKey(id2) + wordKey(id3);
}

function wordKey(word: number): string {
  return String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
}
