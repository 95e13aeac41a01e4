// Tells services how much to sample at their own door: a table of strategies that `web` serves and SDKs ask for.
// Passes every batch on unchanged. What is sampled here, in the sidecar, is decided by `sample` alone.
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { AdaptiveService, remoteSamplingConfig, RemoteSamplingConfig, SteeredService } from './config.ts';
import type { StrategiesView, StrategyAnswer } from './contract.ts';
import { remoteSamplingInstruments } from './instruments.ts';
import { SteeredOperations } from './operations.ts';

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
  #cancel: (() => void) | undefined;

  constructor(config: RemoteSamplingConfig, host: RemoteSamplingHost, next: Consumer<SpanBatch>) {
    this.#config = config;
    this.#host = host;
    this.#next = next;
    this.#services = new Map(config.services.map((service) => [service.name, service]));
    if (config.services.some(({ type }) => type === 'adaptive'))
      this.#operations = new SteeredOperations({
        adaptiveOf: (service) => this.#adaptiveOf(service),
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

  handOut(name: string): StrategyAnswer | undefined {
    const service = this.#serviceOf(name);
    this.#host.count('requests', 1, { answer: service === undefined ? 'not_listed' : 'strategy' });
    if (service === undefined) return undefined;
    if (service.type === 'probabilistic')
      return { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: service.ratio } };
    if (service.type === 'rate_limiting')
      return {
        strategyType: 'RATE_LIMITING',
        rateLimitingSampling: { maxTracesPerSecond: service.traces_per_second },
      };
    return this.#adaptive(name, service);
  }

  #adaptive(name: string, service: AdaptiveService): StrategyAnswer {
    const ratios = this.#operations?.handOut(name) ?? [];
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
