// Finds sources whose trace ids are not random where sampling reads them: their low 56 bits.
// A bit that never changes over many ids is not random, and a threshold compared with it means nothing.
import type { Context } from '../otlp/context-table.ts';

/** Ids looked at of a source: a random bit stays the same over so many with a chance of 2^-63. */
const IDS = 64;
/** Services named; a limit, because names come from senders. */
const MAX_SERVICES = 256;

/** Bits seen set and seen clear in the halves of the randomness. */
interface Seen {
  ids: number;
  setHigh: number;
  setLow: number;
  clearHigh: number;
  clearLow: number;
}

const ALL = 0xfffffff;

/** Looks at the first ids of each source, then never again. */
export class IdRandomness {
  /** Services with ids that are not random, and how many of the 56 bits never changed. */
  readonly constantBits = new Map<string, number>();
  readonly #seen = new Map<string, Seen>();
  /** By context id the serial that was judged, plus 1: one look for every later trace. */
  readonly #judged = new Float64Array(65_536);

  /** @returns the service, the first time its ids are found not to be random */
  look(context: Context | undefined, randomHigh: number, randomLow: number): string | undefined {
    if (context === undefined || this.#judged[context.id] === context.serial + 1) return undefined;
    const { serviceName } = context;
    const seen = this.#seen.get(serviceName) ?? this.#begin(serviceName);
    if (seen === undefined || seen.ids >= IDS) {
      this.#judged[context.id] = context.serial + 1;
      return undefined;
    }
    seen.ids++;
    seen.setHigh |= randomHigh;
    seen.setLow |= randomLow;
    seen.clearHigh |= ~randomHigh;
    seen.clearLow |= ~randomLow;
    if (seen.ids < IDS) return undefined;
    const constant = 56 - bits(seen.setHigh & seen.clearHigh & ALL) - bits(seen.setLow & seen.clearLow & ALL);
    if (constant === 0) return undefined;
    this.constantBits.set(serviceName, constant);
    return serviceName;
  }

  #begin(serviceName: string): Seen | undefined {
    if (this.#seen.size >= MAX_SERVICES) return undefined;
    const seen = { ids: 0, setHigh: 0, setLow: 0, clearHigh: 0, clearLow: 0 };
    this.#seen.set(serviceName, seen);
    return seen;
  }
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
