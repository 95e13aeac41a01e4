// `evenkeel config check FILE`: everything wrong with a configuration, before anything starts.
import { ConfigInvalid, loadConfig } from '../config/load.ts';
import { EXIT, UsageError, configArguments } from './arguments.ts';

export const HELP = `evenkeel config check FILE [--set path=value …] [--json]

Checks a configuration and lists every problem with its line. Exit code 0: valid, 1: not.
`;

/** @returns the exit code */
export function config(args: readonly string[], environment: NodeJS.ProcessEnv): number {
  const { overrides, json, positionals, file: named } = configArguments(args);
  const [verb, file = named] = positionals;
  if (verb !== 'check' || file === undefined || positionals.length > 2)
    throw new UsageError('expected: evenkeel config check FILE');
  try {
    loadConfig(file, overrides, environment);
  } catch (error) {
    if (!json || !(error instanceof ConfigInvalid)) throw error;
    process.stdout.write(`${JSON.stringify({ valid: false, problems: error.problems })}\n`);
    return EXIT.failed;
  }
  process.stdout.write(json ? '{"valid":true,"problems":[]}\n' : `${file} is valid\n`);
  return EXIT.ok;
}
