// Takes secrets and personal data out of all that leaves the process. Runs when a batch is exported, so it costs only what
// is recorded; numbers and booleans are never touched. Pure, apart from the objects it is given.
import type { RedactionOptions } from '../options.ts';
import { isSecretName, REDACTED, withoutSecrets } from './secrets.ts';

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
  /** Redacts one set of attributes in place. */
  attributes(attributes: Values | undefined): void;
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

/** Distinct keys and names that are remembered; more means they are made from data, and each is judged anew. */
const MAX_KEYS = 2000;

/** Attribute values nest at most this deep; what is deeper is replaced whole. */
const MAX_DEPTH = 8;

const NOTHING: Redaction = {
  attributes: () => {},
  cleaned: (attributes) => attributes,
  text: (value) => value,
  name: (value) => value,
  value: (value) => value,
  scope: (scope) => scope,
};

/** Makes the redaction; one that does nothing where it is not enabled. */
export function createRedaction(options: RedactionOptions = {}): Redaction {
  if (options.enabled === false) return NOTHING;
  const ownKeys = new Set((options.keys ?? []).map((key) => key.toLowerCase()));
  const ownValues = (options.values ?? []).map(({ source, flags }) => new RegExp(source, `${flags.replace('g', '')}g`));
  const isSecret = remembered((key) => ownKeys.has(key.toLowerCase()) || isSecretName(key));
  const cleanText = (given: string): string =>
    ownValues.reduce((clean, pattern) => clean.replace(pattern, REDACTED), withoutSecrets(given, isSecret));
  // Types say that it is one, programs in JavaScript do not.
  const text = (given: string): string => (typeof given === 'string' ? cleanText(given) : String(given));
  const name = remembered(text);

  function any(key: string, given: unknown, depth: number): unknown {
    if (typeof given === 'string') return isSecret(key) ? REDACTED : text(given);
    if (typeof given !== 'object' || given === null) return given;
    if (ArrayBuffer.isView(given)) return isSecret(key) ? REDACTED : given;
    if (depth >= MAX_DEPTH) return REDACTED;
    if (Array.isArray(given)) return given.map((item) => any(key, item, depth + 1));
    const isInside = isSecret(key);
    return Object.fromEntries(
      Object.entries(given).map(([inner, item]) => [name(inner), any(isInside ? key : inner, item, depth + 1)]),
    );
  }

  /** What cannot be read is not sent. */
  function value(key: string, given: unknown): unknown {
    try {
      return any(key, given, 0);
    } catch {
      return REDACTED;
    }
  }

  /** Redacts `source`, which may be `target`, into it. @returns whether anything was secret */
  function redact(source: Values, target: Values): boolean {
    let isChanged = false;
    for (const key in source) {
      const given = source[key];
      const isPlain = typeof given === 'number' || typeof given === 'boolean';
      const clean = isPlain ? given : value(key, given);
      const cleanKey = name(key);
      if (cleanKey !== key) delete target[key];
      else if (isPlain || isEqual(clean, given)) continue;
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
    attributes: (attributes) => void (attributes !== undefined && redact(attributes, attributes)),
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
  if (clean === given || !Array.isArray(clean) || !Array.isArray(given)) return clean === given;
  return clean.every((item, i) => isEqual(item, given[i]));
}

function remembered<Answer>(ask: (key: string) => Answer): (key: string) => Answer {
  const answers = new Map<string, Answer>();
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask(key);
    if (answers.size < MAX_KEYS) answers.set(key, answer);
    return answer;
  };
}
