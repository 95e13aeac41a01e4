// Keeps the traces that matter: buffers spans, decides whole traces, passes kept ones on.
import type { Consumer, Host, Instruments, Stage, StageDef } from '../pipeline/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import { sampleConfig, type SampleConfig } from './config.ts';
import type { KeptBatch, SamplingView } from './contract.ts';
import { createPolicies } from './sampler.ts';
import { emptyCounts } from './sample-counts.ts';
import { TraceBuffer } from './trace-buffer.ts';

/** Traces are decided in steps of this length. */
const TICK_MS = 200;
/** Until `memory_limit` says otherwise. */
const DEFAULT_MAX_PENDING_BYTES = 128 * 1024 * 1024;

export const sampleInstruments = {
  kept: { kind: 'counter', unit: '{span}', description: 'Spans of kept traces.' },
  dropped: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans that were not kept.',
    attributes: { reason: ['not_sampled', 'late'] },
  },
  late: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans that came after the decision on their trace and followed it.',
    attributes: { decision: ['kept', 'dropped'] },
  },
  late_errors: { kind: 'counter', unit: '{span}', description: 'Late error spans of traces dropped before.' },
  traces: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Traces decided, by what ended their waiting.',
    attributes: { cause: ['root', 'wait', 'budget', 'stop'] },
  },
  kept_traces: {
    kind: 'counter',
    unit: '{trace}',
    description: 'Traces kept, by the policy that decided.',
    attributes: { policy: 'config' },
  },
  threshold_unknown: {
    kind: 'counter',
    unit: '{span}',
    description: 'Kept spans whose source neither sends a threshold nor is listed in sources.unsampled.',
  },
  threshold_inconsistent: {
    kind: 'counter',
    unit: '{span}',
    description: 'Kept spans whose randomness is below their own incoming threshold; it was erased.',
  },
  pending: { kind: 'gauge', unit: '{span}', description: 'Spans waiting for their trace to be decided.' },
  pending_traces: { kind: 'gauge', unit: '{trace}', description: 'Traces waiting to be decided.' },
  size: { kind: 'gauge', unit: 'By', description: 'Memory of waiting spans, pinned segments and columns.' },
} as const satisfies Instruments;

type SampleHost = Host<keyof typeof sampleInstruments>;

export const sample = {
  name: 'sample',
  config: sampleConfig,
  instruments: sampleInstruments,
  create: (config, host, next) => new SampleStage(config, host, next),
} satisfies StageDef<typeof sampleConfig, typeof sampleInstruments, SpanBatch, KeptBatch>;

/** The running stage; also what the page asks about sampling. */
export class SampleStage implements Stage<SpanBatch>, SamplingView {
  readonly #config: SampleConfig;
  readonly #host: SampleHost;
  readonly #next: Consumer<KeptBatch>;
  readonly #seed: number;
  /** Made with the first batch, which brings the arena its spans live in. */
  #buffer: TraceBuffer | undefined;
  #cancelTick: (() => void) | undefined;
  #warned = false;

  constructor(config: SampleConfig, host: SampleHost, next: Consumer<KeptBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    this.#seed = Math.floor(host.random() * 2 ** 32);
  }

  async start(): Promise<void> {
    // Shown at 0 from the start, so that the first kept trace of a policy is seen as an increase.
    for (const { name } of this.#config.policies) this.#host.count('kept_traces', 0, { policy: name });
    this.#cancelTick = this.#host.clock.every(TICK_MS, () => this.tick());
  }

  /** Decides everything that still waits and passes it on. */
  async stop(): Promise<void> {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#buffer?.decideAll();
    this.#count();
  }

  async consume(batch: SpanBatch): Promise<void> {
    this.#buffer ??= this.#createBuffer(batch);
    this.#buffer.add(batch, this.#host.clock.monotonicMs());
    this.#count();
  }

  /** Decides what is due; called by the clock. */
  tick(): void {
    this.#buffer?.tick(this.#host.clock.monotonicMs());
    this.#count();
  }

  pendingSpans(): number {
    return this.#buffer?.pendingSpans ?? 0;
  }

  unknownThresholds(): { service: string; spans: number }[] {
    return [...(this.#buffer?.unknown.byService ?? [])].map(([service, spans]) => ({ service, spans }));
  }

  #createBuffer(batch: SpanBatch): TraceBuffer {
    return new TraceBuffer(
      {
        policies: createPolicies(this.#config.policies),
        decisionWaitMs: this.#config.decision_wait,
        afterRootMs: this.#config.after_root,
        maxPendingBytes: this.#config.max_pending ?? DEFAULT_MAX_PENDING_BYTES,
        maxDecisions: this.#config.max_decisions,
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
  }

  /** Moves the buffer's counts to the instruments. */
  #count(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const { counts } = buffer;
    buffer.counts = emptyCounts();
    const host = this.#host;
    if (counts.keptSpans > 0) host.count('kept', counts.keptSpans);
    if (counts.notSampledSpans > 0) host.count('dropped', counts.notSampledSpans, { reason: 'not_sampled' });
    if (counts.lateDroppedSpans > 0) {
      host.count('dropped', counts.lateDroppedSpans, { reason: 'late' });
      host.count('late', counts.lateDroppedSpans, { decision: 'dropped' });
    }
    if (counts.lateKeptSpans > 0) host.count('late', counts.lateKeptSpans, { decision: 'kept' });
    if (counts.lateErrors > 0) host.count('late_errors', counts.lateErrors);
    if (counts.inconsistentThresholds > 0) host.count('threshold_inconsistent', counts.inconsistentThresholds);
    if (counts.unknownThresholds > 0) {
      host.count('threshold_unknown', counts.unknownThresholds);
      this.#warnUnknown(buffer);
    }
    for (const [policy, traces] of counts.keptTraces) host.count('kept_traces', traces, { policy });
    for (const cause of ['root', 'wait', 'budget', 'stop'] as const)
      if (counts.decided[cause] > 0) host.count('traces', counts.decided[cause], { cause });
    host.record('pending', buffer.pendingSpans);
    host.record('pending_traces', buffer.pendingTraces);
    host.record('size', buffer.usedBytes + buffer.ledger.sizeBytes);
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
