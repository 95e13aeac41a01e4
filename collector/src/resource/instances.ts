// Which sender a point is of, over restarts: programs get another id with each start, and what is learned of one is to go
// on with the next. Ids that stay are told apart; of those that do not, each that lives beside others has a place.
import { attributeOf, valueText } from '../model/attributes.ts';
import type { Resource } from '../model/data-point.ts';

/** As SDKs make them up at each start. */
const MADE_UP = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const MAX_INSTANCES = 1000;

/** Whose a series is. */
export interface Sender {
  /** The same after a restart. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  /** Whether it is this sidecar, which reads its host too. */
  readonly isOwn: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Place {
  holder: string;
  seenMs: number;
  readonly sender: Sender;
}

export class Instances {
  readonly #holdMs: number;
  /** By service. */
  readonly #places = new Map<string, Place[]>();
  readonly #byHolder = new Map<string, Place>();
  /** Since when instances wait for a place. */
  readonly #waiting = new Map<string, number>();
  /** As whom this sidecar sends; what it has learned is its own, whatever its host is called now. */
  own = '';

  /** @param holdMs one that is silent for so long has ended */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** @returns undefined for another instance of a service until it is certain that it takes nobody's place, or where there are too many */
  senderOf(resource: Resource, nowMs: number): Sender | undefined {
    const known = this.#byHolder.get(resource.key);
    if (known !== undefined) {
      known.seenMs = nowMs;
      return known.sender;
    }
    if (this.#byHolder.size >= MAX_INSTANCES) this.#forgetSilent(nowMs);
    if (this.#byHolder.size >= MAX_INSTANCES) return undefined;
    const { service, instance } = this.#named(resource);
    const family = JSON.stringify([service, instance]);
    const places = this.#places.get(family) ?? [];
    const free = places.find(({ seenMs }) => nowMs - seenMs > this.#holdMs);
    if (free !== undefined) {
      this.#byHolder.delete(free.holder);
      return this.#give(free, resource.key, nowMs);
    }
    if (places.length > 0 && !this.#hasWaited(resource.key, nowMs)) return undefined;
    const sender = { ...senderNamed(service, instance, places.length), isOwn: resource.key === this.own };
    const place: Place = { holder: resource.key, seenMs: nowMs, sender };
    this.#places.set(family, [...places, place]);
    return this.#give(place, resource.key, nowMs);
  }

  #give(place: Place, holder: string, nowMs: number): Sender {
    place.holder = holder;
    place.seenMs = nowMs;
    this.#byHolder.set(holder, place);
    this.#waiting.delete(holder);
    return place.sender;
  }

  #hasWaited(holder: string, nowMs: number): boolean {
    const since = this.#waiting.get(holder);
    if (since !== undefined) return nowMs - since > this.#holdMs;
    if (this.#waiting.size >= MAX_INSTANCES) this.#waiting.clear();
    this.#waiting.set(holder, nowMs);
    return false;
  }

  #forgetSilent(nowMs: number): void {
    for (const [holder, { seenMs }] of this.#byHolder) if (nowMs - seenMs > this.#holdMs) this.#byHolder.delete(holder);
    for (const [family, places] of this.#places)
      if (places.every(({ holder }) => !this.#byHolder.has(holder))) this.#places.delete(family);
  }

  #named({ key, attributes }: Resource): { service: string; instance: string } {
    const text = (name: string): string => valueText(attributeOf(attributes, name) ?? '');
    const [namespace, name] = [text('service.namespace'), text('service.name')];
    const service = namespace === '' ? name : `${namespace}/${name}`;
    if (key === this.own) return { service, instance: '' };
    const id = text('service.instance.id');
    const isLasting = id !== '' && !MADE_UP.test(id);
    return { service, instance: isLasting ? id : name === '' ? text('host.name') : '' };
  }
}

function senderNamed(service: string, instance: string, place: number): Omit<Sender, 'isOwn'> {
  const number = place === 0 ? '' : `#${place + 1}`;
  return {
    key: JSON.stringify([service, instance, place]),
    name: [service, instance, number].filter((part) => part !== '').join(' '),
    attributes: {
      ...(service === '' ? {} : { 'service.name': service }),
      ...(instance === '' ? {} : { 'service.instance.id': instance }),
    },
  };
}
