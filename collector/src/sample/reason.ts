// Why a span was kept, as attributes to append to it: a second field 9 is one more attribute.
import { ProtobufWriter } from '../otlp/writer.ts';
import type { Policy, PolicyClass } from './sampler.ts';

const SPAN_ATTRIBUTES = 9;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1, bool: 2 } as const;

/** Attributes of kept spans. */
export const REASON_ATTRIBUTES = {
  /** Name of the policy that kept the trace. */
  policy: 'sampling.policy',
  /** How it was kept: one of `KeepReason`. */
  reason: 'sampling.reason',
  /** True where the trace was so large that it was decided before its time. */
  cut: 'sampling.cut',
} as const;

/**
 * Why a trace is kept: it had to be, it keeps its key visible, its randomness let it, its span came after the decision,
 * or it is kept for another's sake.
 */
export type KeepReason = 'forced' | 'floor' | 'probability' | 'late' | Sake;

/** For whose sake a trace is kept that its policies do not keep: someone's who asked, or a kept trace's that links to it. */
export type Sake = 'pin' | 'link';

/** The reason that follows from a policy's class. */
export const REASON_OF: Readonly<Record<PolicyClass, KeepReason>> = {
  forced: 'forced',
  floor: 'floor',
  rest: 'probability',
};

/** Ready attributes; policies are few, so this is. */
const ready = new Map<string, Uint8Array>();

/** The bytes to append. The same object for the same reason, so that suffixes can be told apart by it. */
export function reasonBytes(policy: string, reason: KeepReason, isCut: boolean): Uint8Array {
  const key = `${policy} ${reason} ${isCut}`;
  let bytes = ready.get(key);
  if (bytes === undefined) {
    const writer = new ProtobufWriter(128);
    text(writer, REASON_ATTRIBUTES.policy, policy);
    text(writer, REASON_ATTRIBUTES.reason, reason);
    if (isCut) {
      const attribute = open(writer, REASON_ATTRIBUTES.cut);
      writer.uint32(ANY_VALUE.bool, 1);
      close(writer, attribute);
    }
    bytes = writer.take();
    ready.set(key, bytes);
  }
  return bytes;
}

/** Says of decisions by which policy traces were kept, as a name and as bytes. */
export class KeepReasons {
  readonly #policies: readonly Policy[];
  readonly #writesAttributes: boolean;

  /** @param writesAttributes whether kept spans say why */
  constructor(policies: readonly Policy[], { writesAttributes }: { readonly writesAttributes: boolean }) {
    this.#policies = policies;
    this.#writesAttributes = writesAttributes;
  }

  /** @param policy its index; for another's sake, that stands in its place */
  nameOf(policy: number, sake: Sake | undefined): string {
    return sake ?? this.#policies[policy]?.name ?? '';
  }

  /** @param name as `nameOf` has it. @returns undefined where kept spans do not say why */
  bytesOf(name: string, reason: KeepReason, isCut: boolean): Uint8Array | undefined {
    return this.#writesAttributes ? reasonBytes(name, reason, isCut) : undefined;
  }
}

function text(writer: ProtobufWriter, key: string, value: string): void {
  const attribute = open(writer, key);
  writer.text(ANY_VALUE.string, value);
  close(writer, attribute);
}

interface Open {
  readonly attribute: number;
  readonly value: number;
}

function open(writer: ProtobufWriter, key: string): Open {
  const attribute = writer.open(SPAN_ATTRIBUTES);
  writer.text(KEY_VALUE.key, key);
  return { attribute, value: writer.open(KEY_VALUE.value) };
}

function close(writer: ProtobufWriter, { attribute, value }: Open): void {
  writer.close(value);
  writer.close(attribute);
}
