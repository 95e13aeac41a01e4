// An entry of its own, `@evenkeel/sdk/sampling`: samplers, exact counting and exemplars for programs that put OpenTelemetry's
// SDK together themselves. In the main entry they would double what it costs to import.
export { createAlwaysRecordSampler } from './sample/always-record.ts';
export {
  composableAlwaysOff,
  composableAlwaysOn,
  composableParentThreshold,
  composableProbability,
  composableRuleBased,
  type ComposableSampler,
  type SpanRule,
  type SpanToSample,
} from './sample/composable.ts';
export {
  createCompositeSampler,
  createConsistentProbabilitySampler,
  createParentConsistentSampler,
} from './sample/consistent-probability.ts';
export { createRemoteSampler, type RemoteSampler, type RemoteSamplerOptions } from './sample/remote.ts';
export { createExemplars, type ExemplarFilter, type Exemplars } from './metrics/exemplars.ts';
export { SpanMetricsProcessor, type SpanMetricsProcessorOptions } from './metrics/span-metrics-processor.ts';
export type { SpanMetricsProducer, SpanMetricsReaderOptions } from './metrics/span-metrics-producer.ts';
