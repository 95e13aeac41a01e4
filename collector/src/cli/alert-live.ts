// `evenkeel alert list|ack|silence|unsilence|useful`: what a person on call does with the alerts of a running sidecar.
import type { AlertsAnswer, AlertSummary, SilenceAnswer } from '../web/api.ts';
import { alertsText, silenceText } from './alert-text.ts';
import { EXIT, readArguments, UsageError } from './arguments.ts';
import { askSidecar, sidecarUrl } from './ask-sidecar.ts';
import { printable } from './text.ts';

export const LIVE_HELP = `evenkeel alert list [--all] [--url http://127.0.0.1:4320] [--json]
evenkeel alert ack ID [--by NAME] [--url …] [--json]
evenkeel alert silence [ID] [--for 2h | --until 2026-12-24T18:00:00Z] [--service NAME] [--operation NAME]
                       [--attribute name=value …] [--kind KIND …] [--severity SEVERITY …] [--comment TEXT] [--by NAME]
evenkeel alert unsilence ID [--by NAME] [--url …] [--json]
evenkeel alert useful ID yes|no [--by NAME] [--url …] [--json]

list       writes what is alerted, who was told when, and what is silent; --all also what is over.
ack        takes an alert on: it is not told again unless it gets worse.
silence    tells nobody of an alert with whatever joins it, or of all that matches, for 2 h unless said otherwise, at most
           30 days; * in a value stands for any text.
unsilence  ends a silence that was made so.
useful     records whether an alert was useful, or a false alarm.
Each is asked of a running sidecar, and says who asked: --by, or the name in USER. Where its page asks for a token,
EVENKEEL_TOKEN in the environment is sent.
Exit code 0: done, 1: not done, or no answer, 2: wrong arguments.
`;

const DEFAULT_FOR = '2h';
/** As many as the sidecar lists at once. */
const MAX_ALERTS = 500;

interface Call {
  readonly url: URL;
  readonly environment: NodeJS.ProcessEnv;
  readonly json: boolean;
  /** Empty where nobody says. */
  readonly by: { readonly by?: string };
  readonly positionals: readonly string[];
  readonly values: Values;
}

type Action = (call: Call) => Promise<readonly [answer: unknown, text: string]>;
type Values = ReturnType<typeof readLive>['values'];

const ACTIONS: Readonly<Record<string, Action>> = { list, ack, silence, unsilence, useful };
/** Options that each takes beside `--url`, `--json` and, where something changes, `--by`. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  list: ['all'],
  silence: ['for', 'until', 'service', 'operation', 'attribute', 'kind', 'severity', 'comment'],
};

export const LIVE_ACTIONS: readonly string[] = Object.keys(ACTIONS);

/** @param args one of `LIVE_ACTIONS`, then what belongs to it @returns the exit code */
export async function alertLive(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = readLive(args);
  const [name = '', ...others] = positionals;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) throw new UsageError(`expected: evenkeel alert ${LIVE_ACTIONS.join('|')}`);
  const allowed = ['url', 'json', ...(name === 'list' ? [] : ['by']), ...(OPTIONS[name] ?? [])];
  const wrong = Object.keys(values).find((option) => !allowed.includes(option));
  if (wrong !== undefined) throw new UsageError(`evenkeel alert ${name} takes no --${wrong}`);
  const [url, json = false] = [sidecarUrl(values.url), values.json];
  const who = values.by ?? environment['USER'] ?? '';
  const by = who === '' ? {} : { by: who };
  const [answer, text] = await action({ url, environment, json, by, positionals: others, values });
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : text);
  return EXIT.ok;
}

function readLive(args: readonly string[]) {
  const string = { type: 'string' } as const;
  const strings = { type: 'string', multiple: true } as const;
  const flag = { type: 'boolean' } as const;
  return readArguments(args, {
    url: string,
    json: flag,
    by: string,
    all: flag,
    for: string,
    until: string,
    service: string,
    operation: string,
    attribute: strings,
    kind: strings,
    severity: strings,
    comment: string,
  });
}

async function list({ url, environment, positionals, values }: Call): Promise<readonly [unknown, string]> {
  if (positionals.length > 0) throw new UsageError('expected: evenkeel alert list');
  const target = new URL(`api/alerts?limit=${MAX_ALERTS}`, url);
  const answer = await askSidecar<AlertsAnswer>(target, environment, 'alertCount');
  return [answer, alertsText(answer, { isAll: values.all ?? false })];
}

async function ack({ url, environment, positionals, by }: Call): Promise<readonly [unknown, string]> {
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError('expected: evenkeel alert ack ID');
  const answer = await askSidecar<AlertSummary>(alertUrl(url, id, 'acknowledge'), environment, 'state', by);
  const { subject, acknowledged } = answer;
  return [answer, `${printable(subject.name)} is taken on by ${printable(acknowledged?.by ?? '')}\n`];
}

async function useful({ url, environment, positionals, by }: Call): Promise<readonly [unknown, string]> {
  const [id, said, ...more] = positionals;
  if (id === undefined || (said !== 'yes' && said !== 'no') || more.length > 0)
    throw new UsageError('expected: evenkeel alert useful ID yes|no');
  const wish = { useful: said === 'yes', ...by };
  const answer = await askSidecar<AlertSummary>(alertUrl(url, id, 'feedback'), environment, 'state', wish);
  const words = said === 'yes' ? 'useful' : 'a false alarm';
  return [answer, `that ${printable(answer.subject.name)} was alerted was ${words}\n`];
}

async function silence({ url, environment, positionals, values, by }: Call): Promise<readonly [unknown, string]> {
  const [alert, ...more] = positionals;
  if (more.length > 0) throw new UsageError('expected: evenkeel alert silence [ID]');
  const { service, operation, kind: kinds = [], severity: severities = [], comment = '', until } = values;
  if (until !== undefined && values.for !== undefined) throw new UsageError('say either --for or --until');
  const attributes = {
    ...(service === undefined ? {} : { 'service.name': service }),
    ...(operation === undefined ? {} : { 'span.name': operation }),
    ...Object.fromEntries((values.attribute ?? []).map(attribute)),
  };
  if (alert === undefined && Object.keys(attributes).length + kinds.length + severities.length === 0)
    throw new UsageError('say what shall be silent: ID, --service, --operation, --attribute, --kind or --severity');
  const time = until === undefined ? { for: values.for ?? DEFAULT_FOR } : { until };
  const wish = { ...(alert === undefined ? {} : { alert }), attributes, kinds, severities, comment, ...time, ...by };
  const answer = await askSidecar<SilenceAnswer>(new URL('api/silences', url), environment, 'silence', wish);
  const { silence: made, covers } = answer;
  const held = covers.length === 0 ? '' : `; of what goes on it covers ${covers.join(', ')}`;
  return [answer, `${made.id}: ${silenceText(made)}${held}\n`];
}

async function unsilence({ url, environment, positionals, by }: Call): Promise<readonly [unknown, string]> {
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError('expected: evenkeel alert unsilence ID');
  const target = new URL(`api/silences/${encodeURIComponent(id)}`, url);
  const answer = await askSidecar<{ readonly ended: string }>(target, environment, 'ended', by, 'DELETE');
  return [answer, `${printable(answer.ended)} is ended\n`];
}

function alertUrl(url: URL, id: string, action: string): URL {
  return new URL(`api/alerts/${encodeURIComponent(id)}/${action}`, url);
}

function attribute(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1)
    throw new UsageError('--attribute wants name=value, as in --attribute deployment.environment.name=test');
  return [text.slice(0, equals), text.slice(equals + 1)];
}
