// Reads a declarative configuration file and says everything that is wrong with it, each with its line.
// It starts nothing; environment variables inside of values are put in as the specification says.
import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parse, parseDocument, Scalar } from 'yaml';
import { EvenkeelError } from '../errors.ts';
import type { Environment } from '../options.ts';
import type { Model } from './model.ts';
import { FILE } from './nodes.ts';
import type { Shape } from './shapes.ts';

/** A file is written by hand; deeper than this is an alias that contains itself. */
const MAX_DEPTH = 32;

/** Problems told at once; a file of another kind has one in every line. */
const MAX_PROBLEMS = 50;

/**
 * Reads and checks the file at `path`.
 *
 * @throws CONFIG_FILE_INVALID with all problems, one a line, each as `path:line: what`
 */
export function readConfigFile(path: string, environment: Environment): Model {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    throw new EvenkeelError('CONFIG_FILE_INVALID', `${path}: ${(error as Error).message}`, { cause: error });
  }
  return parseConfig(source, path, environment);
}

/** Checks the text of a file; `path` is only for messages. @throws as {@link readConfigFile} */
export function parseConfig(source: string, path: string, environment: Environment): Model {
  const lines = new LineCounter();
  const document = parseDocument(source, { version: '1.2', lineCounter: lines, prettyErrors: false });
  const problems: string[] = [];
  const tell = (offset: number | undefined, what: string): void => {
    const problem = `${path}:${lines.linePos(offset ?? 0).line}: ${what}`;
    if (problems.length < MAX_PROBLEMS && !problems.includes(problem)) problems.push(problem);
  };
  for (const error of document.errors) tell(error.pos[0], error.message);
  let model: unknown;
  if (problems.length === 0) {
    const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
    model = createReader(tell, resolve, environment)(document.contents, FILE, 'the file', 0, 0);
    if (model === null) tell(0, 'the file must be a map');
    checkFormat(model, tell);
  }
  if (problems.length > 0) throw new EvenkeelError('CONFIG_FILE_INVALID', problems.join('\n'));
  return withServiceName(model as Model, environment['OTEL_SERVICE_NAME']?.trim());
}

/** The detector of services is the one that looks into the environment (schema, ExperimentalServiceResourceDetector). */
function withServiceName(model: Model, serviceName: string | undefined): Model {
  const detection = model.resource?.['detection/development'];
  if (!detection?.detectors?.some((each) => 'service' in each) || !serviceName) return model;
  return { ...model, resource: { ...model.resource, 'detection/development': { ...detection, serviceName } } };
}

type Tell = (offset: number | undefined, what: string) => void;
/** Reads one node as its shape says; `at` is where its key stands. */
type Read = (node: unknown, shape: Shape, name: string, at: number, depth: number) => unknown;

function createReader(tell: Tell, resolve: (node: unknown) => unknown, environment: Environment): Read {
  const readPlain = createPlainReader(tell, resolve, environment);
  const read: Read = (given, shape, name, at, depth) => {
    const node = resolve(given);
    if (depth > MAX_DEPTH) return void tell(at, `${name} is nested too deeply`);
    const value = isScalar(node) ? scalarValue(node, environment, (what) => tell(node.range?.[0], what)) : node;
    if (shape.kind === 'refused') return void tell(at, `${name} is refused: ${shape.why}`);
    if (value === null || value === undefined) return null;
    if (shape.kind === 'any') return readPlain(node, at, depth);
    if (shape.kind === 'list') {
      if (!isSeq(node)) return void tell(at, `${name} must be a list`);
      if (node.items.length < (shape.min ?? 0)) return void tell(at, `${name} must not be empty`);
      return node.items.map((item) => read(item, shape.of, `an entry of ${name}`, offsetOf(item) ?? at, depth + 1));
    }
    if (shape.kind === 'node' || shape.kind === 'choice' || shape.kind === 'map') {
      if (!isMap(node)) return void tell(at, `${name} must be a map`);
      return readMap(node.items as Pair<unknown, unknown>[], shape, name, at, depth);
    }
    const problem = scalarProblem(isScalar(node) || isSeq(node) ? plain(value, environment) : value, shape);
    if (problem !== undefined) return void tell(offsetOf(node) ?? at, `${name} ${problem}`);
    return isSeq(node) ? plain(node, environment) : shape.kind === 'empty' ? null : value;
  };

  function readMap(
    pairs: readonly Pair<unknown, unknown>[],
    shape: Extract<Shape, { kind: 'node' | 'choice' | 'map' }>,
    name: string,
    at: number,
    depth: number,
  ): unknown {
    const found: Record<string, unknown> = {};
    for (const pair of pairs) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const keyAt = offsetOf(pair.key) ?? at;
      const field = fieldOf(shape, key);
      if (field === undefined) tell(keyAt, `unknown or unsupported node "${key}" in ${name}`);
      else found[key] = read(pair.value, field, key, keyAt, depth + 1);
      if (shape.kind === 'choice' && field !== undefined && found[key] === null) {
        for (const problem of unfilled(field)) tell(keyAt, `${key} ${problem}`);
      }
    }
    for (const key of shape.kind === 'node' ? shape.required : []) {
      if (!(key in found) || found[key] === null) tell(at, `${name} needs "${key}"`);
    }
    const problem = shape.kind === 'node' ? shape.check?.(found) : undefined;
    if (problem !== undefined) tell(at, `${name} ${problem}`);
    if (shape.kind === 'choice' && pairs.length !== 1) {
      const names = Object.entries(shape.fields).flatMap(([key, { kind }]) => (kind === 'refused' ? [] : [key]));
      tell(at, `${name} must have exactly one of ${names.join(', ')}`);
    }
    return found;
  }

  return read;
}

