// Redacts texts by the options of a program, and brings them to what OTLP can say: well-formed, and not endless.
import type { RedactionOptions } from '../options.ts';
import { createCleanTexts } from './clean-texts.ts';
import { isSecretName, REDACTED, withoutSecrets } from './secrets.ts';

/** Distinct keys and names that are remembered; more means they are made from data, and each is judged anew. */
const MAX_KEYS = 2000;

/** Longer ones are not remembered, and names are cut to it. */
const MAX_NAME_LENGTH = 1024;

/** For texts that no other limit is for, as bodies of log records. */
const MAX_TEXT_LENGTH = 1024 * 1024;

/** A secret that stands where a text is cut is found whole, if it is no longer than this. */
const BEYOND_CUT = 1024;

/** Names of parameters of URLs that are secret beside those by their words (semantic conventions, `url.query`). */
const SECRET_PARAMETERS: readonly string[] = ['AWSAccessKeyId'];

/** What is known of a key. */
interface Key {
  /** The key without what is secret in itself. */
  readonly name: string;
  /** Whether values under it are. */
  readonly isSecret: boolean;
}

interface Texts {
  text(given: string): string;
  name(given: string): string;
  keyOf(given: string): Key;
}

/**
 * Makes the redaction of texts; without one that is enabled they are still made well-formed.
 *
 * @param parameters names whose values in pairs are secret, in this case
 */
export function createTexts(
  { enabled: isEnabled = true, keys = [], values = [] }: RedactionOptions,
  parameters: readonly string[],
): Texts {
  const secretParameters = new Set([...SECRET_PARAMETERS, ...parameters]);
  const ownKeys = new Set(keys.map((key) => key.toLowerCase()));
  const ownValues = isEnabled
    ? values.map(({ source, flags }) => new RegExp(source, `${flags.replace('g', '')}g`))
    : [];
  // Asked in the midst of a text, so it must look at none.
  const isSecret = remembered((key) => isEnabled && (ownKeys.has(key.toLowerCase()) || isSecretName(key)));

  const isSecretPair = remembered((name) => isEnabled && (secretParameters.has(name) || isSecret(name)));

  const known = createCleanTexts();

  function text(given: string): string {
    // Types say that it is one, programs in JavaScript do not.
    if (typeof given !== 'string') return text(textOf(given));
    if (known.has(given)) return given;
    const clean = cleaned(given);
    if (clean === given) known.offer(given);
    return clean;
  }

  function cleaned(given: string): string {
    const isLong = given.length > MAX_TEXT_LENGTH;
    let clean = isLong ? given.slice(0, MAX_TEXT_LENGTH + BEYOND_CUT) : given;
    if (isEnabled) clean = withoutSecrets(clean, isSecretPair);
    for (const pattern of ownValues) clean = clean.replace(pattern, REDACTED);
    return wellFormed(isLong ? clean.slice(0, MAX_TEXT_LENGTH) : clean);
  }

  function nameOf(given: string): string {
    const clean = text(given);
    return clean.length > MAX_NAME_LENGTH ? wellFormed(clean.slice(0, MAX_NAME_LENGTH)) : clean;
  }

  const keyOf = remembered((key): Key => ({ isSecret: isSecret(key), name: nameOf(key) }));
  return { text, name: remembered(nameOf), keyOf };
}

function textOf(given: unknown): string {
  try {
    return String(given);
  } catch {
    return REDACTED;
  }
}

/** Half a character is no UTF-8, and a receiver may refuse all that comes with it. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

function remembered<Answer>(ask: (key: string) => Answer): (key: string) => Answer {
  const answers = new Map<string, Answer>();
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask(key);
    if (answers.size < MAX_KEYS && typeof key === 'string' && key.length <= MAX_NAME_LENGTH) answers.set(key, answer);
    return answer;
  };
}
