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

/** One instance of a service. */
interface Sender {
  lastMs: number;
  intervalMs: number;
}

/** Knows who counts what. The caller brings the time, monotonic. */
export class CountedByServices {
  readonly #senders = new Map<string, Sender>();
  readonly #operations = new Map<string, Set<Sender>>();
  /** How many operations each service counts. */
  readonly #services = new Map<string, number>();

  /** Operations that are counted by their service. */
  get count(): number {
    return this.#operations.size;
  }

  /** Looks for span metrics among points. @returns operations, by their key, that an instance has begun to count */
  take(points: readonly DataPoint[], nowMs: number): ReadonlySet<string> {
    const begun = new Set<string>();
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
      const instance = text(attributeOf(metric.resource.attributes, 'service.instance.id'));
      const sender = this.#heard(senderKey(service, instance), nowMs);
      const key = isOverflow ? operationKey(service, '', '') : operationKey(service, name, kind);
      if (sender !== undefined && this.#add(service, key, sender)) begun.add(key);
    }
    return begun;
  }

  /** Whether an instance counts its spans itself; without an id it may be any of its service, here as there. */
  isSender(service: string, instance: string): boolean {
    if (!this.#services.has(service)) return false;
    return (
      instance === '' || this.#senders.has(senderKey(service, instance)) || this.#senders.has(senderKey(service, ''))
    );
  }

  /** Whether an operation is counted by its service. @param kind as in `span.kind`; empty for the overflow series */
  covers(service: string, name: string, kind: string): boolean {
    if (!this.#services.has(service)) return false;
    // What had no place here has one there, or is in the overflow series of the service, which may hold any operation.
    if (kind === '' || this.#operations.has(operationKey(service, '', ''))) return true;
    return this.#operations.has(operationKey(service, name, kind));
  }

  /** Forgets senders that stopped. @returns whether there were any */
  expire(nowMs: number): boolean {
    const ended = new Set<Sender>();
    for (const [key, sender] of this.#senders) {
      if (nowMs - sender.lastMs <= INTERVALS * Math.max(sender.intervalMs, LEAST_INTERVAL_MS)) continue;
      ended.add(sender);
      this.#senders.delete(key);
    }
    if (ended.size === 0) return false;
    for (const [key, senders] of this.#operations) {
      for (const sender of ended) senders.delete(sender);
      if (senders.size > 0) continue;
      this.#operations.delete(key);
      const service = serviceOf(key);
      const left = (this.#services.get(service) ?? 0) - 1;
      if (left > 0) this.#services.set(service, left);
      else this.#services.delete(service);
    }
    return true;
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

  /** @returns whether the sender did not count it before */
  #add(service: string, key: string, sender: Sender): boolean {
    const senders = this.#operations.get(key);
    if (senders?.has(sender) === true) return false;
    if (senders !== undefined) senders.add(sender);
    else {
      if (this.#operations.size >= MAX_OPERATIONS) return false;
      this.#operations.set(key, new Set([sender]));
      this.#services.set(service, (this.#services.get(service) ?? 0) + 1);
    }
    return true;
  }
}

/** Names an operation; of a service's overflow series name and kind are empty. A service's name has no zero byte in it. */
export function operationKey(service: string, name: string, kind: string): string {
  return `${service}\0${kind}\0${name}`;
}

/** The service of an operation's key. */
export function serviceOf(key: string): string {
  return key.slice(0, key.indexOf('\0'));
}

function senderKey(service: string, instance: string): string {
  return `${service}\0${instance}`;
}

function text(value: AttributeValue | undefined): string {
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}
