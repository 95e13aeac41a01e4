// Tells values that stand for one thing among many (ids, hashes, numbers, addresses, paths with such parts) from words.
// Works on one value alone: what it sees as a word stays, however many there are.
import type { AttributeValue } from '../model/attributes.ts';
import type { TemplateKind } from './config.ts';

/** What is not looked at any closer: no id is so long, and every character costs time. */
const MAX_LENGTH = 1024;

const UUID = /^\{?(?:urn:uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;
/** Crockford's alphabet has no I, L, O and U. @see ULID specification */
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;
const HEXADECIMAL = /^(?:0x)?[0-9a-f]+$/i;
const ADDRESS = /^(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?$/;
const NUMBER = /^[+-]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?$/i;
const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
const EMAIL = /^[^\s@/]+@[^\s@/]+\.[^\s@/.]+$/;
/** Letters and digits as Base62 has them, and Base64 for the most part: with `-`, `_` and `/` go words as well. */
const DENSE = /^[A-Za-z0-9+]+={0,2}$/;
/** A word, then what tells one from another: `user-10234`, `cus_NffrFeUfNV2Hib`, `pod.7d9f8b6c5`. */
const PREFIXED = /^([A-Za-z][A-Za-z]*[-_.:#])(.+)$/;
const ORIGIN = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]+)(.*)$/i;

/** Lengths of hexadecimal digests: SHA-1 and the SHA-2 family; 128 bits are taken for an id. */
const DIGEST_LENGTHS = new Set([40, 56, 64, 96, 128]);
/** Of hexadecimal digits with a letter and a digit: shorter ones are found in words (`a1`, `b2b`, `2fa`). */
const MIN_HEXADECIMAL = 8;
const MIN_DENSE = 20;
/** One digit after a word is a name rather than a count (`eu-west-1`, `tier-2`). */
const MIN_TAIL_DIGITS = 2;
const MIN_TAIL_DENSE = 10;
/** Of neighbours, those of another class (small, capital, digit): 0.62 in Base62, 0.36 in `OrderServiceV2Handler13`. */
const MIN_CHANGES = 0.45;

/** Answers what stands for values. */
export class Templates {
  readonly #kinds: ReadonlySet<TemplateKind>;

  constructor(kinds: readonly TemplateKind[]) {
    this.#kinds = new Set(kinds);
  }

  get isOff(): boolean {
    return this.#kinds.size === 0;
  }

  /** The template of a value; undefined where it is none of the kinds. Numbers that are no text are numbers. */
  of(value: AttributeValue): string | undefined {
    if (typeof value === 'bigint' || typeof value === 'number') return this.#kinds.has('number') ? '{num}' : undefined;
    if (typeof value !== 'string' || value === '' || value.length > MAX_LENGTH) return undefined;
    return this.#token(value) ?? this.#path(value);
  }

  #token(text: string): string | undefined {
    const kinds = this.#kinds;
    if (kinds.has('email') && EMAIL.test(text)) return '{email}';
    return this.#plain(text) ?? this.#prefixed(text);
  }

  #plain(text: string): string | undefined {
    const kinds = this.#kinds;
    if (kinds.has('id') && (UUID.test(text) || isUlid(text) || ADDRESS.test(text))) return '{id}';
    if (kinds.has('number') && (NUMBER.test(text) || MOMENT.test(text))) return '{num}';
    if (HEXADECIMAL.test(text) && text.length >= MIN_HEXADECIMAL && isMixed(text)) {
      const digits = text.length - (/^0x/i.test(text) ? 2 : 0);
      const kind = DIGEST_LENGTHS.has(digits) ? 'hash' : 'id';
      return kinds.has(kind) ? `{${kind}}` : undefined;
    }
    if (kinds.has('hash') && text.length >= MIN_DENSE && isDense(text)) return '{hash}';
    return undefined;
  }

  #prefixed(text: string): string | undefined {
    const [, word = '', tail = ''] = PREFIXED.exec(text) ?? [];
    if (word === '') return undefined;
    if (NUMBER.test(tail) && tail.length < MIN_TAIL_DIGITS) return undefined;
    if (this.#kinds.has('id') && tail.length >= MIN_TAIL_DENSE && isDense(tail)) return `${word}{id}`;
    const template = this.#plain(tail) ?? this.#prefixed(tail);
    return template === undefined ? undefined : word + template;
  }

  /** Paths and addresses of pages: segment by segment; what is asked of them is left out. */
  #path(text: string): string | undefined {
    if (!this.#kinds.has('path')) return undefined;
    const [, origin = '', rest = ''] = ORIGIN.exec(text) ?? [undefined, '', text];
    if (!rest.includes('/') || (origin === '' && !rest.startsWith('/')) || /\s/.test(rest)) return undefined;
    const end = rest.search(/[?#]/);
    const path = end < 0 ? rest : rest.slice(0, end);
    const template = path
      .split('/')
      .map((segment) => (segment === '' ? segment : (ALL.#token(segment) ?? segment)))
      .join('/');
    return template === rest ? undefined : origin + template;
  }
}

/** A path's segments are templates whatever kinds are on for values of their own. */
const ALL = new Templates(['id', 'hash', 'number', 'email']);

function isUlid(text: string): boolean {
  return ULID.test(text) && /\d.*\d/.test(text) && (text === text.toUpperCase() || text === text.toLowerCase());
}

/** Has a letter and a digit. */
function isMixed(text: string): boolean {
  return /[a-z]/i.test(text.replace(/^0x/i, '')) && /\d/.test(text);
}

/** Small and capital letters and digits, in no order that words have. */
function isDense(text: string): boolean {
  if (!DENSE.test(text) || !/[a-z]/.test(text) || !/[A-Z]/.test(text) || !/\d/.test(text)) return false;
  const runs = text.match(/[a-z]+|[A-Z]+|\d+/g)?.length ?? 0;
  return runs - 1 >= MIN_CHANGES * (text.length - 1);
}
