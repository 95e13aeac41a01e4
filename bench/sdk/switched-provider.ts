// A provider for benches: spans end in a processor that drops them, so nothing dilutes a ratio; sampling is switched.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type Sampler, SamplingDecision, TracerProvider } from '@opentelemetry/sdk-trace';
import { DROPPING } from './dropping.ts';

/** Registers it for this process. @returns switches whether spans are sampled; they are not at first */
export function registerSdk(): (isSampled: boolean) => void {
  let decision = SamplingDecision.NOT_RECORD;
  const sampler: Sampler = { shouldSample: () => ({ decision }), toString: () => 'Switched' };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ sampler, spanProcessors: [DROPPING] }));
  return (isSampled) => {
    decision = isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD;
  };
}
