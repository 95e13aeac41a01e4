// What startTelemetry needs of sampling, exact counting and exemplars, put together once from its options.
import type { Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import { createAlwaysRecordSampler } from '../sample/always-record.ts';
import { createParentConsistentSampler } from '../sample/consistent-probability.ts';
import { createRemoteSampler, type RemoteSampler } from '../sample/remote.ts';
import type { SamplingOptions } from '../sample/sampling-options.ts';
import { createExemplars, type ExemplarOptions, type Exemplars } from './exemplars.ts';
import type { Tally } from './exemplar-meter.ts';
import type { SpanMetricsProducer, SpanMetricsReaderOptions } from './span-metrics-producer.ts';
import { SpanMetricsProcessor } from './span-metrics-processor.ts';

/** Parts that go into the providers. */
export interface Counting {
  readonly exemplars: Exemplars;
  /** First among the processors of spans. */
  readonly spanProcessors: readonly SpanProcessor[];
  /** What was measured in this process, beside counted spans. */
  readonly tally: Tally;
  /** What one reader adds to its collections: the counted spans, if spans are counted. */
  producers(options: SpanMetricsReaderOptions): SpanMetricsProducer[];
  /** The sampler to use; the configured one is made only where the options name no other. */
  sampler(createConfigured: () => Sampler): Sampler;
  close(): void;
}

export interface CountingOptions extends SamplingOptions, ExemplarOptions {
  readonly serviceName: string;
  readonly onFailure: (error: Error) => void;
}

/** Makes the parts. Nothing is asked of the sidecar unless `remote` is given. */
export function createCounting(options: CountingOptions): Counting {
  const { ratio, remote, exactCounting = false, dimensions = [], serviceName, onFailure } = options;
  const tally = { measurements: 0 };
  const exemplars = createExemplars({ ...options, tally });
  const counted = exactCounting ? [new SpanMetricsProcessor({ dimensions, exemplars })] : [];
  let steered: RemoteSampler | undefined;
  const chosen = (createConfigured: () => Sampler): Sampler => {
    if (remote !== undefined) {
      return (steered ??= createRemoteSampler({ ...remote, serviceName, ratio: ratio ?? 1, onFailure }));
    }
    return ratio === undefined ? createConfigured() : createParentConsistentSampler(ratio);
  };
  return {
    exemplars,
    spanProcessors: counted,
    tally,
    producers: (reader) => counted.map((processor) => processor.forReader(reader)),
    sampler(createConfigured) {
      const sampler = chosen(createConfigured);
      return exactCounting ? createAlwaysRecordSampler(sampler) : sampler;
    },
    close: () => steered?.close(),
  };
}
