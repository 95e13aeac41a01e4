// Keeps the traces that matter: buffers spans, decides whole traces, passes kept ones on.
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { DecisionAnswer } from '../web/api.ts';
import type { BudgetOptions } from './budget.ts';
import type { sampleConfig, SampleConfig } from './config.ts';
import type { DecisionListener, DecisionState, KeptBatch, PinWish, SamplingState, SamplingView } from './contract.ts';
import { DecisionHistory } from './ledger-history.ts';
import type { HardCapOptions } from './hard-caps.ts';
import { sampleInstruments } from './instruments.ts';
import { DEFAULT_MAX_DECISIONS } from './defaults.ts';
import type { OverloadCause } from './overload.ts';
import { OwnMetrics } from './own-metrics.ts';
import { MAX_PINS, type Pin } from './pins.ts';
import { createSampler } from './sampler.ts';
import { TraceBuffer } from './trace-buffer.ts';
import { KEY_SEPARATOR } from './trace-key.ts';

/** Traces are decided in steps of this length. */
const TICK_MS = 200;
/** Spans decided before others get a turn, some milliseconds of work; what else is due follows right after. */
const MAX_SPANS_A_TURN = 20_000;
/** Until `memory_limit` says otherwise. */
const DEFAULT_MAX_PENDING_BYTES = 128 * 1024 * 1024;

type SampleHost = Host<keyof typeof sampleInstruments>;
type SampleDef = StageDef<typeof sampleConfig, typeof sampleInstruments, SpanBatch, KeptBatch>;

/** Annotated, because the type of its configuration is longer than a declaration file takes when it is inferred. */
export const sample: Omit<SampleDef, 'create'> & {
  create(config: SampleConfig, host: SampleHost, next: Consumer<KeptBatch>): SampleStage;
} = {
  name: 'sample',
  instruments: sampleInstruments,
  create: (config, host, next) => new SampleStage(config, host, next),
};

/** The running stage; also what the page asks about sampling. */
export class SampleStage implements Stage<SpanBatch>, SamplingView {
  readonly #config: SampleConfig;
  readonly #host: SampleHost;
  readonly #next: Consumer<KeptBatch>;
  readonly #seed: number;
  /** Made with the first batch, which brings the arena its spans live in. */
  #buffer: TraceBuffer | undefined;
  #cancelTick: (() => void) | undefined;
  #cancelTurn: (() => void) | undefined;
  #tickedMs: number;
  /** What makes a monotonic time a wall time; read anew at each tick, because a clock may be set. */
  #wallOffsetMs: number;
  /** How full the fullest exporter's queue is, 0..1; wired by whoever knows the exporters. */
  queueFill: () => number = () => 0;
  /** Why traces were kept or dropped; its archive is wired by whoever knows the store. */
  readonly history: DecisionHistory;
  /** Told of every decision; wired, before anything starts, by whoever knows what follows them. */
  decided: DecisionListener | undefined;
  readonly #earlyPins: Pin[] = [];
  readonly #metrics: OwnMetrics;
  #warned = false;

  constructor(config: SampleConfig, host: SampleHost, next: Consumer<KeptBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    this.#metrics = new OwnMetrics(host);
    this.#seed = Math.floor(host.random() * 2 ** 32);
    this.#tickedMs = host.clock.monotonicMs();
    this.#wallOffsetMs = host.clock.nowMs() - this.#tickedMs;
    this.history = new DecisionHistory(config, host.clock);
  }

  async start(): Promise<void> {
    // Shown at 0 from the start, so that the first kept trace of a policy is seen as an increase.
    this.#metrics.show(this.#config.policies.map(({ name }) => name));
    this.#tickedMs = this.#host.clock.monotonicMs();
    this.#cancelTick = this.#host.clock.every(TICK_MS, () => this.tick());
  }

  /** Decides everything that still waits and passes it on. */
  async stop(): Promise<void> {
    this.#cancelTick?.();
    this.#cancelTurn?.();
    this.#cancelTick = this.#cancelTurn = undefined;
    this.#buffer?.decideAll(this.#host.clock.monotonicMs());
    this.#buffer?.ledger.retireAll();
    this.#count();
  }

  async consume(batch: SpanBatch): Promise<void> {
    this.#buffer ??= this.#createBuffer(batch);
    this.#buffer.add(batch, this.#host.clock.monotonicMs());
    this.#count();
  }

