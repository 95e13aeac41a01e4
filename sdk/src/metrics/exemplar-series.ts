// Exemplars of one instrument, by the attributes of its measurements, until an export takes them.
import type { Attributes, AttributeValue, SpanContext } from '@opentelemetry/api';
import { ExemplarReservoir } from './exemplar-reservoir.ts';

/** Of one instrument; measurements of further ones leave no exemplars until an export made room. */
const MAX_SERIES = 256;

/** What was measured with one set of attributes. */
export interface MeasuredSeries {
  /** A copy: whoever measured may change theirs. */
  readonly attributes: Attributes;
  readonly reservoir: ExemplarReservoir;
}

/** A set of attributes so far, and where it goes on. */
interface Branch {
  series: MeasuredSeries | undefined;
  next: Key | undefined;
}

/** The next attribute of a set: mostly there is one at a place, as programs write their attributes in one order. */
interface Key {
  readonly name: string;
  readonly byValue: Map<AttributeValue | undefined, Branch>;
  other: Key | undefined;
}

/**
 * The reservoirs of one instrument.
 *
 * They are found by walking the attributes as they stand, without a string being made: to sort and stringify them, as the
 * SDK does, costs as much as the whole measurement. The same set in another order is another series here; both are joined
 * at an export.
 */
export class InstrumentExemplars {
  readonly #size: number;
  #root = branch();
  #series: MeasuredSeries[] = [];

  /** @param size exemplars a series */
  constructor(size: number) {
    this.#size = size;
  }

  offer(value: number, attributes: Attributes, spanContext: SpanContext | undefined): void {
    let at: Branch | undefined = this.#root;
    for (const name in attributes) {
      const each: AttributeValue | undefined = attributes[name];
      // Lists are equal by what is in them, not by which they are.
      at = this.#follow(at, name, typeof each === 'object' ? `\0${JSON.stringify(each)}` : each);
      if (at === undefined) return;
    }
    at.series ??= this.#add(attributes);
    at.series?.reservoir.offer(value, spanContext);
  }

  /** All series that were measured since the last time. */
  measured(): MeasuredSeries[] {
    const measured = this.#series.filter(({ reservoir }) => !reservoir.isEmpty);
    // Begun anew instead of pruned: most programs never come here.
    if (this.#series.length >= MAX_SERIES) {
      this.#series = [];
      this.#root = branch();
    }
    return measured;
  }

  #follow(from: Branch, name: string, value: AttributeValue | undefined): Branch | undefined {
    let key = from.next;
    while (key !== undefined && key.name !== name) key = key.other;
    const known = key?.byValue.get(value);
    if (known !== undefined) return known;
    if (this.#series.length >= MAX_SERIES) return undefined;
    if (key === undefined) from.next = key = { name, byValue: new Map(), other: from.next };
    const made = branch();
    key.byValue.set(value, made);
    return made;
  }

  #add(attributes: Attributes): MeasuredSeries | undefined {
    if (this.#series.length >= MAX_SERIES) return undefined;
    const series = { attributes: { ...attributes }, reservoir: new ExemplarReservoir(this.#size) };
    this.#series.push(series);
    return series;
  }
}

function branch(): Branch {
  return { series: undefined, next: undefined };
}
