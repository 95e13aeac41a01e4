// What other rooms may know of `remote_sampling`: a type, never its code.

/**
 * Jaeger's answer to an SDK that asks how much to sample, as JSON.
 * @see jaeger-idl, proto/api_v2/sampling.proto
 */
export interface StrategyAnswer {
  readonly strategyType: 'PROBABILISTIC' | 'RATE_LIMITING';
  readonly probabilisticSampling?: ProbabilisticJson;
  readonly rateLimitingSampling?: { readonly maxTracesPerSecond: number };
  /** Where it is there it goes before the others. */
  readonly operationSampling?: {
    readonly defaultSamplingProbability: number;
    readonly defaultLowerBoundTracesPerSecond: number;
    readonly perOperationStrategies: readonly {
      readonly operation: string;
      readonly probabilisticSampling: ProbabilisticJson;
    }[];
  };
}

interface ProbabilisticJson {
  /** 0..1 */
  readonly samplingRate: number;
}

/** The table of strategies. */
export interface StrategiesView {
  /**
   * Answers a service that asks for its strategy, which from now on counts as in force there.
   *
   * @returns undefined for a service that is not steered
   */
  handOut(service: string): StrategyAnswer | undefined;
}
