// `evenkeel baseline …`: what a baseline would have said of recorded calls.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { EvenkeelError } from '../errors.ts';
import { EXIT, UsageError } from './arguments.ts';
import { CHANGE_HELP, changeBaseline } from './baseline-change.ts';
import { scanLines } from './baseline-scan.ts';

export const HELP = `evenkeel baseline scan FILE
evenkeel baseline list [TEXT] [--url http://127.0.0.1:4320] [--json]
evenkeel baseline show NAME [--url http://127.0.0.1:4320] [--json]
evenkeel baseline accept|reset SERVICE OPERATION [--url http://127.0.0.1:4320] [--json]

scan reads recorded calls, one JSON object a line in order of their end, and writes what would have been said of them and when:
  {"t_ms":1700000000000,"op":"orders.create","duration_ms":12.5,"error":0}
The first line may be {"meta":{"learn_until_ms":…,"season_ms":…,"end_ms":…}}, a line without op is a tick of the clock.
FILE may be - for standard input. A line of output is a change of state; severity "none" ends a violation.

list and show ask a running sidecar what it watches: every operation, or what is known of one and how soon a change of it
would be seen. NAME is an operation with or without its service before it, TEXT a part of that.
Where the sidecar asks for a token, EVENKEEL_TOKEN in the environment is sent.
Exit code 0: done, 1: it could not be read, or no answer, 2: wrong arguments, 3: not watched.

${CHANGE_HELP}`;

/** @returns the exit code */
export async function baseline(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<number> {
  const [action, file, ...rest] = args;
  if (action === 'accept' || action === 'reset') return changeBaseline(action, args.slice(1), environment);
  if (action === 'list' || action === 'show')
    return (await import('./baseline-live.ts')).baselineLive(args, environment);
  if (action !== 'scan' || file === undefined || rest.length > 0)
    throw new UsageError('expected: evenkeel baseline scan FILE, list or show NAME');
  const input = file === '-' ? process.stdin : await opened(file);
  // Who reads no further has seen enough, as head does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
  );
  await scanLines(input, process.stdout);
  return EXIT.ok;
}

/** @throws BAD_RECORDING */
async function opened(file: string): Promise<Readable> {
  const stream = createReadStream(file);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new EvenkeelError('BAD_RECORDING', file, { cause: error });
  }
  return stream;
}
