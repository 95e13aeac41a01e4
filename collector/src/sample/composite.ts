// A target of spans or bytes a second, shared out among kinds of traces: each part is sure of its share, and what it does
// not need flows to the others. Thresholds come from arrivals, known before any randomness is read, as the budget's do.
import { copyInto, lengthFor } from '../otlp/columns.ts';
import { DIGITS, type Half56, KEEP_ALL, thresholdOf } from '../otlp/trace-state.ts';
import { Account, AccountSeconds, LEAST_RATIO } from './account.ts';
import { fairRate } from './by-key.ts';
import type { CompositeFields } from './composite-config.ts';
import type { ConditionConfig } from './condition-config.ts';
import type { Condition } from './conditions.ts';
import type { TraceFacts } from './facts.ts';
import type { Policy, PolicyContext } from './sampler.ts';

export interface CompositeConfig extends CompositeFields {
  readonly name: string;
  readonly if?: ConditionConfig | undefined;
}

/** Of a trace on which the policy has no say. */
const NO_PART = -1;

/** Shares a target out among the configured parts. */
export function composite(config: CompositeConfig, { condition }: PolicyContext): Policy {
  const isWanted = config.if === undefined ? undefined : condition(config.if);
  const conditions = config.parts.map(({ when }) => condition(when));
  const partOf = (facts: TraceFacts): number => {
    if (isWanted?.(facts) === false) return NO_PART;
    return firstOf(conditions, facts) ?? (config.rest === undefined ? NO_PART : conditions.length);
  };
  const isBytes = config.bytes_per_second !== undefined;
  const shares = new PartShares(
    config.bytes_per_second ?? config.spans_per_second ?? 0,
    [...config.parts.map(({ share }) => share), config.rest ?? []].flat(),
  );
  const arrivals = new PartArrivals(shares, partOf, isBytes);
  return {
    name: config.name,
    class: 'rest',
    evaluate(facts) {
      const part = partOf(facts);
      return part === NO_PART ? undefined : shares.shareOf(part, facts).threshold;
    },
    arrived: (trace, facts, bytes) => arrivals.add(trace, facts, bytes),
    observe(facts, { drops }) {
      const part = partOf(facts);
      if (part === NO_PART) return;
      const size = isBytes ? facts.sizeBytes : facts.spanCount;
      // What another policy drops has arrived, too, and leaves its room to the rest of its part.
      shares.decided(part, facts, size);
      if (!drops) shares.kept(part, facts, size);
    },
  };
}

function firstOf(conditions: readonly Condition[], facts: TraceFacts): number | undefined {
  for (let part = 0; part < conditions.length; part++) if (conditions[part]?.(facts) === true) return part;
  return undefined;
}

/** Counts spans for the part their trace belongs to by then; a trace that turns out to be of another part moves with all. */
class PartArrivals {
  readonly #shares: PartShares;
  readonly #partOf: (facts: TraceFacts) => number;
  readonly #isBytes: boolean;
  /** By slot of the trace. */
  #part = new Int8Array(1024);

  constructor(shares: PartShares, partOf: (facts: TraceFacts) => number, isBytes: boolean) {
    this.#shares = shares;
    this.#partOf = partOf;
    this.#isBytes = isBytes;
  }

  add(trace: number, facts: TraceFacts, bytes: number): void {
    const total = this.#isBytes ? facts.sizeBytes : facts.spanCount;
    const size = this.#isBytes ? bytes : 1;
    const part = this.#partOf(facts);
    const before = facts.spanCount === 1 ? NO_PART : (this.#part[trace] ?? NO_PART);
    if (part === before) this.#shares.arrived(part, facts, size);
    else {
      this.#shares.arrived(before, facts, size - total);
      this.#shares.arrived(part, facts, total);
    }
    if (trace >= this.#part.length) this.#part = copyInto(new Int8Array(lengthFor(trace)), this.#part);
    this.#part[trace] = part;
  }
}

interface Share {
  readonly ratio: number;
  readonly threshold: Half56;
  /** Spans or bytes to keep of the second of arrival: no more than it brings, however much the part may take. */
  readonly aim: number;
}

/** Shares of what arrives, by part, worked out once for each second of arrival and of decision. */
class PartShares {
  readonly #target: number;
  readonly #weights: readonly number[];
  readonly #accounts: readonly Account[];
  readonly #seconds: AccountSeconds;
  readonly #bySecond = new Map<number, readonly Share[]>();

  /** @param weights share of each part */
  constructor(target: number, weights: readonly number[]) {
    this.#target = target;
    this.#weights = weights;
    this.#accounts = weights.map((weight) => new Account(target * weight, 0));
    this.#seconds = new AccountSeconds(this.#accounts);
  }

  arrived(part: number, { startMs, nowMs }: TraceFacts, size: number): void {
    this.#turn(nowMs);
    this.#accounts[part]?.arrive(this.#seconds.of(startMs), size);
  }

  shareOf(part: number, { startMs, nowMs }: TraceFacts): Share {
    this.#turn(nowMs);
    const second = this.#seconds.of(startMs);
    let shares = this.#bySecond.get(second);
    if (shares === undefined) this.#bySecond.set(second, (shares = this.#share(second)));
    return shares[part] ?? ALL;
  }

  /** Learns how much of what is aimed at should be kept by now. */
  decided(part: number, facts: TraceFacts, size: number): void {
    const { aim } = this.shareOf(part, facts);
    this.#accounts[part]?.aim(this.#seconds.of(facts.startMs), this.#seconds.now, size, aim);
  }

  /** Learns what the share came to: the expected amount, which no randomness disturbs. */
  kept(part: number, facts: TraceFacts, size: number): void {
    const { ratio } = this.shareOf(part, facts);
    this.#accounts[part]?.keep(this.#seconds.now, size * ratio);
  }

  #share(second: number): Share[] {
    const { now } = this.#seconds;
    const demands = this.#accounts.map((account) => account.demand(second, now));
    const most = fairRate(demands, this.#target, this.#weights);
    return this.#accounts.map((account, part): Share => {
      // Where all find room, what a part could take is not what holds it down.
      account.target = Math.min(this.#target, most * (this.#weights[part] ?? 0));
      const aim = Math.max(0, Math.min(demands[part] ?? 0, account.target));
      const ratio = Math.min(1, Math.max(LEAST_RATIO, account.ratio(second, now)));
      return { ratio, threshold: ratio === 1 ? KEEP_ALL : thresholdOf(ratio, DIGITS), aim };
    });
  }

  #turn(nowMs: number): void {
    if (this.#seconds.turn(nowMs)) this.#bySecond.clear();
  }
}

const ALL: Share = { ratio: 1, threshold: KEEP_ALL, aim: 0 };
