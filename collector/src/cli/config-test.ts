// `evenkeel config test FILE…`: tests of a configuration, spans in and decisions out, without starting anything.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type Environment, loadConfig, type Override, parseConfig } from '../config/load.ts';
import { houseWords } from '../config/problem-words.ts';
import { ConfigInvalid, problemsOf, readYaml, valuesOf } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import { EvenkeelError } from '../errors.ts';
import { type ScenarioFile, scenarioFile } from '../scenario/format.ts';
import { runTest } from '../scenario/run.ts';
import { EXIT } from './arguments.ts';

/** What became of one test. */
export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  /** What was expected and did not come about; empty where it passed. */
  readonly problems: readonly string[];
}

/** What became of one file. */
export interface FileResult {
  readonly file: string;
  readonly tests: readonly TestResult[];
}

/** Runs every test of the files and prints what became of them. @returns the exit code */
export async function configTest(
  files: readonly string[],
  overrides: readonly Override[],
  environment: Environment,
  json: boolean,
): Promise<number> {
  const results: FileResult[] = [];
  for (const file of files) results.push(await testFile(file, overrides, environment));
  const tests = results.flatMap((each) => each.tests);
  const failed = tests.filter(({ passed }) => !passed).length;
  if (json) process.stdout.write(`${JSON.stringify({ passed: failed === 0, files: results })}\n`);
  else {
    const lines = results.flatMap((result) => [result.file, ...result.tests.flatMap(linesOf)]);
    process.stdout.write(`${[...lines, `${tests.length - failed} passed, ${failed} failed`].join('\n')}\n`);
  }
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

/**
 * Runs the tests of one file, each on a sampler of its own.
 *
 * @throws CONFIG_UNREADABLE, ConfigInvalid with every problem of the file or of the configuration it names
 */
export async function testFile(
  file: string,
  overrides: readonly Override[] = [],
  environment: Environment = {},
): Promise<FileResult> {
  const scenario = readScenario(file);
  const config = configOf(scenario, file, overrides, environment);
  const tests: TestResult[] = [];
  for (const test of scenario.tests) {
    const problems = await runTest(config, test);
    tests.push({ name: test.name, passed: problems.length === 0, problems });
  }
  return { file, tests };
}

function linesOf({ name, passed, problems }: TestResult): string[] {
  return [`  ${passed ? 'ok' : 'failed'}  ${name}`, ...problems.map((problem) => `          ${problem}`)];
}

function readScenario(file: string): ScenarioFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new EvenkeelError('CONFIG_UNREADABLE', file, { cause });
  }
  const { document, lineOf } = readYaml(text, file);
  const result = scenarioFile.safeParse(valuesOf(document, file), { error: houseWords });
  if (result.success) return result.data;
  throw new ConfigInvalid(
    file,
    result.error.issues.flatMap((issue) => problemsOf(issue, scenarioFile, (path) => ({ line: lineOf(path) }))),
  );
}

function configOf(
  { config }: ScenarioFile,
  file: string,
  overrides: readonly Override[],
  environment: Environment,
): Config {
  if (typeof config === 'string') return loadConfig([resolve(dirname(file), config)], overrides, environment);
  return parseConfig(stringify(config), `${file} config`, overrides, environment);
}
