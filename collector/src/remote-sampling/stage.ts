// Tells services how much to sample at their own door: a table of strategies that `web` serves and SDKs ask for.
// Passes every batch on unchanged. What is sampled here, in the sidecar, is decided by `sample` alone.
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { AdaptiveService, remoteSamplingConfig, RemoteSamplingConfig, SteeredService } from './config.ts';
import type { StrategiesView, StrategyAnswer } from './contract.ts';
import { remoteSamplingInstruments } from './instruments.ts';
import { SteeredOperations } from './operations.ts';
import { RaisedOperations } from './raised-operations.ts';

/** Less than this share of what it was shows in how often spans come. */
const MUCH_LESS = 2 / 3;
const MAX_TOLD = 10_000;
/** Jaeger's message has a signed 32-bit integer there. */
const MAX_TRACES_PER_SECOND = 2 ** 31 - 1;

type RemoteSamplingHost = Host<keyof typeof remoteSamplingInstruments>;

export const remoteSampling = {
  name: 'remote_sampling',
  instruments: remoteSamplingInstruments,
  create: (config, host, next) => new RemoteSamplingStage(config, host, next),
} satisfies StageDef<typeof remoteSamplingConfig, typeof remoteSamplingInstruments, SpanBatch, SpanBatch>;

/** The running stage; also the table that is served. */
export class RemoteSamplingStage implements Stage<SpanBatch>, StrategiesView {
  readonly #config: RemoteSamplingConfig;
  readonly #host: RemoteSamplingHost;
  readonly #next: Consumer<SpanBatch>;
  readonly #services: ReadonlyMap<string, SteeredService>;
  /** Undefined where no service is adaptive, so that nothing has to be counted. */
  readonly #operations: SteeredOperations | undefined;
  readonly #raised: RaisedOperations;
  /** By service that is told one number, what it was told last. */
  readonly #told = new Map<string, number>();
  #cancel: (() => void) | undefined;
  /** Is told when a service was told to sample much less than before: fewer spans will come, and calls have not stopped. */
  lowered: () => void = () => {};

  constructor(config: RemoteSamplingConfig, host: RemoteSamplingHost, next: Consumer<SpanBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    this.#raised = new RaisedOperations({ factor: config.violation_factor, decayMs: config.violation_decay });
    this.#services = new Map(config.services.map((service) => [service.name, service]));
    if (config.services.some(({ type }) => type === 'adaptive'))
      this.#operations = new SteeredOperations({
        adaptiveOf: (service) => this.#adaptiveOf(service),
        factorsOf: (...of) => this.#raised.factorsOf(...of),
        maxOperations: config.max_operations,
        seed: Math.floor(host.random() * 2 ** 32),
      });
  }

  async start(): Promise<void> {
    const operations = this.#operations;
    if (operations === undefined) return;
    const { clock } = this.#host;
    let lastMs = clock.monotonicMs();
    this.#cancel = clock.every(this.#config.interval, () => {
      const nowMs = clock.monotonicMs();
      operations.endRound(Math.max(nowMs - lastMs, 1) / 1000, nowMs);
      lastMs = nowMs;
      this.#host.record('operations', operations.count);
    });
  }

  async stop(): Promise<void> {
    this.#cancel?.();
  }

  consume(batch: SpanBatch): Promise<void> {
    const overflowed = this.#operations?.update(batch, this.#host.clock.monotonicMs()) ?? 0;
    if (overflowed > 0) {
      this.#host.count('overflow_spans', overflowed);
      this.#host.log('warning', 'MAX_OPERATIONS', 'some operations have no ratio of their own and get default_ratio');
    }
    return this.#next.consume(batch);
  }

  /** More is wanted of an operation while it is in violation; of services that are not steered nothing is. */
  violated(service: string, operation: string, isOpen: boolean): void {
    if (this.#serviceOf(service) === undefined) return;
    this.#raised.violated(service, operation, isOpen, this.#host.clock.monotonicMs());
  }

  handOut(name: string): StrategyAnswer | undefined {
    const service = this.#serviceOf(name);
    this.#host.count('requests', 1, { answer: service === undefined ? 'not_listed' : 'strategy' });
    if (service === undefined) return undefined;
    if (service.type === 'probabilistic') {
      const samplingRate = Math.min(1, this.#raisedBy(name) * service.ratio);
      this.#tell(name, samplingRate);
      return { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate } };
    }
    if (service.type === 'rate_limiting') {
      const most = Math.round(this.#raisedBy(name) * service.traces_per_second);
      const maxTracesPerSecond = Math.min(MAX_TRACES_PER_SECOND, most);
      this.#tell(name, maxTracesPerSecond);
      return { strategyType: 'RATE_LIMITING', rateLimitingSampling: { maxTracesPerSecond } };
    }
    return this.#adaptive(name, service);
  }

  /** A service that is told one number enters all its traces by it. */
  #raisedBy(name: string): number {
    return this.#raised.factorsOf(name, () => false, this.#host.clock.monotonicMs())?.('') ?? 1;
  }

  #tell(name: string, told: number): void {
    const before = this.#told.get(name);
    // Services are bounded where they are listed; where all are meant, those that ask are not.
    if (before === undefined && this.#told.size >= MAX_TOLD) return;
    this.#told.set(name, told);
    if (before !== undefined && isMuchLess(told, before)) this.lowered();
  }

  #adaptive(name: string, service: AdaptiveService): StrategyAnswer {
    const ratios = this.#operations?.handOut(name) ?? [];
    if (ratios.some(({ ratio, before }) => isMuchLess(ratio, before))) this.lowered();
    return {
      strategyType: 'PROBABILISTIC',
      // For SDKs that look at operations only where there are any.
      probabilisticSampling: { samplingRate: service.default_ratio },
      operationSampling: {
        defaultSamplingProbability: service.default_ratio,
        defaultLowerBoundTracesPerSecond: service.lower_bound,
        perOperationStrategies: ratios.map(({ operation, ratio }) => ({
          operation,
          probabilisticSampling: { samplingRate: ratio },
        })),
      },
    };
  }

  #serviceOf(name: string): SteeredService | undefined {
    return this.#services.get(name) ?? this.#services.get('*');
  }

  #adaptiveOf(name: string): AdaptiveService | undefined {
    const service = this.#serviceOf(name);
    return service?.type === 'adaptive' ? service : undefined;
  }
}

function isMuchLess(now: number, before: number): boolean {
  return now < MUCH_LESS * before;
}
