// Operations whose service counts its spans itself and sends the result under the names of span metrics. Its counts are exact
// where ours are estimated from what it sampled, and both on one page would be added up: so ours step back. Pure.
import { attributeOf, type AttributeValue } from '../model/attributes.ts';
import type { DataPoint } from '../model/data-point.ts';
import { CALLS, DURATION } from './names.ts';

/** Without news for so many of its intervals a service has stopped counting: one lost export must not bring ours back. */
const INTERVALS = 3;
/** Until an interval was seen it may be as long as SDKs have it by default. */
const FIRST_INTERVAL_MS = 60_000;
/** A shorter one is taken for this long: pauses of a busy process are no end. */
const LEAST_INTERVAL_MS = 5000;
/** Pieces of one export come this close. */
const SAME_EXPORT_MS = 500;
/** Limits, because names come from senders; what is beyond is not noticed and stays doubled, as it would be without this. */
const MAX_SENDERS = 1024;
const MAX_OPERATIONS = 65_536;

/** One instance of a service, by its resource. */
interface Sender {
  lastMs: number;
  intervalMs: number;
}

/** Of one service: who counts each operation, by name and kind; all of it where an overflow series may hold it. */
type Operations = Map<string, Set<Sender>>;

const EVERYTHING = '';

/** Knows who counts what. The caller brings the time, monotonic. */
export class CountedByServices {
  readonly #senders = new Map<string, Sender>();
  readonly #services = new Map<string, Operations>();
  #count = 0;

  /** Operations that are counted by their service. */
  get count(): number {
    return this.#count;
  }

  /** Looks for span metrics among points. */
  take(points: readonly DataPoint[], nowMs: number): void {
    for (const { metric, attributes, hasNoValue } of points) {
      if ((metric.name !== CALLS && metric.name !== DURATION) || hasNoValue) continue;
      const service = text(attributeOf(metric.resource.attributes, 'service.name'));
      // What tells of another service than it is from was derived from spans on the way, as ours is.
      const told = attributeOf(attributes, 'service.name');
      if (service === '' || (told !== undefined && told !== service)) continue;
      const name = text(attributeOf(attributes, 'span.name'));
      const kind = text(attributeOf(attributes, 'span.kind'));
      const isOverflow = text(attributeOf(attributes, 'otel.metric.overflow')) === 'true';
      if (!isOverflow && kind === '') continue;
      const sender = this.#heard(metric.resource.key, nowMs);
      if (sender !== undefined) this.#add(service, isOverflow ? EVERYTHING : keyOf(name, kind), sender);
    }
  }

  /** Whether an operation is counted by its service. @param kind as in `span.kind`; empty for the overflow series */
  covers(service: string, name: string, kind: string): boolean {
    const operations = this.#services.get(service);
    if (operations === undefined) return false;
    // What had no place here has one there.
    return kind === '' || operations.has(keyOf(name, kind)) || operations.has(EVERYTHING);
  }

  /** Forgets senders that stopped. @returns whether an operation is counted by nobody any more but us */
  expire(nowMs: number): boolean {
    const ended = new Set<Sender>();
    for (const [key, sender] of this.#senders) {
      if (nowMs - sender.lastMs <= INTERVALS * Math.max(sender.intervalMs, LEAST_INTERVAL_MS)) continue;
      ended.add(sender);
      this.#senders.delete(key);
    }
    if (ended.size === 0) return false;
    const before = this.#count;
    for (const [service, operations] of this.#services) {
      for (const [key, senders] of operations) {
        for (const sender of ended) senders.delete(sender);
        if (senders.size > 0) continue;
        operations.delete(key);
        this.#count--;
      }
      if (operations.size === 0) this.#services.delete(service);
    }
    return this.#count < before;
  }

  #heard(key: string, nowMs: number): Sender | undefined {
    const known = this.#senders.get(key);
    if (known !== undefined) {
      const passedMs = nowMs - known.lastMs;
      if (passedMs > SAME_EXPORT_MS) known.intervalMs = Math.max(passedMs, known.intervalMs / 2);
      known.lastMs = nowMs;
      return known;
    }
    if (this.#senders.size >= MAX_SENDERS) return undefined;
    const sender = { lastMs: nowMs, intervalMs: FIRST_INTERVAL_MS };
    this.#senders.set(key, sender);
    return sender;
  }

  #add(service: string, key: string, sender: Sender): void {
    let operations = this.#services.get(service);
    const senders = operations?.get(key);
    if (senders !== undefined) {
      senders.add(sender);
      return;
    }
    if (this.#count >= MAX_OPERATIONS) return;
    if (operations === undefined) this.#services.set(service, (operations = new Map()));
    operations.set(key, new Set([sender]));
    this.#count++;
  }
}

function keyOf(name: string, kind: string): string {
  return `${kind} ${name}`;
}

function text(value: AttributeValue | undefined): string {
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}
