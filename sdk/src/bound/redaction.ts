// Takes secrets and personal data out of all that leaves the process. Runs when a batch is exported, so it costs only what
// is recorded; numbers and booleans are no secrets. What OTLP cannot say, or what would cost a whole batch at its receiver,
// is put right on the same way. Pure, apart from the objects it is given.
import type { RedactionOptions } from '../options.ts';
import { REDACTED } from './secrets.ts';
import { createTexts } from './text-redaction.ts';

export { REDACTED } from './secrets.ts';

/** A set of attributes, of whatever kind its values are. */
type Values = Record<string, unknown>;

/** Who recorded something. */
interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly attributes?: object;
}

/** Never throws. */
export interface Redaction {
  /** Redacts one set of attributes in place. Where a depth is given, lists and maps deeper in it become null. */
  attributes(attributes: Values | undefined, depth?: number): void;
  /** Gives a set of attributes redacted: the same object where nothing is secret, else a copy. */
  cleaned<Set extends object>(attributes: Set): Set;
  /** Redacts a text that has no key, as the message of an error. */
  text(text: string): string;
  /** As {@link text}, for texts of which there are few, as names: remembers them. */
  name(name: string): string;
  /** Gives a value that has no key redacted, as the body of a log record; lists and maps as copies. */
  value(value: unknown): unknown;
  /** Gives a scope redacted, the same object where nothing of it is secret. */
  scope<S extends Scope>(scope: S): S;
}

/** Attribute values nest at most this deep; what is deeper is replaced whole. A receiver refuses a batch for one that is. */
const MAX_DEPTH = 8;

/** Entries of lists and maps in one value, whatever their depth; later ones are left out. */
const MAX_ENTRIES = 1000;

/** What an integer of OTLP can be: larger ones are refused in JSON, and the batch with them. */
const INT64 = 2 ** 63;

/**
 * Makes the redaction; one that only keeps to what OTLP can say where it is not enabled.
 *
 * @param parameters names of further parameters of URLs whose values are secret, in this case
 */
export function createRedaction(options: RedactionOptions = {}, parameters: readonly string[] = []): Redaction {
  const { text, name, keyOf } = createTexts(options, parameters);
  let entriesLeft = 0;

  function any(key: string, given: unknown, depth: number, limit: number): unknown {
    if (typeof given === 'string') return keyOf(key).isSecret ? REDACTED : text(given);
    if (typeof given === 'number' && isBeyond(given)) return String(given);
    if (typeof given !== 'object' || given === null) return given;
    if (ArrayBuffer.isView(given)) return keyOf(key).isSecret ? REDACTED : given;
    if (depth >= limit) return null;
    if (depth >= MAX_DEPTH) return REDACTED;
    if (Array.isArray(given)) return taken(given).map((item) => any(key, item, depth + 1, limit));
    const isInside = keyOf(key).isSecret;
    return Object.fromEntries(
      taken(Object.entries(given)).map(([inner, item]) => [
        keyOf(inner).name,
        any(isInside ? key : inner, item, depth + 1, limit),
      ]),
    );
  }

  /** As many as there is still room for. */
  function taken<Item>(items: readonly Item[]): readonly Item[] {
    const some = items.length > entriesLeft ? items.slice(0, entriesLeft) : items;
    entriesLeft -= some.length;
    return some;
  }

  /** What cannot be read is not sent. */
  function value(key: string, given: unknown, depth = Infinity): unknown {
    entriesLeft = MAX_ENTRIES;
    try {
      return any(key, given, 0, depth);
    } catch {
      return REDACTED;
    }
  }

  /** Redacts `source`, which may be `target`, into it. @returns whether anything was secret */
  function redact(source: Values, target: Values, depth?: number): boolean {
    let isChanged = false;
    for (const key in source) {
      const given = source[key];
      const { name: cleanKey, isSecret } = keyOf(key);
      const isText = typeof given === 'string' && !isSecret;
      const clean = isText ? text(given) : isPlain(given) ? given : value(key, given, depth);
      if (cleanKey !== key) delete target[key];
      else if (isEqual(clean, given)) continue;
      target[cleanKey] = clean;
      isChanged = true;
    }
    return isChanged;
  }

  function cleaned<Set extends object>(attributes: Set): Set {
    const copy = { ...attributes };
    return redact(attributes as Values, copy as Values) ? copy : attributes;
  }

  return {
    text,
    name,
    cleaned,
    value: (given) => value('', given),
    attributes: (attributes, depth) => void (attributes !== undefined && redact(attributes, attributes, depth)),
    scope: scopesBy(text, cleaned),
  };
}

/** Redacts each scope once: there are few, and what they say stays together. */
function scopesBy(text: Redaction['text'], cleaned: Redaction['cleaned']): Redaction['scope'] {
  const scopes = new WeakMap<Scope, Scope>();
  return <S extends Scope>(scope: S): S => {
    const known = scopes.get(scope);
    if (known !== undefined) return known as S;
    const { version, attributes } = scope;
    const name = text(scope.name);
    const told = {
      ...(version !== undefined && { version: text(version) }),
      ...(attributes !== undefined && { attributes: cleaned(attributes) }),
    };
    const isSame = name === scope.name && told.version === version && told.attributes === attributes;
    const clean = isSame ? scope : { ...scope, name, ...told };
    scopes.set(scope, clean);
    return clean;
  };
}

/** Lists are given as copies, so they are compared by what is in them. */
function isEqual(clean: unknown, given: unknown): boolean {
  if (!Array.isArray(clean) || !Array.isArray(given)) return Object.is(clean, given);
  return clean.length === given.length && clean.every((item, i) => isEqual(item, given[i]));
}

function isPlain(given: unknown): boolean {
  return typeof given === 'boolean' || (typeof given === 'number' && !isBeyond(given));
}

function isBeyond(given: number): boolean {
  return (given >= INT64 || given < -INT64) && Number.isInteger(given);
}
