// Makes the samplers of the configuration model. Each variant is one line of the table.
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { SamplerNode } from '../config/model.ts';
import { createCompositeSampler, createConsistentProbabilitySampler } from '../sample/consistent-probability.ts';
import { composableOf } from './composable-samplers.ts';

/** Makes a sampler; every span is recorded where none is asked for and the parent does not say otherwise. */
export function createSampler(node: SamplerNode | null | undefined): Sampler {
  if (!node) return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  if ('always_off' in node) return new AlwaysOffSampler();
  if ('trace_id_ratio_based' in node) return new TraceIdRatioBasedSampler(node.trace_id_ratio_based?.ratio ?? 1);
  if ('probability/development' in node)
    return createConsistentProbabilitySampler(node['probability/development']?.ratio ?? 1);
  if (node['composite/development']) return createCompositeSampler(composableOf(node['composite/development']));
  if (!('parent_based' in node)) return new AlwaysOnSampler();
  const parent = node.parent_based;
  const optional = (name: string, child: SamplerNode | null | undefined): Record<string, Sampler> =>
    child ? { [name]: createSampler(child) } : {};
  return new ParentBasedSampler({
    root: createSampler(parent?.root ?? { always_on: null }),
    ...optional('remoteParentSampled', parent?.remote_parent_sampled),
    ...optional('remoteParentNotSampled', parent?.remote_parent_not_sampled),
    ...optional('localParentSampled', parent?.local_parent_sampled),
    ...optional('localParentNotSampled', parent?.local_parent_not_sampled),
  });
}
