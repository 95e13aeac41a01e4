// The configured rules, compiled: which of them a key or a text falls under, and what stands in its place then.
import { compilePattern } from '../config/pattern.ts';
import { keyedHash } from './keyed-hash.ts';
import type { RedactionRule } from './redaction-config.ts';
import { Refusal } from './take-body.ts';

/** No rule: above every index, so that the smaller of two answers is the rule that goes first. */
export const NO_RULE = Number.MAX_SAFE_INTEGER;

/** What stands in the place of a dropped value. */
export const DROPPED = 'redacted';

/**
 * Redactions in one body. Each makes it longer by up to 70 bytes or so, takes memory until the body is written anew, and a
 * hash takes microseconds.
 */
const MAX_REDACTIONS = 131_072;

type Matches = (text: string) => boolean;

interface CompiledRule {
  readonly name: string;
  readonly action: RedactionRule['action'];
  readonly exact: ReadonlySet<string>;
  readonly prefixes: readonly string[];
  readonly patterns: readonly Matches[];
}

/** Rules by their place in the configuration: everywhere the first one that matches counts. */
export class RedactionRules {
  /** Every key, or what stands before its *, as bytes; undefined where some rule has values only. */
  readonly #needles: readonly Buffer[] | undefined;
  readonly #rules: readonly CompiledRule[];
  readonly #valueRules: readonly number[];
  readonly #hash: (value: string | Uint8Array) => string;
  /** 1 where a key of this length, low eight bits, and this first byte may fall under a rule: most keys cost one look. */
  readonly #mayMatch = new Uint8Array(65_536);
  readonly #hits: Float64Array;
  #total = 0;

  /** @param rules as checked by `redactionConfig` */
  constructor(rules: readonly RedactionRule[], hashKey: Uint8Array) {
    this.#hash = keyedHash(hashKey);
    this.#rules = rules.map(({ name, action, keys, values }) => ({
      name,
      action,
      exact: new Set(keys.filter((key) => !key.endsWith('*'))),
      prefixes: keys.filter((key) => key.endsWith('*')).map((key) => key.slice(0, -1)),
      patterns: values.map(compilePattern),
    }));
    this.#valueRules = rules.flatMap(({ keys }, index) => (keys.length === 0 ? [index] : []));
    this.#hits = new Float64Array(rules.length);
    const needles = rules.flatMap(({ keys }) => keys.map((key) => Buffer.from(key.replace(/\*$/, ''))));
    this.#needles = this.#valueRules.length === 0 && needles.every(({ length }) => length > 0) ? needles : undefined;
    for (const { keys } of rules) for (const key of keys) this.#admit(key);
  }

  #admit(key: string): void {
    const bytes = Buffer.from(key.replace(/\*$/, ''));
    if (!key.endsWith('*')) this.#mayMatch[((bytes.length & 255) << 8) | (bytes[0] ?? 0)] = 1;
    else if (bytes.length === 0) this.#mayMatch.fill(1);
    else for (let length = 0; length < 256; length++) this.#mayMatch[(length << 8) | (bytes[0] ?? 0)] = 1;
  }

  /** Some rule has values and no keys, so that every text has to be read. */
  get readsTexts(): boolean {
    return this.#valueRules.length > 0;
  }

  /** A quick look: false where nothing in the body can fall under a rule. */
  mayConcern(body: Buffer): boolean {
    return this.#needles === undefined || this.#needles.some((needle) => body.includes(needle));
  }

  /** A quick look at a key; false where it falls under no rule. */
  mayMatchKey(bytes: Uint8Array, start: number, end: number): boolean {
    const first = start < end ? (bytes[start] ?? 0) : 0;
    return this.#mayMatch[(((end - start) & 255) << 8) | first] === 1;
  }

  /**
   * Answers the first rule for an attribute of this key.
   *
   * @param holds whether some text or number in the attribute's value, at any depth, satisfies
   */
  ofKey(key: string, holds: (matches: Matches) => boolean): number {
    const rules = this.#rules;
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index];
      if (rule === undefined || !namesKey(rule, key)) continue;
      if (rule.patterns.length === 0 || rule.patterns.some(holds)) return index;
    }
    return NO_RULE;
  }

  /** Answers the first rule without keys for a text. */
  ofText(text: string): number {
    for (const index of this.#valueRules)
      for (const matches of this.#rules[index]?.patterns ?? []) if (matches(text)) return index;
    return NO_RULE;
  }

  isDelete(rule: number): boolean {
    return this.#rules[rule]?.action === 'delete';
  }

  /**
   * Answers what stands in the place of a value, and counts the redaction.
   *
   * @param value what is hashed
   * @throws Refusal where one body needs too many
   */
  replacement(rule: number, value: string | Uint8Array): string {
    this.count(rule);
    return this.#rules[rule]?.action === 'hash' ? this.#hash(value) : DROPPED;
  }

  /** Counts one redaction. @throws Refusal where one body needs too many */
  count(rule: number): void {
    if (this.#total === MAX_REDACTIONS)
      throw new Refusal('too_large', `more than ${MAX_REDACTIONS} values of the body fall under redaction rules`);
    this.#total++;
    this.#hits[rule] = (this.#hits[rule] ?? 0) + 1;
  }

  /** Forgets what was counted: call it before each body. */
  reset(): void {
    if (this.#total > 0) this.#hits.fill(0);
    this.#total = 0;
  }

  /** Visits what was counted since the last reset. */
  report(visit: (name: string, redactions: number) => void): void {
    if (this.#total === 0) return;
    this.#rules.forEach(({ name }, index) => {
      const hits = this.#hits[index] ?? 0;
      if (hits > 0) visit(name, hits);
    });
  }
}

function namesKey({ exact, prefixes }: CompiledRule, key: string): boolean {
  return exact.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
}
