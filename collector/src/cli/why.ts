// `evenkeel why TRACE-ID`: asks a running sidecar why it kept or dropped a trace.
import type { DecisionAnswer } from '../web/api.ts';
import { EXIT, readArguments, UsageError } from './arguments.ts';
import { askSidecar, sidecarUrl } from './ask-sidecar.ts';
import { whyText } from './why-text.ts';

export const HELP = `evenkeel why TRACE-ID [--url http://127.0.0.1:4320] [--json]

Asks a running sidecar why it kept or dropped a trace, and what would have kept it.
Where its page asks for a token, EVENKEEL_TOKEN in the environment is sent.
Exit code 0: kept, dropped or pending, 1: no answer, 2: wrong arguments, 3: not seen.
`;

/** Beside those every command has. */
const NOT_SEEN = 3;

/** @returns the exit code */
export async function why(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { traceId, url, json } = whyArguments(args);
  const path = `api/traces/${traceId}/decision`;
  const answer = await askSidecar<DecisionAnswer>(new URL(path, url), environment, 'state');
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : whyText(answer));
  return answer.state === 'unseen' ? NOT_SEEN : EXIT.ok;
}

interface WhyArguments {
  readonly traceId: string;
  /** Ends in a slash. */
  readonly url: URL;
  readonly json: boolean;
}

function whyArguments(args: readonly string[]): WhyArguments {
  const { values, positionals } = readArguments(args, { url: { type: 'string' }, json: { type: 'boolean' } });
  const [traceId = ''] = positionals;
  if (positionals.length !== 1) throw new UsageError('expected: evenkeel why TRACE-ID');
  if (!/^[0-9a-f]{32}$/i.test(traceId)) throw new UsageError('a trace id has 32 hexadecimal digits');
  return { traceId: traceId.toLowerCase(), url: sidecarUrl(values.url), json: values.json ?? false };
}
