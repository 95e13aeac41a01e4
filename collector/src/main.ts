// The `evenkeel` command: finds the subcommand, turns errors into one clear message and an exit code.
import { EXIT, UsageError } from './cli/arguments.ts';
import { EvenkeelError } from './errors.ts';
import { VERSION } from './version.ts';

const HELP = `evenkeel ${VERSION}

  evenkeel run [--config FILE]       run the sidecar
  evenkeel config check FILE         check a configuration
  evenkeel config test FILE…         run tests of a configuration
  evenkeel why TRACE-ID              why a trace was kept or dropped
  evenkeel keep --trace ID           keep a trace, a service or an operation for a time
  evenkeel baseline scan FILE        what recorded calls would have been told of
  evenkeel alert test                send a test notification through each channel
  evenkeel alert list                what is alerted; ack, silence, unsilence, useful
  evenkeel baseline list             what a running sidecar watches
  evenkeel baseline show NAME        what is normal for an operation
  evenkeel baseline check FILE       whether a run is slower than recorded baselines
  evenkeel report daily              what happened on a day, in a week or a month
  evenkeel store backup FILE         copy what was learned; verify, restore
  evenkeel COMMAND --help            more about a command
  evenkeel --version
`;

interface Command {
  run(args: readonly string[], environment: NodeJS.ProcessEnv): number | Promise<number>;
  readonly help: string;
}

/** Each imports what it needs, and nobody what another needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => {
    const { run, HELP: help } = await import('./cli/run.ts');
    return { run, help };
  },
  config: async () => {
    const { config, HELP: help } = await import('./cli/config.ts');
    return { run: config, help };
  },
  why: async () => {
    const { why, HELP: help } = await import('./cli/why.ts');
    return { run: why, help };
  },
  keep: async () => {
    const { keep, HELP: help } = await import('./cli/keep.ts');
    return { run: keep, help };
  },
  report: async () => {
    const { report, HELP: help } = await import('./cli/report.ts');
    return { run: report, help };
  },
  store: async () => {
    const { store, HELP: help } = await import('./cli/store.ts');
    return { run: store, help };
  },
  baseline: async () => {
    const { baseline, HELP: help } = await import('./cli/baseline.ts');
    return { run: baseline, help };
  },
  alert: async () => {
    const { alert, HELP: help } = await import('./cli/alert.ts');
    return { run: alert, help };
  },
};

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') return print(`${VERSION}\n`);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return print(HELP);
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    process.stderr.write(`evenkeel: unknown command ${name}\n\n${HELP}`);
    return EXIT.usage;
  }
  const command = await load();
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
