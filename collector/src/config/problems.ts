// What is wrong with a YAML document, each problem with its path and line, all at once.
import { type Alias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { EvenkeelError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { TOO_MANY_ALIASES, UNKNOWN_ALIAS, yamlWords } from './problem-words.ts';

/** One thing wrong with a configuration. */
export interface Problem {
  /** As in `sample.policies[0].ratio`; empty for the file as a whole. */
  readonly path: string;
  /** From 1; 0 where there is no line, as for an override. */
  readonly line: number;
  readonly message: string;
  /** Where the configuration has several. */
  readonly file?: string;
}

/** Everything wrong, at once. */
export class ConfigInvalid extends EvenkeelError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map(({ path, line, message, file: own = file }) => {
      const where = line > 0 ? `${own}:${line}` : own;
      return `  ${where}${path === '' ? '' : ` ${path}`}: ${message}`;
    });
    super('CONFIG_INVALID', `${problems.length} problem${problems.length === 1 ? '' : 's'}\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** Line of the key a path ends in, or of the nearest parent that stands in the document. */
type LineOf = (path: readonly PropertyKey[]) => number;

/** Where a path stands, of one document or of several. */
export type PlaceOf = (path: readonly PropertyKey[]) => Pick<Problem, 'line' | 'file'>;

/** Parses YAML. `file` only names it in problems. @throws ConfigInvalid */
export function readYaml(text: string, file: string): { document: ReturnType<typeof parseDocument>; lineOf: LineOf } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number, message: string): Problem => ({ path: '', line: lines.linePos(offset).line, message });
  const problems = document.errors.map(({ pos, code }) => at(pos[0], yamlWords(code)));
  visit(document, {
    Alias(_, node: Alias) {
      if (node.resolve(document) === undefined) problems.push(at(node.range?.[0] ?? 0, UNKNOWN_ALIAS));
    },
  });
  if (problems.length > 0) throw new ConfigInvalid(file, problems);
  return { document, lineOf: (path) => lineOfPath(document.contents, path, lines) };
}

/** The values of a document. @throws ConfigInvalid where aliases lead nowhere or multiply beyond reason */
export function valuesOf(document: ReturnType<typeof parseDocument>, file: string): Record<string, unknown> {
  try {
    return (document.toJS() ?? {}) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = error.message.startsWith('Unresolved') ? UNKNOWN_ALIAS : TOO_MANY_ALIASES;
    throw new ConfigInvalid(file, [{ path: '', line: 0, message }]);
  }
}

/**
 * Says what a value that does not fit its schema has wrong.
 *
 * @param schema of the whole document
 */
export function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, placeOf: PlaceOf): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path: pathText(path), ...placeOf(path), message: unknownKey(schema, issue.path, key) };
    });
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: pathText(issue.path), ...placeOf(issue.path), message }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const choices = issue.errors.flatMap((each) => (depth(each) === 0 ? each.map(({ message }) => message) : []));
    if (choices.length === issue.errors.length && choices.every((each) => each.startsWith(MUST_BE)))
      return [{ path: pathText(issue.path), ...placeOf(issue.path), message: eitherOf(choices) }];
    // The alternative that fails deepest is the one that was meant.
    const meant = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    return meant.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, schema, placeOf));
  }
  return [{ path: pathText(issue.path), ...placeOf(issue.path), message: issue.message }];
}

const MUST_BE = 'must be ';

/** Alternatives that fail at once are all that the value might have been. */
function eitherOf(messages: readonly string[]): string {
  const wanted = new Set(messages.map((message) => message.slice(MUST_BE.length).split(';', 1)[0]));
  return MUST_BE + [...wanted].join(', or ');
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
}

function unknownKey(schema: z.ZodType, parent: readonly PropertyKey[], key: string): string {
  const known = knownKeys(schema, parent);
  // One of another alternative, as of another type of policy.
  if (known.includes(key)) return 'unknown key for this type';
  const suggestion = nearest(key, known);
  return `unknown key${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
}

/** Keys the schema knows at a path; where it has alternatives, those of all. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let schemas = alternatives(schema);
  for (const step of path) {
    schemas = schemas.flatMap(({ def: { shape, valueType, element } }) => {
      const inner = shape?.[String(step)] ?? valueType ?? element;
      return inner === undefined ? [] : alternatives(inner);
    });
  }
  return [...new Set(schemas.flatMap(({ def: { shape } }) => Object.keys(shape ?? {})))];
}

interface Schema {
  readonly def: {
    readonly shape?: Readonly<Record<string, unknown>>;
    readonly valueType?: unknown;
    readonly element?: unknown;
    readonly options?: readonly unknown[];
  };
}

/** A schema without what wraps it; of a union its members. */
function alternatives(schema: unknown): Schema[] {
  const inner = unwrap(schema) as Schema;
  return inner.def.options?.flatMap(alternatives) ?? [inner];
}

function unwrap(schema: unknown): unknown {
  let inner = schema as { def: { innerType?: unknown; in?: unknown } };
  while (inner.def.innerType !== undefined || inner.def.in !== undefined)
    inner = (inner.def.innerType ?? inner.def.in) as typeof inner;
  return inner;
}

/** Writes a path as in `sample.policies[0].ratio`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

function lineOfPath(root: Node | null, path: readonly PropertyKey[], lines: LineCounter): number {
  let node: unknown = root;
  let line = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      const offset = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      if (offset !== undefined) line = lines.linePos(offset).line;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      const offset = (node as Node | undefined)?.range?.[0];
      if (offset !== undefined) line = lines.linePos(offset).line;
    } else break;
  }
  return line;
}
