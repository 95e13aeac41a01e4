// What the libraries find wrong, in our words: their own name their functions and types, and may repeat what stands in
// the file, which may be a secret.
import type { z } from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Counted things by what they are the length of. */
const COUNTED: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

/** Says of a value what it must be. For `safeParse`; messages that a schema brings itself stand before it. */
export function houseWords(issue: z.core.$ZodRawIssue): string {
  const wanted = `must be ${wantedBy(issue)}`;
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof issue.input === 'number')
    return `${wanted}; put digits into quotes`;
  return issue.input === undefined && issue.code !== 'invalid_union' ? `is missing; ${wanted}` : wanted;
}

function wantedBy(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return choice(issue.values);
    case 'too_small':
      return bounded(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bounded(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return Array.isArray(issue['options']) ? choice(issue['options']) : 'one of the forms in the reference';
    default:
      return 'of the form in the reference';
  }
}

function choice(values: readonly unknown[]): string {
  const [last = '', ...others] = values.map(String).toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(', ')} or ${last}`;
}

/** A text of at least one character is one that is not empty. */
function bounded(origin: string, how: string, limit: number | bigint): string {
  const counted = COUNTED[origin];
  if (counted === undefined) return `${how} ${limit}`;
  if (how === 'at least' && Number(limit) === 1) return `${KINDS[origin]} that is not empty`;
  return `${origin === 'string' ? 'text' : 'a list'} of ${how} ${limit}${counted}`;
}

/** By the parser's codes; what is not here is broken in a way nobody needs to tell apart. */
const YAML_WORDS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias has no name; put a value that begins with * into quotes',
  BAD_DIRECTIVE: 'this directive is not known; a configuration needs none',
  BAD_DQ_ESCAPE: 'a text in double quotes has an escape that YAML does not know',
  BAD_INDENT: 'this is not indented as its place needs it, or a bracket before it is not closed',
  BAD_SCALAR_START: 'a value begins with a character that needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a key and its value stand within another on one line; quote what holds a colon',
  BLOCK_IN_FLOW: 'lines with dashes or keys cannot stand within brackets',
  DUPLICATE_KEY: 'this key is there twice in its map',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a bracket, a quote, a comma or a space is missing',
  MULTIPLE_DOCS: 'this is a second document (---); a configuration is one',
  MULTILINE_IMPLICIT_KEY: 'a key stands on more than one line, or a quote before it is not closed',
  TAB_AS_INDENT: 'tabs do not indent in YAML; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!) is not known; put a value that begins with ! into quotes',
  UNEXPECTED_TOKEN: 'something stands here that does not belong here; a bracket may be left over',
};

/** Says what is wrong with the YAML itself, without a word of what stands there. */
export function yamlWords(code: string): string {
  return YAML_WORDS[code] ?? 'this is no YAML';
}

export const UNKNOWN_ALIAS = 'an alias names what is not defined before it; put a value that begins with * into quotes';
export const TOO_MANY_ALIASES = 'aliases multiply what stands here beyond reason';
