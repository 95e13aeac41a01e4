// `evenkeel baseline …`: what a baseline would have said of recorded calls, and baselines as documents beside the code.
import { existsSync } from 'node:fs';
import { EXIT, UsageError } from './arguments.ts';
import { CHANGE_HELP, changeBaseline } from './baseline-change.ts';
import { baselineCheck } from './baseline-check.ts';
import { baselineLearn, baselineList, baselineShow } from './baseline-documents.ts';
import { scanLines } from './baseline-scan.ts';
import { exportBaselines, importBaselines, TRANSFER_HELP } from './baseline-transfer.ts';
import { openedCalls } from './recorded-calls.ts';

export const HELP = `evenkeel baseline scan FILE
evenkeel baseline learn FILE --out baselines.json
evenkeel baseline check --against baselines.json FILE [--tolerance 0.2] [--normalize]
                        [--junit FILE] [--markdown FILE] [--json]
evenkeel baseline list FILE [--json]
evenkeel baseline show FILE OPERATION
evenkeel baseline list [TEXT] [--url http://127.0.0.1:4320] [--json]
evenkeel baseline show NAME [--url http://127.0.0.1:4320] [--json]
evenkeel baseline accept|reset SERVICE OPERATION [--url http://127.0.0.1:4320] [--json]
evenkeel baseline export [--out baselines.json] [--url http://127.0.0.1:4320]
evenkeel baseline import FILE [--replace] [--url http://127.0.0.1:4320] [--json]

Recorded calls are one JSON object a line in order of their end; FILE may be - for standard input:
  {"t_ms":1700000000000,"op":"orders.create","duration_ms":12.5,"error":0}
The first line may be {"meta":{"learn_until_ms":…,"season_ms":…,"end_ms":…,"service":…,"service_version":…}}, a line without
op is a tick of the clock, and a call may have a service, kind and service_version of its own.
Spans are read as well: OTLP as JSON, a request a line, or as protobuf in a file named .pb, .binpb or .otlp.

scan   writes what would have been said of the calls and when. A line of output is a change of state; severity "none"
       ends a violation. Exit code 0: read to the end, 1: it could not be read, 2: wrong arguments.
learn  writes the baselines of a run, until learn_until_ms where there is one. --out - is standard output.
check  holds a run against baselines. Exit code 0: fine, 1: a regression, 2: wrong arguments, 3: nothing could be judged.
       --tolerance is what two runs of the same build may differ by: 0.2 allows for 1.2 times. --normalize divides out by
       what all operations are slower or faster alike, as on another machine.
list   and show say what is in a document of baselines (where FILE is there), or what a running sidecar watches: every
       operation, or what is known of one and how soon a change of it would be seen. NAME is an operation with or without
       its service before it. Where the sidecar asks for a token, EVENKEEL_TOKEN in the environment is sent.
       Exit code 1: it could not be read, or no answer, 3: not watched.

${CHANGE_HELP}
${TRANSFER_HELP}`;

type Action = (args: readonly string[]) => number | Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = {
  scan,
  learn: baselineLearn,
  check: baselineCheck,
  list: baselineList,
  show: baselineShow,
};

/** @returns the exit code */
export async function baseline(
  [name = '', ...args]: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<number> {
  // A document is a file that is there; what is none is looked for in a running sidecar.
  const isDocument = args.some((argument) => !argument.startsWith('-') && existsSync(argument));
  if ((name === 'list' || name === 'show') && !isDocument)
    return (await import('./baseline-live.ts')).baselineLive([name, ...args], environment);
  if (name === 'accept' || name === 'reset') return changeBaseline(name, args, environment);
  if (name === 'export') return exportBaselines(args, environment);
  if (name === 'import') return importBaselines(args, environment);
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined)
    throw new UsageError(
      `expected: evenkeel baseline ${[...Object.keys(ACTIONS), 'accept', 'reset', 'export', 'import'].join('|')}`,
    );
  return action(args);
}

async function scan(args: readonly string[]): Promise<number> {
  const [file, ...rest] = args;
  if (file === undefined || rest.length > 0) throw new UsageError('expected: evenkeel baseline scan FILE');
  const input = await openedCalls(file);
  // Who reads no further has seen enough, as head does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
  );
  await scanLines(input, process.stdout);
  return EXIT.ok;
}
