// The `evenkeel` command: finds the subcommand, turns errors into one clear message and an exit code.
import { EXIT, UsageError } from './cli/arguments.ts';
import { baseline, HELP as BASELINE_HELP } from './cli/baseline.ts';
import { config, HELP as CONFIG_HELP } from './cli/config.ts';
import { HELP as KEEP_HELP, keep } from './cli/keep.ts';
import { HELP as RUN_HELP, run } from './cli/run.ts';
import { HELP as WHY_HELP, why } from './cli/why.ts';
import { EvenkeelError } from './errors.ts';
import { VERSION } from './version.ts';

const HELP = `evenkeel ${VERSION}

  evenkeel run [--config FILE]       run the sidecar
  evenkeel config check FILE         check a configuration
  evenkeel config test FILE…         run tests of a configuration
  evenkeel why TRACE-ID              why a trace was kept or dropped
  evenkeel keep --trace ID           keep a trace, a service or an operation for a time
  evenkeel baseline scan FILE        what recorded calls would have been told of
  evenkeel baseline check FILE       whether a run is slower than recorded baselines
  evenkeel COMMAND --help            more about a command
  evenkeel --version
`;

type Command = (args: readonly string[], environment: NodeJS.ProcessEnv) => number | Promise<number>;

const COMMANDS: Readonly<Record<string, { run: Command; help: string }>> = {
  run: { run, help: RUN_HELP },
  config: { run: config, help: CONFIG_HELP },
  why: { run: why, help: WHY_HELP },
  keep: { run: keep, help: KEEP_HELP },
  baseline: { run: baseline, help: BASELINE_HELP },
};

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') return print(`${VERSION}\n`);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return print(HELP);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`evenkeel: unknown command ${name}\n\n${HELP}`);
    return EXIT.usage;
  }
  if (args.includes('--help') || args.includes('-h')) return print(command.help);
  try {
    return await command.run(args, process.env);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`evenkeel ${name}: ${error.message}\n\n${command.help}`);
      return EXIT.usage;
    }
    if (!(error instanceof EvenkeelError)) throw error;
    process.stderr.write(`evenkeel: ${error.message}\n  hint: ${error.hint}\n`);
    // A parent's channel would keep the process alive.
    if (process.connected === true) process.disconnect();
    return EXIT.failed;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.ok;
}