  /** Looks at the pressure and decides what is due; called by the clock. */
  tick(): void {
    const nowMs = this.#host.clock.monotonicMs();
    if (this.#buffer !== undefined) this.#relax(this.#buffer, nowMs);
    this.#tickedMs = nowMs;
    this.#wallOffsetMs = this.#host.clock.nowMs() - nowMs;
    if (this.#cancelTurn === undefined) this.#turn();
  }

  /** Decides in turns, so that requests are answered in between. */
  #turn(): void {
    this.#cancelTurn = undefined;
    const isMoreDue = this.#buffer?.tick(this.#host.clock.monotonicMs(), MAX_SPANS_A_TURN) ?? false;
    this.#count();
    if (isMoreDue) this.#cancelTurn = this.#host.clock.after(0, () => this.#turn());
  }

  /** First step against overload: a smaller share of what need not be kept. */
  #relax(buffer: TraceBuffer, nowMs: number): void {
    const { overload } = buffer.decisions;
    const pressure = {
      memory: buffer.usedBytes / (this.#config.max_pending ?? DEFAULT_MAX_PENDING_BYTES),
      queue: this.queueFill(),
      loopDelayMs: nowMs - this.#tickedMs - TICK_MS,
    };
    if (!overload.update(pressure, nowMs)) return;
    const { ratio, cause } = overload;
    if (ratio === 1) this.#host.log('info', 'OVERLOAD_OVER', 'the configured share is kept again');
    else
      this.#host.log(
        'warning',
        'OVERLOAD',
        `${OVERLOAD_CAUSES[cause ?? 'memory']}: ${ratio.toFixed(3)} of what need not be kept is kept`,
      );
  }

  pendingSpans(): number {
    return this.#buffer?.pendingSpans ?? 0;
  }

  /** What is known of a trace, from memory alone. */
  stateOf(id0: number, id1: number, id2: number, id3: number): DecisionState {
    const buffer = this.#buffer;
    if (buffer === undefined) return 'unseen';
    if (buffer.waiting(id0, id1, id2, id3) !== undefined) return 'pending';
    const row = buffer.ledger.find(id0, id1, id2, id3);
    if (row < 0) return 'unseen';
    return buffer.ledger.isKept(row) ? 'kept' : 'dropped';
  }

