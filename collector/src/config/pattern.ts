// Regular expressions for text that senders choose: matching takes time linear in the text, whatever pattern and text.
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

const require = createRequire(import.meta.url);
/** Loaded with the first pattern: its tables of Unicode take more memory than most rooms. */
const re2 = (): typeof RE2JS => (require('re2js') as { readonly RE2JS: typeof RE2JS }).RE2JS;

const MAX_PATTERN_LENGTH = 512;
/** Instructions of the compiled pattern: where its automaton grows too large, each character costs a look at each. */
const MAX_PROGRAM = 500;

/** Says what is wrong with a pattern; undefined where it may be used. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'must not be empty';
  if (pattern.length > MAX_PATTERN_LENGTH) return `must have at most ${MAX_PATTERN_LENGTH} characters`;
  try {
    if (re2().compile(pattern).programSize() > MAX_PROGRAM) return 'is too large once its repeats are written out';
  } catch (error) {
    return `is no regular expression in RE2 syntax: ${error instanceof Error ? error.message : ''}`;
  }
  return undefined;
}

/** Compiles a sound pattern. The answer tells whether it matches somewhere in a text. */
export function compilePattern(pattern: string): (text: string) => boolean {
  const compiled = re2().compile(pattern);
  return (text) => compiled.test(text);
}

/** Groups of a match: the whole text at 0, groups that took no part as empty text. */
export interface MatchedGroups {
  readonly numbered: readonly string[];
  named(name: string): string;
}

/** Compiles a sound pattern that has to match a text from end to end, line breaks included, as Prometheus has it. */
export function compileWhole(pattern: string): (text: string) => MatchedGroups | undefined {
  const compiled = re2().compile(pattern, re2().DOTALL);
  const names = compiled.namedGroups();
  return (text) => {
    const matcher = compiled.matcher(text);
    if (!matcher.matches()) return undefined;
    const numbered = Array.from({ length: compiled.groupCount() + 1 }, (_, i) => matcher.group(i) ?? '');
    return { numbered, named: (name) => numbered[names[name] ?? -1] ?? '' };
  };
}
