// `evenkeel keep`: asks a running sidecar to keep a trace, or everything of a service or operation, for a time.
import { parseArgs } from 'node:util';
import type { PinWish } from '../sample/contract.ts';
import { EXIT, UsageError } from './arguments.ts';
import { askSidecar, sidecarUrl } from './ask-sidecar.ts';

export const HELP = `evenkeel keep (--trace ID | --service NAME [--operation NAME]) [--for 10m] [--url http://127.0.0.1:4320] [--json]

Asks a running sidecar to keep a trace, or every trace of a service or of one of its operations, from now on for a
time: also those that no policy would keep. Traces decided before stay as they were decided.
What is kept so carries no sampling threshold, because it says nothing about the rest.
Where its page asks for a token, EVENKEEL_TOKEN in the environment is sent.
Exit code 0: taken, 1: not taken, 2: wrong arguments.
`;

/** @returns the exit code */
export async function keep(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { wish, url, json } = keepArguments(args);
  const taken = await askSidecar<PinWish>(new URL('api/pins', url), environment, 'forMs', wish);
  const { traceId, service = '', operation, forMs } = taken;
  const what =
    traceId === undefined ? `${service}${operation === undefined ? '' : ` ${operation}`}` : `trace ${traceId}`;
  process.stdout.write(json ? `${JSON.stringify(taken)}\n` : `${what} is kept for ${forMs / 1000} s\n`);
  return EXIT.ok;
}

function keepArguments(args: readonly string[]): { wish: object; url: URL; json: boolean } {
  const string = { type: 'string' } as const;
  let values;
  try {
    const options = { trace: string, service: string, operation: string, for: string, url: string };
    ({ values } = parseArgs({ args: [...args], options: { ...options, json: { type: 'boolean' } } }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { trace, service, operation } = values;
  if ((trace === undefined) === (service === undefined) || (operation !== undefined && service === undefined))
    throw new UsageError('expected: --trace ID, or --service NAME with or without --operation NAME');
  const wish = {
    ...(trace === undefined ? {} : { trace_id: trace }),
    ...(service === undefined ? {} : { service }),
    ...(operation === undefined ? {} : { operation }),
    ...(values.for === undefined ? {} : { for: values.for }),
  };
  return { wish, url: sidecarUrl(values.url), json: values.json ?? false };
}
