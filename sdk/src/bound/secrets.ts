// Finds secrets and personal data in texts by what they look like, and knows which names stand for secrets. Pure. Ordinary
// texts cost it one or two searches; what is dear runs only where a sign of it was found.

/** What stands where something was taken out, the word of the semantic conventions for URLs. */
export const REDACTED = 'REDACTED';

/** A name is secret when one of these is among its words. */
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

/** Two words beside each other that make a name secret. */
const SECRET_PAIRS: ReadonlySet<string> = new Set([
  'api key',
  'access key',
  'auth key',
  'private key',
  'signing key',
  'encryption key',
  'card number',
  'account key',
]);

/** A name that ends so is secret; elsewhere the word is often harmless, as in `gen_ai.token.type`. */
const SECRET_LAST: ReadonlySet<string> = new Set(['token', 'sig', 'cvv', 'cvc', 'pin', 'ssn']);

/** A name that ends so tells about a secret, and is none: `cookie.count`, `k8s.secret.name`. */
const HARMLESS_LAST: ReadonlySet<string> = new Set([
  'age',
  'algorithm',
  'arn',
  'count',
  'enabled',
  'expires',
  'expiry',
  'kind',
  'length',
  'name',
  'policy',
  'present',
  'required',
  'size',
  'status',
  'ttl',
  'type',
  'valid',
  'version',
]);

/** Whether values under a name are secret: `http.request.header.x-api-key`, `accessToken`, `user%5Bpassword%5D`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/%[0-9a-f]{2}/gi, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const last = words.at(-1) ?? '';
  if (SECRET_LAST.has(last)) return true;
  if (HARMLESS_LAST.has(last)) return false;
  return words.some((word, index) => SECRET_WORDS.has(word) || SECRET_PAIRS.has(`${word} ${words[index + 1]}`));
}

/** Shorter texts hold none of what is looked for. */
const MIN_LENGTH = 5;

