// Reads, completes and checks the configuration. The only reader of the environment in the collector.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { EvenkeelError } from '../errors.ts';
import { substitute } from './environment.ts';
import { type ConfigDocument, type ConfigText, LayeredDocuments } from './layers.ts';
import { crossCheck } from './cross-checks.ts';
import { type EnvironmentExporter, environmentExporter, nameVariables } from './exporters.ts';
import { lockFields } from './listener.ts';
import { type Machine, NO_MACHINE } from './machine.ts';
import { houseWords } from './problem-words.ts';
import { ConfigInvalid, pathText, type Problem, problemsOf } from './problems.ts';
import { type Config, fileSchema, OPTIONAL_ROOMS } from './schema.ts';

export { ConfigInvalid, type Problem };
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value set beside the file, as by `--set web.port=4321`; it wins over the file. */
export interface Override {
  readonly path: readonly string[];
  /** YAML. */
  readonly value: string;
}

/**
 * Loads a configuration from its files, or the defaults where none is named. Of several files maps are merged, and of
 * everything else the last file that says it wins. `preset:NAME` is one that comes with the program.
 *
 * @param machine where it will run; without it, files that the configuration names are not looked at
 * @throws CONFIG_UNREADABLE, ConfigInvalid with every problem
 */
export function loadConfig(
  files: readonly string[],
  overrides: readonly Override[],
  environment: Environment,
  machine: Machine = NO_MACHINE,
): Config {
  return parseTogether(files.length === 0 ? [DEFAULTS] : files.map(readText), overrides, environment, machine);
}

/** In the package, where packing puts a copy; in the repository. */
const PRESET_FOLDERS = ['../../otel-config/presets', '../../../otel-config/presets'];

const DEFAULTS: ConfigText = { file: 'defaults', text: '' };

function readText(file: string): ConfigText {
  try {
    return { file, text: readFileSync(presetPath(file) ?? file, 'utf8') };
  } catch (cause) {
    throw new EvenkeelError('CONFIG_UNREADABLE', file, { cause });
  }
}

/** Finds what comes with the program: `preset:targets`. @returns undefined where that is not what is named */
function presetPath(file: string): string | undefined {
  const [, name] = /^preset:([a-z-]+)$/.exec(file) ?? [];
  const paths = PRESET_FOLDERS.map((folder) => fileURLToPath(new URL(`${folder}/${name}.yaml`, import.meta.url)));
  return name === undefined ? undefined : (paths.find((path) => existsSync(path)) ?? paths[0]);
}

/** Checks configuration text. `file` only names it in problems. @throws ConfigInvalid */
export function parseConfig(
  text: string,
  file: string,
  overrides: readonly Override[] = [],
  environment: Environment = {},
  machine: Machine = NO_MACHINE,
): Config {
  return parseTogether([{ file, text }], overrides, environment, machine);
}

/** Checks texts that are one configuration together, the first one least. @throws ConfigInvalid */
export function parseTogether(
  texts: readonly ConfigText[],
  overrides: readonly Override[],
  environment: Environment,
  machine: Machine = NO_MACHINE,
): Config {
  const layers = new LayeredDocuments(texts);
  const { file, placeOf } = layers;
  const problems: Problem[] = [];
  for (const { document, placeIn } of layers.documents) {
    substitute(document, environment, (path, message) => {
      problems.push({ path: pathText(path), ...placeIn(path), message });
    });
  }
  applyOverrides(layers, overrides, problems);
  const values = layers.values((each) => {
    dropEmptyKeys(each);
    for (const room of Object.values(each)) dropEmptyKeys(room);
  });
  const off = OPTIONAL_ROOMS.filter((room) => values[room] === false);
  for (const room of off) delete values[room];
  const fromEnvironment = addEnvironmentExporter(values, environment);
  const told = (found: readonly Problem[]): Problem[] => nameVariables(found, fromEnvironment);
  problems.push(...(fromEnvironment?.problems ?? []));
  const result = fileSchema.safeParse(values, { error: houseWords });
  if (!result.success) {
    // A variable that is not set is one problem, not also a wrong value.
    const unset = new Set(problems.map(({ path }) => path));
    const found = result.error.issues.flatMap((issue) => problemsOf(issue, fileSchema, placeOf));
    problems.push(...told(found.filter(({ path }) => !unset.has(path))));
    throw new ConfigInvalid(file, problems);
  }
  const config: Config = { ...result.data, ...Object.fromEntries(off.map((room) => [room, false])) };
  const crossed = crossCheck(config, machine);
  problems.push(...told(crossed.map((each) => ({ ...each, ...placeOf(each.path.split(/[.[\]]+/)) }))));
  if (problems.length > 0) throw new ConfigInvalid(file, problems);
  return config;
}

function applyOverrides(layers: LayeredDocuments, overrides: readonly Override[], problems: Problem[]): void {
  for (const { path, value } of overrides) {
    const { document } = layers.ownerOf(path);
    const parsed = parseDocument(value);
    const report = (message: string): void => void problems.push({ path: path.join('.'), line: 0, message });
    if (parsed.errors.length > 0) report('the value set is no YAML');
    else if (!hasPlace(document, path)) report('cannot be set: a key above it has a plain value');
    else document.setIn(path, parsed.contents);
  }
}

/** Tells whether every key above the last is a map or a list, or not there yet. */
function hasPlace(document: ConfigDocument, path: readonly string[]): boolean {
  return path.slice(0, -1).every((_, i) => {
    const above: unknown = document.getIn(path.slice(0, i + 1), true);
    return above === undefined || isMap(above) || isSeq(above) || (isScalar(above) && above.value === null);
  });
}

/**
 * A key without a value, as in `web:`, means its defaults, as it would with its line left out. A lock without a value
 * stays and is a problem: whoever wrote it did not mean an open door.
 */
function dropEmptyKeys(values: unknown): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return;
  for (const [key, value] of Object.entries(values))
    if (value === null && !Object.hasOwn(lockFields, key)) Reflect.deleteProperty(values, key);
}

/** @returns what was added; nothing where the file says where to export */
function addEnvironmentExporter(
  values: Record<string, unknown>,
  environment: Environment,
): EnvironmentExporter | undefined {
  const configured = values['export'];
  if (configured !== undefined && (typeof configured !== 'object' || configured === null)) return undefined;
  if (configured !== undefined && 'otlp' in configured) return undefined;
  const exporter = environmentExporter(environment);
  if (exporter !== undefined) values['export'] = { ...configured, otlp: { [exporter.name]: exporter.block } };
  return exporter;
}
