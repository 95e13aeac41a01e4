// `evenkeel config …`: what is wrong with a configuration, and whether it decides as intended, before anything starts.
import { ConfigInvalid, loadConfig } from '../config/load.ts';
import { thisMachine } from '../config/machine.ts';
import { type ConfigArguments, configArguments, EXIT, UsageError } from './arguments.ts';
import { configTest } from './config-test.ts';

export const HELP = `evenkeel config check FILE [--set path=value …] [--json]
evenkeel config test FILE… [--set path=value …] [--json]

check  lists every problem of a configuration with its line, and of the certificate and token files
       it names. Exit code 0: valid, 1: not.
test   runs tests of a configuration, spans in and decisions out, without starting anything.
       Exit code 0: all passed, 1: not.
`;

/** @returns the exit code */
export function config(args: readonly string[], environment: NodeJS.ProcessEnv): number | Promise<number> {
  const given = configArguments(args);
  const [verb, ...files] = given.positionals;
  if (verb === 'test' && files.length > 0 && given.file === undefined)
    return configTest(files, given.overrides, environment, given.json);
  if (verb === 'check' && files.length <= 1) return check(files[0] ?? given.file, given, environment);
  throw new UsageError('expected: evenkeel config check FILE, or evenkeel config test FILE…');
}

function check(file: string | undefined, { overrides, json }: ConfigArguments, environment: NodeJS.ProcessEnv): number {
  if (file === undefined) throw new UsageError('expected: evenkeel config check FILE');
  try {
    loadConfig(file, overrides, environment, thisMachine());
  } catch (error) {
    if (!json || !(error instanceof ConfigInvalid)) throw error;
    process.stdout.write(`${JSON.stringify({ valid: false, problems: error.problems })}\n`);
    return EXIT.failed;
  }
  process.stdout.write(json ? '{"valid":true,"problems":[]}\n' : `${file} is valid\n`);
  return EXIT.ok;
}