/** A text without any of these has no address, no pair and no header; at most a key or a number. */
const SIGNS = /[@=%:\s"'`]/;

/** Digits as many as a card has; asked before the dear pattern, because most long values have none. */
const DIGITS = /\d(?:[ +-]?\d){12}/;

/** The shortest card number, and the shortest key of {@link keys}. */
const MIN_CARD_LENGTH = 13;
const MIN_KEY_LENGTH = 16;

/** Makes a pattern when it is first needed: to read the long ones takes longer than all the rest of an import. */
function once(make: () => RegExp): () => RegExp {
  let made: RegExp | undefined;
  return () => (made ??= make());
}

/** What is in the beginning of each key; asked before the pattern itself. Starts with rare signs, which is faster. */
const KEY_SIGN =
  /(?<=\b(?:gh[opsur]|github_pat|[rs]k|whsec|npm|hf|dop_v1|shp(?:at|ca|pa|ss)))_|(?<=\b(?:gl(?:pat|rt)|xox[abceoprs]|xapp|sk|pypi)|-----BEGIN [A-Z ]{0,30}PRIVATE KEY---)-|yJ|[KS]IA|Iza|29\.|SG\./;

/**
 * Keys that say what they are, by the prefixes their issuers publish.
 *
 * @see the documentation of AWS, GitHub, GitLab, Slack, OpenAI, Anthropic, Stripe, Google, npm, PyPI, Hugging Face, SendGrid,
 * DigitalOcean and Shopify on the formats of their keys; RFC 7519 for JSON web tokens, RFC 7468 for PEM
 */
const keys = once(
  () =>
    new RegExp(
      [
        // A limit of length may have cut parts of it. Within a word it is bounded: each hyphen could be where one begins.
        String.raw`(?:(?<![\w-])eyJ[\w-]{4,}|\beyJ[\w-]{4,1000})\.(?=[\w.-])[\w-]*(?:\.[\w-]*){0,3}`,
        String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
        String.raw`\bAIza[\w-]{35}`,
        String.raw`\bgh[opsur]_[A-Za-z0-9]{30,}`,
        String.raw`\bgithub_pat_\w{20,}`,
        String.raw`\bgl(?:pat|rt)-[\w-]{20,}`,
        String.raw`\bxox[abceoprs](?:\.xox[abp])?-[\w-]{10,}`,
        String.raw`\bxapp-\d-[\w-]{10,}`,
        // What is only long and hyphenated is a name.
        String.raw`\bsk-(?=[\w-]{0,200}\d)(?=[\w-]{0,200}[A-Z])[\w-]{20,}`,
        String.raw`\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}`,
        String.raw`\bwhsec_[\w+/=]{20,}`,
        String.raw`\bya29\.[\w-]{20,}`,
        String.raw`\bnpm_[A-Za-z0-9]{36}`,
        String.raw`\bpypi-[\w-]{50,}`,
        String.raw`\bhf_[A-Za-z0-9]{30,}`,
        String.raw`\bSG\.[\w-]{16,}\.[\w-]{16,}`,
        String.raw`\bdop_v1_[a-f0-9]{64}`,
        String.raw`\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`,
        String.raw`-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)`,
      ].join('|'),
      'g',
    ),
);

/** Parts of words that begin with a rare letter, which is what a search looks for. */
const SCHEME_SIGNS = ['bearer', 'Bearer', 'BEARER', 'basic', 'Basic', 'BASIC'];
const HEADER_SIGNS = ['kie', 'KIE', 'zation', 'ZATION', '-api-', '-API-', '-Api-'];

/** Words of prose that follow the name of a scheme. */
const BEARER = /\b(bearer\s+)(?!(?:authenticat|authori[sz]|certificat|credential)\w*\b)[\w~+/.=-]{8,}/gi;
/** Base64 of a name and a password has digits, padding or capitals within. */
const BASIC = /\b((?:[Bb]asic|BASIC)\s+)(?=[\w+/]*(?:[\d=]|[a-z][A-Z]))[A-Za-z0-9+/]{6,}={0,2}/g;

/** A header on a line of its own, whose end may be written out. */
const HEADER =
  /(^|[\r\n"'`]|\\n)((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(\s{0,5}:\s{0,5})(?!\s|\\*["'`[])[^\r\n\\"'`]+/gi;
/** Cookies amid a sentence. */
const COOKIE = /\b((?:set-)?cookie\s{0,5}:\s{0,5})[\w.%!#$&*+^|~-]{1,100}=[^\r\n\\"'`]*/gi;

/** Found by its `@`, with letters of all languages before and behind. What follows the `@` of a package is a version. */
const emails = once(
  () =>
    new RegExp(
      String.raw`(?<=([\p{L}\p{N}_.%+-]{1,64}))(?:@|%40)(?!\d+\.\d+\.\d)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})*\.\p{L}{2,24}(?![\w-])`,
      'gu',
    ),
);

/** Up to the last `@`, as URLs are read: names of users and passwords may have one, too. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/:?#]{0,256})(:[^\s/?#]{0,256})?@/gi;

const CARD = /(?<![\w.-])\d(?:[ +-]?\d){12,18}(?![\w-]|\.\d)/g;

/** First digits and lengths of the cards in use. @see ISO/IEC 7812 and the ranges the schemes publish */
const CARD_RANGES =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|62\d{14,17}|(?:50|5[6-9]|6[0-9])\d{11,17})$/;

/** Takes secrets out of a text. @param isSecret whether values under a name are, see {@link isSecretName} */
export function withoutSecrets(text: string, isSecret: (name: string) => boolean = isSecretName): string {
  if (text.length < MIN_LENGTH) return text;
  let clean = SIGNS.test(text) ? withoutNamed(text, isSecret) : text;
  if (text.length >= MIN_KEY_LENGTH && KEY_SIGN.test(text)) clean = clean.replace(keys(), REDACTED);
  if (text.length >= MIN_CARD_LENGTH && DIGITS.test(text))
    clean = clean.replace(CARD, (digits) => (isCard(digits.replace(/[ +-]/g, '')) ? REDACTED : digits));
  return clean;
}

/** What is known by what stands before or around it: pairs, headers, addresses. */
function withoutNamed(text: string, isSecret: (name: string) => boolean): string {
  const hasAt = text.includes('@');
  let clean = text;
  if (hasAt && text.includes('://'))
    clean = clean.replace(USER_INFO, (_all, scheme: string, _user, password: string | undefined) =>
      password === undefined ? `${scheme}${REDACTED}@` : `${scheme}${REDACTED}:${REDACTED}@`,
    );
  if (text.includes(':') && hasAny(text, HEADER_SIGNS))
    clean = clean.replace(HEADER, `$1$2$3${REDACTED}`).replace(COOKIE, `$1${REDACTED}`);
  const hasQuotes = text.includes('"') || text.includes("'") || text.includes('`');
  if (text.includes('=') || text.includes('%3') || (hasQuotes && QUOTED.test(text)))
    clean = withoutPairs(clean, isSecret);
  if (hasAny(text, SCHEME_SIGNS)) clean = clean.replace(BEARER, `$1${REDACTED}`).replace(BASIC, `$1${REDACTED}`);
  return hasAt || text.includes('%40') ? withoutAddresses(clean) : clean;
}

function hasAny(text: string, parts: readonly string[]): boolean {
  for (const part of parts) if (text.includes(part)) return true;
  return false;
}

function withoutAddresses(text: string): string {
  let clean = '';
  let from = 0;
  for (const { 0: found, 1: local = '', index } of text.matchAll(emails())) {
    // User info of a URL that was taken out, and the address of a repository, which is nobody's.
    if (local.endsWith(REDACTED) || local === 'git') continue;
    clean += text.slice(from, Math.max(from, index - local.length)) + REDACTED;
    from = index + found.length;
  }
  return from === 0 ? text : clean + text.slice(from);
}

/** A value in quotes, as JSON and inspected objects have it; in text within text quotes are escaped. */
const QUOTED = /(?<=:\s{0,20}(?:\[\s{0,20})?\\*)["'`]/;
/** What stands between a name and its value; a colon only before quotes, because sentences have colons, too. */
const SEPARATOR =
  /(?<=([\w.%[\]-]{1,100})(\\*["'`]?\s{0,20}))(?:=>?\s{0,20}(?:\[\s{0,20})?|%3[Dd]|:\s{0,20}(?:\[\s{0,20})?(?=\\*["'`]))/g;
const OPENING = /\\*["'`]/y;
const NEXT_IN_LIST = /\s{0,20},\s{0,20}(?=\\*["'`])/y;
const BARE = /[^&;#\s"'<>]+/y;
const BARE_ENCODED = /(?:(?!%26|%3[Bb]|%23)[^&;#\s"'<>])+/y;
/** What a statement has in the place of a value. */
const PLACEHOLDER = /^(?:\?|\$\d+|%s|[:@]\w+)?[),]*$/;

/** Takes out the values of pairs: of URLs, forms, connection strings, JSON and inspected objects, which may be cut. */
function withoutPairs(text: string, isSecret: (name: string) => boolean): string {
  let clean = '';
  let from = 0;
  SEPARATOR.lastIndex = 0;
  for (let found = SEPARATOR.exec(text); found !== null; found = SEPARATOR.exec(text)) {
    const { 0: separator, 1: name = '', 2: beside = '', index } = found;
    if (!isSecret(name)) continue;
    const start = index + separator.length;
    const quoted = withoutQuoted(text, start, separator.includes('['));
    if (quoted !== undefined) {
      clean += text.slice(from, start) + quoted.clean;
      from = quoted.end;
    } else if (beside === '' && (separator === '=' || separator.startsWith('%'))) {
      const given = matchAt(separator === '=' ? BARE : BARE_ENCODED, text, start);
      if (given === undefined || PLACEHOLDER.test(given)) continue;
      clean += text.slice(from, start) + REDACTED;
      from = start + given.length;
    } else continue;
    SEPARATOR.lastIndex = from;
  }
  return from === 0 ? text : clean + text.slice(from);
}

/** Replaces what is in quotes at a place, in a list all of it. @returns undefined where there are none */
function withoutQuoted(text: string, start: number, isList: boolean): { clean: string; end: number } | undefined {
  let clean = '';
  let end = start;
  for (
    let next: string | undefined = '';
    next !== undefined;
    next = isList ? matchAt(NEXT_IN_LIST, text, end) : undefined
  ) {
    const quote = matchAt(OPENING, text, end + next.length);
    if (quote === undefined) return clean === '' ? undefined : { clean, end };
    clean += `${next}${quote}${REDACTED}${quote}`;
    end = closingOf(text, quote, end + next.length + quote.length);
  }
  return { clean, end };
}

/** Where a text in quotes ends, behind the closing ones. */
function closingOf(text: string, quote: string, from: number): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let escapes = 0;
    while (at - escapes > from && text[at - escapes - 1] === '\\') escapes++;
    if (quote.length > 1 ? escapes === 0 : escapes % 2 === 0) return at + quote.length;
  }
  return text.length;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
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