/** Reads nodes as they stand in the file, but for variables. */
function createPlainReader(
  tell: Tell,
  resolve: (node: unknown) => unknown,
  environment: Environment,
): (node: unknown, at: number, depth: number) => unknown {
  return function read(given, at, depth): unknown {
    const node = resolve(given);
    if (depth > MAX_DEPTH) return void tell(at, 'a node is nested too deeply');
    if (isScalar(node)) return scalarValue(node, environment, (what) => tell(offsetOf(node), what));
    if (isSeq(node)) return node.items.map((item) => read(item, offsetOf(item) ?? at, depth + 1));
    if (!isMap(node)) return null;
    const entries = (node.items as Pair<unknown, unknown>[]).map(({ key, value }) => [
      String(isScalar(key) ? key.value : key),
      read(value, offsetOf(key) ?? at, depth + 1),
    ]);
    return Object.fromEntries(entries);
  };
}

/** The shape of what stands under a key; undefined where nothing may. */
function fieldOf(shape: Extract<Shape, { kind: 'node' | 'choice' | 'map' }>, key: string): Shape | undefined {
  if (shape.kind === 'map') return shape.of(key);
  if (Object.hasOwn(shape.fields, key)) return shape.fields[key];
  return shape.kind === 'node' ? shape.others : undefined;
}

/** What a variant that is only named lacks, as ends of sentences. */
function unfilled(shape: Shape): string[] {
  if (shape.kind === 'choice') return ['must be a map'];
  return shape.kind === 'node' ? shape.required.map((key) => `needs "${key}"`) : [];
}

/** What is wrong with a scalar, as the end of a sentence; undefined when nothing is. */
function scalarProblem(value: unknown, shape: Shape): string | undefined {
  if (shape.kind === 'boolean') return booleanProblem(value, shape.only);
  if (shape.kind === 'empty') {
    const isEmpty = isMap(value) && value.items.length === 0;
    return isEmpty ? undefined : 'takes no settings';
  }
  if (shape.kind === 'scalar') {
    const values = Array.isArray(value) ? value : [value];
    return values.every((one) => one === null || typeof one !== 'object')
      ? undefined
      : 'must be a scalar or a list of them';
  }
  if (shape.kind === 'string') {
    if (typeof value !== 'string') return 'must be text';
    if (shape.oneOf && !shape.oneOf.includes(value)) return `must be one of ${shape.oneOf.join(', ')}`;
    return shape.check?.(value);
  }
  if (shape.kind !== 'number') return undefined;
  if (typeof value !== 'number' || Number.isNaN(value)) return 'must be a number';
  if (shape.isReal !== true && !Number.isInteger(value)) return 'must be a whole number';
  const max = shape.max ?? Infinity;
  if (value >= shape.min && value <= max) return undefined;
  if (max === shape.min) return `must be ${max}`;
  return max === Infinity ? `must be at least ${shape.min}` : `must be between ${shape.min} and ${max}`;
}

function booleanProblem(value: unknown, only: Extract<Shape, { kind: 'boolean' }>['only']): string | undefined {
  if (typeof value !== 'boolean') return 'must be true or false';
  return only !== undefined && value !== only.value ? `must be ${only.value}: ${only.why}` : undefined;
}

/** Lists inside of a scalar shape become arrays; everything else stays as it is. */
function plain(node: unknown, environment: Environment): unknown {
  if (!isSeq(node)) return node;
  return node.items.map((item) => (isScalar(item) ? scalarValue(item, environment, () => {}) : item));
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0];
}

function checkFormat(model: unknown, tell: Tell): void {
  const format = (model as Model | null)?.file_format;
  if (format !== undefined && format !== null && !/^1\.[01](?:-|$)/.test(format)) {
    tell(0, `file_format must be "1.0" or "1.1": ${format}`);
  }
}

/**
 * Puts environment variables into a value; what was written without quotes may so become a number or a flag.
 *
 * @see OpenTelemetry specification, configuration data model, environment variable substitution
 */
function scalarValue(node: Scalar, environment: Environment, tell: (what: string) => void): unknown {
  const { value } = node;
  if (typeof value !== 'string' || !value.includes('$')) return value;
  const replaced = value.replace(/\$\$|\$\{([^}]*)\}/g, (match, inside: string | undefined) => {
    if (inside === undefined) return '$';
    const reference = /^(?:env:)?([a-zA-Z_]\w*)(?::-([^\n]*))?$/.exec(inside);
    if (!reference) tell(`${match} is no reference to an environment variable`);
    return environment[reference?.[1] ?? ''] || (reference?.[2] ?? '');
  });
  if (node.type !== Scalar.PLAIN) return replaced;
  if (replaced === '') return null;
  try {
    // Warnings would tell the value, which may be a secret.
    const parsed: unknown = parse(replaced, { version: '1.2', logLevel: 'error' });
    return typeof parsed === 'number' || typeof parsed === 'boolean' || parsed === null ? parsed : replaced;
  } catch {
    return replaced;
  }
}
