// `evenkeel baseline list` and `show`: ask a running sidecar what it watches and what it knows.
import type { BaselineAnswer, BaselineLine, BaselinesAnswer } from '../web/api.ts';
import { EXIT, readArguments, UsageError } from './arguments.ts';
import { askSidecar, sidecarUrl } from './ask-sidecar.ts';
import { listText, showText } from './baseline-text.ts';

/** Beside those every command has. */
const NOT_WATCHED = 3;
/** Lines the sidecar gives at once. */
const LINES = 50;
/** Names in a message. */
const MAX_NAMED = 10;

/** @param args `list` or `show`, then what belongs to it @returns the exit code */
export async function baselineLive(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { action, name, url, json } = liveArguments(args);
  if (action === 'list') {
    const all = await allLines(url, environment, name);
    process.stdout.write(json ? `${JSON.stringify(all)}\n` : listText(all));
    return EXIT.ok;
  }
  const key = name.startsWith('[') ? name : await keyOf(url, environment, name);
  if (key === undefined) {
    process.stderr.write(`evenkeel: no operation of this name is watched: ${name}\n`);
    return NOT_WATCHED;
  }
  const path = `api/baselines/${encodeURIComponent(key)}`;
  const answer = await askSidecar<BaselineAnswer>(new URL(path, url), environment, 'progress');
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : showText(answer));
  return EXIT.ok;
}

/** Asks for one piece after the other: the sidecar has spans to take meanwhile. */
async function allLines(
  url: URL,
  environment: NodeJS.ProcessEnv,
  search: string,
): Promise<Pick<BaselinesAnswer, 'counts' | 'baselines'>> {
  const baselines: BaselineLine[] = [];
  for (;;) {
    const query = new URLSearchParams({ search, offset: String(baselines.length), limit: String(LINES) });
    const target = new URL(`api/baselines?${query}`, url);
    const answer = await askSidecar<BaselinesAnswer>(target, environment, 'baselines');
    baselines.push(...answer.baselines);
    if (answer.baselines.length === 0 || baselines.length >= answer.found) return { counts: answer.counts, baselines };
  }
}

/**
 * Finds the operation that is meant: one of exactly this name, or else the only one that has it in its own.
 *
 * @throws UsageError where several may be meant
 */
async function keyOf(url: URL, environment: NodeJS.ProcessEnv, name: string): Promise<string | undefined> {
  const { baselines } = await allLines(url, environment, name);
  const exact = baselines.filter(({ service, operation }) => operation === name || `${service} ${operation}` === name);
  const meant = exact.length > 0 ? exact : baselines;
  if (meant.length < 2) return meant[0]?.key;
  const keys = meant.slice(0, MAX_NAMED).map(({ key }) => `  '${key}'`);
  const more = meant.length > MAX_NAMED ? `\n  and ${meant.length - MAX_NAMED} more` : '';
  throw new UsageError(`several operations may be meant; say which:\n${keys.join('\n')}${more}`);
}

interface LiveArguments {
  readonly action: 'list' | 'show';
  /** Empty where all are meant. */
  readonly name: string;
  /** Ends in a slash. */
  readonly url: URL;
  readonly json: boolean;
}

function liveArguments(args: readonly string[]): LiveArguments {
  const { values, positionals } = readArguments(args, { url: { type: 'string' }, json: { type: 'boolean' } });
  const [action, name = ''] = positionals;
  const rest = { name, url: sidecarUrl(values.url), json: values.json ?? false };
  if (action === 'list' && positionals.length <= 2) return { action, ...rest };
  if (action === 'show' && positionals.length === 2 && name !== '') return { action, ...rest };
  throw new UsageError('expected: evenkeel baseline list [TEXT], or evenkeel baseline show NAME');
}
