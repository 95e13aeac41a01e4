// Reads, completes and checks the configuration. The only reader of the environment in the collector.
import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { EvenkeelError } from '../errors.ts';
import { substitute } from './environment.ts';
import { crossCheck } from './cross-checks.ts';
import { environmentExporter } from './exporters.ts';
import { nearest } from './nearest.ts';
import { type Config, fileSchema, OPTIONAL_ROOMS } from './schema.ts';

/** One thing wrong with a configuration. */
export interface Problem {
  /** As in `sample.policies[0].ratio`; empty for the file as a whole. */
  readonly path: string;
  /** From 1; 0 where there is no line, as for an override. */
  readonly line: number;
  readonly message: string;
}

/** Everything wrong, at once. */
export class ConfigInvalid extends EvenkeelError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map(({ path, line, message }) => {
      const where = line > 0 ? `${file}:${line}` : file;
      return `  ${where}${path === '' ? '' : ` ${path}`}: ${message}`;
    });
    super('CONFIG_INVALID', `${problems.length} problem${problems.length === 1 ? '' : 's'}\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value set beside the file, as by `--set web.port=4321`; it wins over the file. */
export interface Override {
  readonly path: readonly string[];
  /** YAML. */
  readonly value: string;
}

/**
 * Loads a configuration file, or the defaults where none is named.
 *
 * @throws CONFIG_UNREADABLE, ConfigInvalid with every problem
 */
export function loadConfig(file: string | undefined, overrides: readonly Override[], environment: Environment): Config {
  if (file === undefined) return parseConfig('', 'defaults', overrides, environment);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new EvenkeelError('CONFIG_UNREADABLE', file, { cause });
  }
  return parseConfig(text, file, overrides, environment);
}

/** Checks configuration text. `file` only names it in problems. @throws ConfigInvalid */
export function parseConfig(
  text: string,
  file: string,
  overrides: readonly Override[] = [],
  environment: Environment = {},
): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const problems: Problem[] = document.errors.map((error) => ({
    path: '',
    line: lines.linePos(error.pos[0]).line,
    message: error.message,
  }));
  if (problems.length > 0) throw new ConfigInvalid(file, problems);
  if (document.contents !== null && !isMap(document.contents))
    throw new ConfigInvalid(file, [{ path: '', line: 1, message: 'must be a map of rooms, as in `sample:`' }]);
  const lineOf = (path: readonly PropertyKey[]): number => lineOfPath(document.contents, path, lines);
  substitute(document, environment, (path, message) => {
    problems.push({ path: pathText(path), line: lineOf(path), message });
  });
  applyOverrides(document, overrides, problems);
  const values = valuesOf(document, file);
  const off = OPTIONAL_ROOMS.filter((room) => values[room] === false);
  for (const room of off) delete values[room];
  dropEmptyKeys(values);
  for (const room of Object.values(values)) dropEmptyKeys(room);
  addEnvironmentExporter(values, environment);
  const result = fileSchema.safeParse(values);
  if (!result.success) {
    // A variable that is not set is one problem, not also a wrong value.
    const unset = new Set(problems.map(({ path }) => path));
    const found = result.error.issues.flatMap((issue) => problemsOf(issue, lineOf));
    problems.push(...found.filter(({ path }) => !unset.has(path)));
  }
  if (!result.success) throw new ConfigInvalid(file, problems);
  const config: Config = { ...result.data, ...Object.fromEntries(off.map((room) => [room, false])) };
  problems.push(...crossCheck(config).map((each) => ({ ...each, line: lineOf(each.path.split('.')) })));
  if (problems.length > 0) throw new ConfigInvalid(file, problems);
  return config;
}

function applyOverrides(
  document: ReturnType<typeof parseDocument>,
  overrides: readonly Override[],
  problems: Problem[],
): void {
  for (const { path, value } of overrides) {
    const parsed = parseDocument(value);
    const report = (message: string): void => void problems.push({ path: path.join('.'), line: 0, message });
    if (parsed.errors.length > 0) report('the value set is no YAML');
    else if (!hasPlace(document, path)) report('cannot be set: a key above it has a plain value');
    else document.setIn(path, parsed.contents);
  }
}

/** Tells whether every key above the last is a map or a list, or not there yet. */
function hasPlace(document: ReturnType<typeof parseDocument>, path: readonly string[]): boolean {
  return path.slice(0, -1).every((_, i) => {
    const above: unknown = document.getIn(path.slice(0, i + 1), true);
    return above === undefined || isMap(above) || isSeq(above) || (isScalar(above) && above.value === null);
  });
}

/** @throws ConfigInvalid where aliases lead nowhere or multiply beyond reason */
function valuesOf(document: ReturnType<typeof parseDocument>, file: string): Record<string, unknown> {
  try {
    return (document.toJS() ?? {}) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ConfigInvalid(file, [{ path: '', line: 0, message: error.message }]);
  }
}

/** A key without a value, as in `web:`, means its defaults, as it would with its line left out. */
function dropEmptyKeys(values: unknown): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return;
  for (const [key, value] of Object.entries(values)) if (value === null) Reflect.deleteProperty(values, key);
}

function addEnvironmentExporter(values: Record<string, unknown>, environment: Environment): void {
  const configured = values['export'];
  if (configured !== undefined && (typeof configured !== 'object' || configured === null)) return;
  if (configured !== undefined && 'otlp' in configured) return;
  const exporter = environmentExporter(environment);
  if (exporter !== undefined) values['export'] = { ...configured, otlp: { environment: exporter } };
}

function problemsOf(issue: z.core.$ZodIssue, lineOf: (path: readonly PropertyKey[]) => number): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path: pathText(path), line: lineOf(path), message: unknownKey(issue.path, key) };
    });
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: pathText(issue.path), line: lineOf(issue.path), message }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The alternative that fails deepest is the one that was meant.
    const meant = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    return meant.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, lineOf));
  }
  return [{ path: pathText(issue.path), line: lineOf(issue.path), message: issue.message }];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
}

function unknownKey(parent: readonly PropertyKey[], key: string): string {
  const suggestion = nearest(key, knownKeys(parent));
  return `unknown key${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
}

/** Keys the schema knows at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = fileSchema;
  for (const step of [...path, undefined]) {
    schema = unwrap(schema);
    if (step === undefined) break;
    const { shape, valueType, element } = (schema as { def: Record<string, unknown> }).def as {
      shape?: Record<string, unknown>;
      valueType?: unknown;
      element?: unknown;
    };
    schema = shape?.[String(step)] ?? valueType ?? element;
    if (schema === undefined) return [];
  }
  const { def } = schema as { def: { shape?: object; options?: { def: { shape?: object } }[] } };
  const shapes = def.options === undefined ? [def.shape] : def.options.map((option) => option.def.shape);
  return shapes.flatMap((shape) => Object.keys(shape ?? {}));
}

function unwrap(schema: unknown): unknown {
  let inner = schema as { def: { innerType?: unknown; in?: unknown } };
  while (inner.def.innerType !== undefined || inner.def.in !== undefined)
    inner = (inner.def.innerType ?? inner.def.in) as typeof inner;
  return inner;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

/** Line of the key a path ends in, or of the nearest parent that stands in the file. */
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
