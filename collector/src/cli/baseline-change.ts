// `evenkeel baseline reset|accept`: asks a running sidecar to learn an operation anew.
import { EXIT, readArguments, UsageError } from './arguments.ts';
import { askSidecar, sidecarUrl } from './ask-sidecar.ts';

export const CHANGE_HELP = `evenkeel baseline accept SERVICE OPERATION [--url http://127.0.0.1:4320] [--json]
evenkeel baseline reset SERVICE OPERATION [--url http://127.0.0.1:4320] [--json]

Both end what an operation is in violation of, and learn it from now on. After accept what it does now is normal, and what
was normal is kept as a former baseline; after reset what was learned was wrong, and is forgotten.
Where the page asks for a token, EVENKEEL_TOKEN in the environment is sent.
Exit code 0: it is learned anew, 1: it is not, 2: wrong arguments.
`;

const SAYS = { accept: 'is accepted as it is, and learned from now on', reset: 'is learned anew' } as const;

/** @returns the exit code */
export async function changeBaseline(
  change: keyof typeof SAYS,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const { values, positionals } = readArguments(args, { url: { type: 'string' }, json: { type: 'boolean' } });
  // Names have spaces, and shells take quotes away.
  const name = positionals.join(' ');
  if (name === '') throw new UsageError(`expected: evenkeel baseline ${change} SERVICE OPERATION`);
  const url = new URL(`api/baselines/${change}`, sidecarUrl(values.url));
  const answer = await askSidecar<{ readonly changed: readonly string[] }>(url, environment, 'changed', { name });
  const lines = answer.changed.map((each) => `${each} ${SAYS[change]}\n`).join('');
  process.stdout.write(values.json === true ? `${JSON.stringify(answer)}\n` : lines);
  return EXIT.ok;
}
