// What startTelemetry needs of sampling, exact counting and exemplars, put together once from its options.
import type { Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import { createAlwaysRecordSampler } from '../sample/always-record.ts';
import { createParentConsistentSampler } from '../sample/consistent-probability.ts';
import { createRemoteSampler, type RemoteSampler } from '../sample/remote.ts';
import { createExemplars, type ExemplarOptions, type Exemplars } from './exemplars.ts';
import { SpanMetricsProcessor } from './span-metrics-processor.ts';

/** How much is sampled, and what is counted whatever is sampled. */
export interface SamplingOptions {
  /** Share of the traces that begin here: 0..1. As the environment or the file says unless given. */
  readonly ratio?: number;
  /** Asks the sidecar how much to sample, at the address of its page; `ratio`, or 1, counts while it does not answer. */
  readonly remote?: { readonly url: string; readonly intervalMs?: number };
  /** Counts every span, also those that are not sampled; off unless true. */
  readonly exactCounting?: boolean;
  /** Span attributes that exact counts are kept apart by, as the sidecar's `measure.dimensions`. */
  readonly dimensions?: readonly string[];
}

/** Parts that go into the providers. */
export interface Counting {
  readonly exemplars: Exemplars;
  /** First among the processors of spans. */
  readonly spanProcessors: readonly SpanProcessor[];
  /** For readers that export: what a page in this process shows has no place for exponential histograms. */
  readonly metricProducers: MetricProducer[];
  /** The sampler to use instead of the one that is configured. */
  sampler(configured: Sampler): Sampler;
  close(): void;
}

export interface CountingOptions extends SamplingOptions, ExemplarOptions {
  readonly serviceName: string;
  readonly onFailure: (error: Error) => void;
}

/** Makes the parts. Nothing is asked of the sidecar unless `remote` is given. */
export function createCounting(options: CountingOptions): Counting {
  const { ratio, remote, exactCounting = false, dimensions = [], serviceName, onFailure } = options;
  const exemplars = createExemplars(options);
  const counted = exactCounting ? [new SpanMetricsProcessor({ dimensions, exemplars })] : [];
  let steered: RemoteSampler | undefined;
  const chosen = (configured: Sampler): Sampler => {
    if (remote !== undefined) {
      return (steered ??= createRemoteSampler({ ...remote, serviceName, ratio: ratio ?? 1, onFailure }));
    }
    return ratio === undefined ? configured : createParentConsistentSampler(ratio);
  };
  return {
    exemplars,
    spanProcessors: counted,
    metricProducers: counted,
    sampler(configured) {
      const sampler = chosen(configured);
      return exactCounting ? createAlwaysRecordSampler(sampler) : sampler;
    },
    close: () => steered?.close(),
  };
}

/** Lists what is wrong with the options, each with its name; empty when nothing is. */
export function checkSampling(options: unknown): string[] {
  if (options === undefined) return [];
  if (typeof options !== 'object' || options === null) return ['sampling must be an object'];
  const { ratio, remote, exactCounting, dimensions, ...others } = options as Record<string, unknown>;
  const problems = Object.keys(others).map((key) => `unknown option sampling.${key}`);
  const check = (isValid: boolean, problem: string): void => {
    if (!isValid) problems.push(problem);
  };
  const isRatio = ratio === undefined || (typeof ratio === 'number' && ratio >= 0 && ratio <= 1);
  check(isRatio, `sampling.ratio must be between 0 and 1: ${String(ratio)}`);
  check(['undefined', 'boolean'].includes(typeof exactCounting), 'sampling.exactCounting must be true or false');
  const areNames = Array.isArray(dimensions) && dimensions.every((each) => typeof each === 'string');
  check(dimensions === undefined || areNames, 'sampling.dimensions must be a list of attribute keys');
  if (remote !== undefined) problems.push(...checkRemote(remote));
  return problems;
}

function checkRemote(remote: unknown): string[] {
  if (typeof remote !== 'object' || remote === null) return ['sampling.remote must be an object with a url'];
  const { url, intervalMs } = remote as Record<string, unknown>;
  const isUrl = typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  const problems = isUrl ? [] : ['sampling.remote.url must be an http or https URL'];
  const isInterval = intervalMs === undefined || (typeof intervalMs === 'number' && intervalMs >= 1000);
  return isInterval ? problems : [...problems, 'sampling.remote.intervalMs must be at least 1000'];
}
