// Consistent samplers for OpenTelemetry's SDK, of which only types are imported: whoever chooses one need not load it.
import { checkPart } from '../creation-checks.ts';
import type { Attributes, Context, Link, SpanContext, SpanKind, TraceState } from '@opentelemetry/api';
import type { Sampler, SamplingResult } from '@opentelemetry/sdk-trace';
import {
  composableOf,
  type ComposableSampler,
  composableParentThreshold,
  composableProbability,
  parentOf,
  type SamplingIntent,
  type SpanToSample,
} from './composable.ts';
import { type OtState, readOtState, withThreshold } from './ot-state.ts';
import { KEEP_ALL, randomnessOf, type Threshold } from './threshold.ts';

/** Values of the SDK's enum, which would have to be loaded for them. */
export const DECISION = { drop: 0, recordOnly: 1, recordAndSample: 2 } as const;

const ROOT_STATE: OtState = { threshold: undefined, random: undefined };
const DROPPED: SamplingResult = { decision: DECISION.drop };

/**
 * Makes a sampler of parts: a span is kept where the randomness of its trace reaches the threshold they agree on.
 *
 * `ot=th` is written where the threshold is known, and erased where it is not; other members of tracestate stay.
 */
export function createCompositeSampler(root: ComposableSampler): Sampler {
  checkPart('createCompositeSampler', root, 'intentOf');
  /** The result of each intent for spans without tracestate, which most are. */
  const plain = new WeakMap<SamplingIntent, SamplingResult>();
  return {
    shouldSample(
      context: Context,
      traceId: string,
      name: string,
      kind: SpanKind,
      attributes: Attributes,
      _links: Link[],
    ): SamplingResult {
      const parent = parentOf(context);
      const state = parent?.traceState;
      const parentState = state === undefined ? ROOT_STATE : readOtState(state);
      const span = new Asked(traceId, name, kind, attributes, parent, parentState);
      const intent = root.intentOf(span);
      const isKept = isReached(intent.threshold, span);
      if (state !== undefined) return resultOf(intent, isKept, state);
      if (!isKept) return DROPPED;
      let result = plain.get(intent);
      if (result === undefined) plain.set(intent, (result = resultOf(intent, true, undefined)));
      return result;
    },
    toString: () => `CompositeSampler{${root.description}}`,
  };
}

/** A span of which is asked; of its randomness not always. */
class Asked implements SpanToSample {
  readonly #traceId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly parent: SpanContext | undefined;
  readonly parentState: OtState;

  constructor(
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    parent: SpanContext | undefined,
    parentState: OtState,
  ) {
    this.#traceId = traceId;
    this.name = name;
    this.kind = kind;
    this.attributes = attributes;
    this.parent = parent;
    this.parentState = parentState;
  }

  get random(): string {
    return this.parentState.random ?? randomnessOf(this.#traceId);
  }
}

function isReached(threshold: Threshold | undefined, span: SpanToSample): boolean {
  return threshold !== undefined && (threshold === KEEP_ALL || span.random >= threshold);
}

function resultOf(intent: SamplingIntent, isKept: boolean, state: TraceState | undefined): SamplingResult {
  // Of a span that is not kept there is no probability to tell.
  const traceState = withThreshold(state, isKept && intent.isReliable ? intent.threshold : undefined);
  const decision = isKept ? DECISION.recordAndSample : DECISION.drop;
  // An empty tracestate instead of none: with none the SDK goes on with the parent's.
  return traceState === undefined ? { decision } : { decision, traceState };
}

/**
 * Keeps a share of traces, whoever the parent is: every service that does so keeps the same traces, and of two ratios
 * the lower one's traces are among the higher one's.
 *
 * @param ratio 0..1
 */
export function createConsistentProbabilitySampler(ratio: number): Sampler {
  return createCompositeSampler(composableProbability(ratio));
}

/**
 * Keeps what the parent kept and passes its threshold on; traces that begin here are up to `root`.
 *
 * @param root a ratio of 0..1, or a sampler put together of parts
 */
export function createParentConsistentSampler(root: number | ComposableSampler): Sampler {
  return createCompositeSampler(composableParentThreshold(composableOf(root)));
}
