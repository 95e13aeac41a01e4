// Makes the samplers of the configuration model. Each variant is one line of the table.
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, type Sampler } from '@opentelemetry/sdk-trace';
import type { SamplerNode } from '../config/model.ts';
import { DEFAULT_SAMPLER } from '../config/sampler-setting.ts';
import { createAlwaysRecordSampler } from '../sample/always-record.ts';
import { createBelowParentSampler } from '../sample/below-parent.ts';
import { createCompositeSampler, createConsistentProbabilitySampler } from '../sample/consistent-probability.ts';
import { createRemoteSampler } from '../sample/remote.ts';
import { composableOf } from './composable-samplers.ts';

/** What a sampler that asks others needs. */
export interface SamplerSurroundings {
  readonly serviceName: string;
  /** Ends the questions. */
  readonly closing: AbortSignal;
  /** Told of each question without a usable answer. */
  readonly onFailure: (error: Error) => void;
}

type Variants = { [Name in keyof SamplerNode]-?: NonNullable<SamplerNode[Name]> | null };

/** Makers of samplers, by the word of the model. */
const SAMPLERS: { readonly [Name in keyof Variants]: (node: Variants[Name], around: SamplerSurroundings) => Sampler } =
  {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    always_record: (node, around) => createAlwaysRecordSampler(createSampler(node?.root, around)),
    // OpenTelemetry's own sampler of that name tells no threshold, so nobody could count what it kept.
    trace_id_ratio_based: (node) => createConsistentProbabilitySampler(node?.ratio ?? 1),
    'probability/development': (node) => createConsistentProbabilitySampler(node?.ratio ?? 1),
    'composite/development': (node) => createCompositeSampler(composableOf(node ?? { always_on: null })),
    'jaeger_remote/development': createRemote,
    parent_based: createParentBased,
  };

/** Makes a sampler; every span is recorded where none is asked for and the parent does not say otherwise. */
export function createSampler(node: SamplerNode | null | undefined, around: SamplerSurroundings): Sampler {
  const [name, settings] = Object.entries(node ?? DEFAULT_SAMPLER)[0] ?? [];
  const create = SAMPLERS[name as keyof Variants] as (node: unknown, around: SamplerSurroundings) => Sampler;
  return create(settings, around);
}

/** A sampler that can be replaced while spans are made. */
export interface ReplaceableSampler extends Sampler {
  replace(node: SamplerNode | null | undefined): void;
  /** One that asks others asks no more. */
  close(): void;
}

/** Makes one that decides as `node` says until it is replaced. */
export function createReplaceableSampler(
  node: SamplerNode | null | undefined,
  around: Omit<SamplerSurroundings, 'closing'>,
): ReplaceableSampler {
  let ending = new AbortController();
  const create = (from: SamplerNode | null | undefined): Sampler =>
    createSampler(from, { ...around, closing: ending.signal });
  let current = create(node);
  const replaceable: ReplaceableSampler = {
    // Bound, so that a span costs no call more.
    shouldSample: current.shouldSample.bind(current),
    toString: () => current.toString(),
    replace(next) {
      ending.abort();
      ending = new AbortController();
      current = create(next);
      replaceable.shouldSample = current.shouldSample.bind(current);
    },
    close: () => ending.abort(),
  };
  return replaceable;
}

function createParentBased(node: Variants['parent_based'], around: SamplerSurroundings): Sampler {
  const below = (name: string, child: SamplerNode | null | undefined): Record<string, Sampler> =>
    child ? { [name]: createBelow(child, name.endsWith('ParentSampled'), around) } : {};
  return new ParentBasedSampler({
    root: createSampler(node?.root ?? { always_on: null }, around),
    ...below('remoteParentSampled', node?.remote_parent_sampled),
    ...below('remoteParentNotSampled', node?.remote_parent_not_sampled),
    ...below('localParentSampled', node?.local_parent_sampled),
    ...below('localParentNotSampled', node?.local_parent_not_sampled),
  });
}

/** What keeps all that was kept passes the threshold on as it is, and what keeps nothing tells none. */
function createBelow(node: SamplerNode, isBelowSampled: boolean, around: SamplerSurroundings): Sampler {
  const sampler = createSampler(node, around);
  const isPlain = 'always_off' in node || ('always_on' in node && isBelowSampled);
  return isPlain ? sampler : createBelowParentSampler(sampler);
}

function createRemote(node: Variants['jaeger_remote/development'], around: SamplerSurroundings): Sampler {
  const { closing, onFailure } = around;
  const sampler = createRemoteSampler({
    serviceName: around.serviceName,
    url: node?.endpoint ?? '',
    ratio: 1,
    initial: createSampler(node?.initial_sampler, around),
    ...(node?.interval && { intervalMs: node.interval }),
    onFailure,
  });
  closing.addEventListener('abort', () => sampler.close(), { once: true });
  return sampler;
}