  why(traceId: string): Promise<DecisionAnswer> {
    return this.history.why(traceId, this.#buffer);
  }

  unknownThresholds(): { service: string; spans: number }[] {
    return [...(this.#buffer?.unknown.byService ?? [])].map(([service, spans]) => ({ service, spans }));
  }

  state(): SamplingState {
    const buffer = this.#buffer;
    const nowMs = this.#host.clock.monotonicMs();
    if (buffer === undefined)
      return {
        ...NO_STATE,
        policies: this.#config.policies.map(({ name }) => ({ name, overflowed: 0 })),
        pins: this.#earlyPins.filter(({ untilMs }) => untilMs >= nowMs).length,
        ...(this.#config.shadow === undefined ? {} : { shadow: { policies: [], operations: [] } }),
      };
    const { overload, budget, shadow, pins } = buffer.decisions;
    return {
      estimate: buffer.estimate.read(nowMs),
      budgetRatio: budget?.ratio ?? 1,
      floorsOverBudget: budget?.overPerSecond(nowMs) ?? 0,
      policies: buffer.policies.map((policy) => ({ name: policy.name, overflowed: policy.overflowed?.() ?? 0 })),
      overload: { ratio: overload.ratio, ...(overload.cause === undefined ? {} : { cause: overload.cause }) },
      notRandom: [...buffer.randomness.constantBits].map(([service, bits]) => ({ service, bits })),
      pins: pins.inForce(nowMs),
      ...(shadow === undefined ? {} : { shadow: shadow.read() }),
    };
  }

  /** Keeps what someone asks for, for a time. @returns false where there are too many wishes */
  pin(wish: PinWish): boolean {
    const buffer = this.#buffer;
    const nowMs = this.#host.clock.monotonicMs();
    // Before the first span there is nothing to keep it in; the wish waits.
    if (buffer === undefined)
      return this.#earlyPins.length < MAX_PINS && this.#earlyPins.push({ ...wish, untilMs: nowMs + wish.forMs }) > 0;
    return buffer.decisions.pins.add({ ...wish, untilMs: nowMs + wish.forMs }, nowMs);
  }

  /** More is kept of an operation while it is in violation, where a policy says so. */
  violated(service: string, operation: string, isOpen: boolean): void {
    const key = `${service}${KEY_SEPARATOR}${operation}`;
    this.#buffer?.decisions.violated(key, isOpen, this.#host.clock.monotonicMs());
  }

  #createBuffer(batch: SpanBatch): TraceBuffer {
    const { random } = this.#host;
    const buffer = new TraceBuffer(
      {
        sampler: createSampler(this.#config.policies, random, this.#config.waits),
        decisionWaitMs: this.#config.decision_wait,
        afterRootMs: this.#config.after_root,
        afterErrorMs: this.#config.after_error === 0 ? undefined : this.#config.after_error,
        maxTraceSpans: this.#config.max_trace_spans,
        maxTraceBytes: this.#config.max_trace_size,
        maxPendingBytes: this.#config.max_pending ?? DEFAULT_MAX_PENDING_BYTES,
        maxDecisions: this.#config.max_decisions ?? DEFAULT_MAX_DECISIONS,
        budget: limits(this.#config.budget),
        hardCaps: hardCaps(this.#config.hard_caps),
        shadow: this.#config.shadow === undefined ? undefined : createSampler(this.#config.shadow.policies, random),
        wallMs: (monotonicMs) => monotonicMs + this.#wallOffsetMs,
        links: this.#config.links,
        reasonAttributes: this.#config.ledger.reason_attributes,
        seed: this.#seed,
      },
      batch.arena,
      batch.contextTable,
      // Exporters copy before they return and answer for what they cannot take, so there is nothing to wait for.
      (kept) => {
        this.#next.consume(kept).catch((error: unknown) => {
          this.#host.log('error', 'INTERNAL', `kept traces were not taken: ${String(error)}`);
        });
      },
    );
    for (const pin of this.#earlyPins.splice(0)) buffer.decisions.pins.add(pin, this.#host.clock.monotonicMs());
    buffer.decided = this.decided;
    buffer.ledger.retire = (decisions) => this.history.retire(decisions);
    return buffer;
  }

  #count(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const { unknownThresholds } = buffer.counts;
    this.#metrics.report(buffer);
    if (unknownThresholds > 0) this.#warnUnknown(buffer);
    for (const service of buffer.notRandom.splice(0)) this.#warnNotRandom(service);
  }

  #warnNotRandom(service: string): void {
    this.#host.log(
      'warning',
      'IDS_NOT_RANDOM',
      `the trace ids of "${service}" are not random in their low 56 bits, so shares of its traces are not what they say; send randomness (rv) in the tracestate or mend its id generator`,
    );
  }

  #warnUnknown(buffer: TraceBuffer): void {
    if (this.#warned) return;
    this.#warned = true;
    const service = [...buffer.unknown.byService.keys()][0] ?? '';
    this.#host.log(
      'warning',
      'THRESHOLD_UNKNOWN',
      `"${service}" sends no sampling threshold, so its kept spans carry none; if it sends every span, list it in sources.unsampled`,
    );
  }
}

/** Neither amount configured means no such limit. */
function limits(
  config: Pick<SampleConfig['budget'], 'spans_per_second' | 'bytes_per_second'>,
): BudgetOptions | undefined {
  const { spans_per_second: spansPerSecond, bytes_per_second: bytesPerSecond } = config;
  return spansPerSecond === undefined && bytesPerSecond === undefined ? undefined : { spansPerSecond, bytesPerSecond };
}

const OVERLOAD_CAUSES: Readonly<Record<OverloadCause, string>> = {
  memory: 'the memory for waiting spans is nearly full',
  queue: 'an exporter falls behind',
  loopDelayMs: 'the process falls behind',
};

function hardCaps(config: SampleConfig['hard_caps']): HardCapOptions | undefined {
  const amounts = limits(config);
  return amounts === undefined ? undefined : { ...amounts, writesThreshold: config.write_threshold };
}

const NO_STATE: SamplingState = {
  estimate: { exact: 0, estimate: 0, low: 0, high: 0, isEnough: false },
  budgetRatio: 1,
  floorsOverBudget: 0,
  policies: [],
  overload: { ratio: 1 },
  notRandom: [],
  pins: 0,
};
