// Takes secrets and personal data out of attributes before they leave the process. Runs when a batch is exported, so
// it costs only what is recorded; numbers and booleans are never touched. Pure, apart from the objects it is given.
import type { RedactionOptions } from '../options.ts';

/** What stands where something was taken out, the word of the semantic conventions for URLs. */
export const REDACTED = 'REDACTED';

/** Changes values in place; never throws. */
export interface Redaction {
  /** Redacts every value of one set of attributes. Where a depth is given, lists and maps deeper in it become null. */
  attributes(attributes: Record<string, unknown> | undefined, depth?: number): void;
  /** Redacts a text that has no key, as the message of an error. */
  text(text: string): string;
  /** Gives a value that has no key redacted, as the body of a log record; lists and maps as copies. */
  value(value: unknown): unknown;
}

/** Distinct keys whose verdict is remembered; more means keys are made from data, and each is judged anew. */
const MAX_KEYS = 2000;

/** Attribute values nest at most this deep; what is deeper is replaced whole. */
const MAX_DEPTH = 8;

/** A key is secret when one of these is among its words. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'cookies',
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'secrets',
  'apikey',
  'credential',
  'credentials',
  'jwt',
  'bearer',
  'signature',
]);

/** Two words beside each other that make a key secret. */
const SECRET_PAIRS: ReadonlySet<string> = new Set([
  'api key',
  'access key',
  'private key',
  'card number',
  'account key',
]);

/** A key that ends so is secret; elsewhere the word is often harmless, as in `gen_ai.token.type`. */
const SECRET_LAST: ReadonlySet<string> = new Set(['token', 'sig', 'cvv', 'cvc', 'pin', 'ssn']);

/** Digits as many as a card has; asked before the dear pattern, because most long values have none. */
const DIGITS = /\d(?:[ -]?\d){12}/;

/** The shortest card number. */
const MIN_CARD_LENGTH = 13;

/** Shorter values hold none of what is looked for. */
const MIN_LENGTH = 5;

const EMAIL = /[\w.%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24}(?![\w-])/gi;
/** Up to the last `@`, as URLs are read: names of users and passwords may have one, too. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/:?#]{0,256})(:[^\s/?#]{0,256})?@/gi;
/** Of a URL, of a query alone, which has no `?` in the conventions, and of a connection string. */
const PAIR = /(^|[?&;\s])([\w.%[\]-]{1,100})=([^&;#\s"'<>]*)/g;
/** What a statement has in the place of a value. */
const PLACEHOLDER = /^(?:\?|\$\d+|%s)?[),]*$/;
/** Of JSON that is text, which may be cut. */
const JSON_PAIR = /"([\w.%-]{1,100})"(\s{0,20}:\s{0,20})"(?:[^"\\]|\\.?)*(?:"|$)/gs;
const JWT = /\beyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*/g;
const BEARER = /\b(bearer\s+)[\w~+/.=-]{8,}/gi;
const CARD = /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g;

/** First digits and lengths of the cards in use. @see ISO/IEC 7812 and the ranges the schemes publish */
const CARD_RANGES =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|62\d{14,17}|(?:50|5[6-9]|6[0-9])\d{11,17})$/;

/** Names of parameters of URLs that are secret beside those by their words (semantic conventions, `url.query`). */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(['AWSAccessKeyId']);

/**
 * Makes the redaction; one that takes nothing out where it is not enabled.
 *
 * @param parameters names of further parameters of URLs whose values are secret, in this case
 */
export function createRedaction(options: RedactionOptions = {}, parameters: readonly string[] = []): Redaction {
  const isOff = options.enabled === false;
  const secretParameters = new Set([...SECRET_PARAMETERS, ...parameters]);
  const ownKeys = new Set((options.keys ?? []).map((key) => key.toLowerCase()));
  const ownValues = (options.values ?? []).map(({ source, flags }) => new RegExp(source, `${flags.replace('g', '')}g`));
  const verdicts = new Map<string, boolean>();

  function isSecret(key: string): boolean {
    if (isOff) return false;
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = ownKeys.has(key.toLowerCase()) || hasSecretWord(key);
    if (verdicts.size < MAX_KEYS) verdicts.set(key, verdict);
    return verdict;
  }

  function isSecretParameter(name: string): boolean {
    return secretParameters.has(name) || isSecret(name);
  }

  function text(value: string): string {
    if (isOff) return value;
    let clean = value.length >= MIN_LENGTH ? withoutSecrets(value, isSecret, isSecretParameter) : value;
    for (const pattern of ownValues) clean = clean.replace(pattern, REDACTED);
    return clean;
  }

  function any(key: string, value: unknown, depth: number, limit?: number): unknown {
    if (typeof value === 'string') return isSecret(key) ? REDACTED : text(value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (depth >= (limit ?? MAX_DEPTH)) return limit === undefined ? REDACTED : null;
    if (Array.isArray(value)) return value.map((item) => any(key, item, depth + 1, limit));
    const isInside = isSecret(key);
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, any(isInside ? key : name, item, depth + 1, limit)]),
    );
  }

  return {
    text,
    value: (value) => (isOff ? value : any('', value, 0)),
    attributes(attributes, depth) {
      if (isOff && depth === undefined) return;
      for (const key in attributes) {
        const value = attributes[key];
        if (typeof value === 'number' || typeof value === 'boolean') continue;
        const clean = any(key, value, 0, depth);
        if (clean !== value) attributes[key] = clean;
      }
    },
  };
}

/** Splits `http.request.header.x-api-key` or `accessToken` into words. */
function hasSecretWord(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  if (SECRET_LAST.has(words.at(-1) ?? '')) return true;
  return words.some((word, index) => SECRET_WORDS.has(word) || SECRET_PAIRS.has(`${word} ${words[index + 1]}`));
}

/** Each pattern is preceded by a search for what it cannot do without, which costs a tenth of it. */
function withoutSecrets(
  value: string,
  isSecret: (key: string) => boolean,
  isSecretParameter: (name: string) => boolean,
): string {
  let clean = value;
  const hasAt = value.includes('@');
  if (hasAt && value.includes('://')) {
    clean = clean.replace(USER_INFO, (_all, scheme: string, _user, password: string | undefined) =>
      password === undefined ? `${scheme}${REDACTED}@` : `${scheme}${REDACTED}:${REDACTED}@`,
    );
  }
  if (value.includes('=')) {
    clean = clean.replace(PAIR, (all, start: string, name: string, given: string) =>
      isSecretParameter(name) && !PLACEHOLDER.test(given) ? `${start}${name}=${REDACTED}` : all,
    );
  }
  if (value.includes('":')) {
    clean = clean.replace(JSON_PAIR, (all, name: string, colon: string) =>
      isSecret(name) ? `"${name}"${colon}"${REDACTED}"` : all,
    );
  }
  if (value.includes('eyJ')) clean = clean.replace(JWT, REDACTED);
  if (value.includes('earer') || value.includes('EARER')) clean = clean.replace(BEARER, `$1${REDACTED}`);
  if (hasAt) clean = clean.replace(EMAIL, (found) => (found.startsWith(`${REDACTED}@`) ? found : REDACTED));
  if (value.length >= MIN_CARD_LENGTH && DIGITS.test(value)) {
    clean = clean.replace(CARD, (digits) => (isCard(digits.replace(/[ -]/g, '')) ? REDACTED : digits));
  }
  return clean;
}

/** Whether the digits are those of a card: a range in use and a right check digit (Luhn, ISO/IEC 7812-1 annex B). */
function isCard(digits: string): boolean {
  if (!CARD_RANGES.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
