// `evenkeel config …`: what is wrong with a configuration, and whether it decides as intended, before anything starts.
import { ConfigInvalid, loadConfig } from '../config/load.ts';
import { thisMachine } from '../config/machine.ts';
import { type ConfigArguments, configArguments, EXIT, UsageError } from './arguments.ts';
import { configTest } from './config-test.ts';

export const HELP = `evenkeel config check FILE… [--set path=value …] [--json]
evenkeel config test FILE… [--set path=value …] [--json]

check  lists every problem of a configuration with its line, and of the certificate and token files
       it names. Several files are one configuration, as for evenkeel run. Exit code 0: valid, 1: not.
test   runs tests of a configuration, spans in and decisions out, without starting anything.
       Exit code 0: all passed, 1: not.
`;

/** @returns the exit code */
export function config(args: readonly string[], environment: NodeJS.ProcessEnv): number | Promise<number> {
  const given = configArguments(args);
  const [verb, ...files] = given.positionals;
  if (verb === 'test' && files.length > 0 && given.files.length === 0)
    return configTest(files, given.overrides, environment, given.json);
  if (verb === 'check') return check([...given.files, ...files], given, environment);
  throw new UsageError('expected: evenkeel config check FILE, or evenkeel config test FILE…');
}

function check(files: readonly string[], { overrides, json }: ConfigArguments, environment: NodeJS.ProcessEnv): number {
  if (files.length === 0) throw new UsageError('expected: evenkeel config check FILE');
  try {
    loadConfig(files, overrides, environment, thisMachine());
  } catch (error) {
    if (!json || !(error instanceof ConfigInvalid)) throw error;
    process.stdout.write(`${JSON.stringify({ valid: false, problems: error.problems })}\n`);
    return EXIT.failed;
  }
  process.stdout.write(json ? '{"valid":true,"problems":[]}\n' : `${files.join(' with ')} is valid\n`);
  return EXIT.ok;
}
