// Redaction of whole bodies as the doors use it: by signal and format, counted once a body is taken.
import { randomBytes } from 'node:crypto';
import type { Host } from '../pipeline/contract.ts';
import type { BodyFormat } from './answer.ts';
import type { receiveInstruments, Signal } from './instruments.ts';
import { redactJson } from './redact-json.ts';
import { ProtobufRedactor } from './redact-protobuf.ts';
import type { RedactionConfig } from './redaction-config.ts';
import { RedactionRules } from './redaction-rules.ts';

const HASH_KEY_BYTES = 32;

/** Redacts inflated bodies, one at a time. */
export class Redaction {
  readonly #rules: RedactionRules;
  readonly #protobuf: ProtobufRedactor;

  constructor(rules: RedactionRules) {
    this.#rules = rules;
    this.#protobuf = new ProtobufRedactor(rules);
  }

  /**
   * Redacts one request.
   *
   * @returns the body itself where nothing changes
   * @throws Malformed where its structure cannot be followed to the end; Refusal where too much of it would be redacted
   */
  redact(body: Buffer, signal: Signal, format: BodyFormat): Buffer {
    this.#rules.reset();
    return format === 'protobuf' ? this.#protobuf.redact(body, signal) : redactJson(body, signal, this.#rules);
  }

  /** Counts what the last body held: call it once the body is taken, before the next one. */
  count(host: Host<keyof typeof receiveInstruments>): void {
    this.#rules.report((rule, redactions) => host.count('redacted', redactions, { rule }));
  }

  /** What the last body held, for whoever can count it only after others were redacted. */
  found(): [rule: string, redactions: number][] {
    const all: [string, number][] = [];
    this.#rules.report((rule, redactions) => all.push([rule, redactions]));
    return all;
  }
}

/** Makes redaction as configured; undefined where no rule is. */
export function createRedaction({ rules, hash_key }: RedactionConfig): Redaction | undefined {
  if (rules.length === 0) return undefined;
  // The key has to be a secret, which the host's random is not: that one repeats itself by design.
  const hashKey = hash_key === undefined ? randomBytes(HASH_KEY_BYTES) : Buffer.from(hash_key);
  return new Redaction(new RedactionRules(rules, hashKey));
}
