// `evenkeel report …`: what happened on a day, in a week or a month, from a running sidecar or from the store of one that
// does not run.
import { writeFileSync } from 'node:fs';
import { loadConfigApart } from '../config/load-apart.ts';
import { thisMachine } from '../config/machine.ts';
import { systemClock } from '../pipeline/clock.ts';
import { EvenkeelError } from '../errors.ts';
import type { ReportFormat, ReportKind } from '../report/contract.ts';
import { KeptDays, REPORT_ROOM } from '../report/kept-days.ts';
import { dateOf, REPORT_KINDS } from '../report/periods.ts';
import { REPORT_FORMATS, reportOfKept, written } from '../report/write.ts';
import { upkeepOf } from '../report/upkeep.ts';
import { readRoom } from '../store/state-copy.ts';
import { readUpkeep } from '../store/upkeep-file.ts';
import { type ConfigArguments, EXIT, override, readArguments, UsageError } from './arguments.ts';
import { askSidecarForText, sidecarUrl } from './ask-sidecar.ts';

export const HELP = `evenkeel report daily|weekly|monthly [--date YYYY-MM-DD] [--format markdown|html|json] [--out FILE]
                [--url http://127.0.0.1:4320]
evenkeel report daily|weekly|monthly … --store [--config FILE …] [--set path=value …]

Asks a running sidecar for a report: of the day, the week (from Monday on) or the month that the date is in, in UTC; of the
one that ended last where no date is given. Of one that is not over yet it tells what is known by now.
Where its page asks for a token, EVENKEEL_TOKEN in the environment is sent.
With --store the report is made from the store named in the configuration instead, whether a sidecar runs on it or not; it
then has what was written down, which is at most five minutes old.
Exit code 0: done, 1: no answer, 2: wrong arguments, 3: nothing is known of the period, or reports are off.
`;

/** Beside those every command has. */
const NOT_KNOWN = 3;
/** As a sidecar says it. */
const UNKNOWN = 'nothing is known of this period';
const NOUNS = { daily: 'day', weekly: 'week', monthly: 'month' } as const;
const MEDIA_TYPES = { markdown: 'text/markdown', html: 'text/html', json: 'application/json' } as const;

type Format = keyof typeof MEDIA_TYPES;

interface Wanted {
  readonly kind: ReportKind;
  /** Empty for the period that ended last. */
  readonly date: string;
  readonly format: Format;
}

type Told = Awaited<ReturnType<typeof askSidecarForText>>;

/** @returns the exit code */
export async function report(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { wanted, out, url, fromStore, config } = reportArguments(args);
  const told = fromStore ? await fromKept(wanted, config, environment) : await fromSidecar(wanted, url, environment);
  if ('missing' in told) {
    const hint = wanted.date === '' && told.missing === UNKNOWN ? `  hint: ${hintOf(wanted)}\n` : '';
    process.stderr.write(`evenkeel: ${told.missing}\n${hint}`);
    return NOT_KNOWN;
  }
  const { text } = told;
  if (out === undefined) process.stdout.write(text);
  else writeTo(out, text);
  return EXIT.ok;
}

/** On the first day nothing has ended yet, and whoever asks wants to see something. */
function hintOf({ kind }: Wanted): string {
  const today = new Date(systemClock.nowMs()).toISOString().slice(0, 10);
  return `without --date it is of the last ${NOUNS[kind]} that is over; of this one: --date ${today}`;
}

async function fromSidecar({ kind, date, format }: Wanted, url: URL, environment: NodeJS.ProcessEnv): Promise<Told> {
  const query = new URLSearchParams({ format, ...(date === '' ? {} : { date }) });
  return askSidecarForText(new URL(`api/reports/${kind}?${query}`, url), environment, MEDIA_TYPES[format]);
}

async function fromKept(
  { kind, date, format }: Wanted,
  { files, overrides }: Pick<ConfigArguments, 'files' | 'overrides'>,
  environment: NodeJS.ProcessEnv,
): Promise<Told> {
  const config = await loadConfigApart({ files, overrides, environment: { ...environment } });
  if (config.store === false) throw new EvenkeelError('STORE_COPY', 'the configuration has store: false');
  const documents = readRoom(config.store.path, REPORT_ROOM);
  const log = (_severity: string, _code: string, message: string): void =>
    void process.stderr.write(`evenkeel: ${message}\n`);
  const state = {
    async *load(_room: string, after = '') {
      yield documents.filter(({ key }) => key > after);
    },
    save: async () => false,
  };
  const nowMs = systemClock.nowMs();
  const made = await reportOfKept(new KeptDays(Infinity, { log, clock: systemClock }, state), {
    kind,
    date,
    source: `evenkeel on ${thisMachine().hostName}`,
    now: {
      nowMs,
      prices: config.report === false ? [] : config.report.llm_prices,
      upkeep: upkeepOf(readUpkeep(config.store.path), nowMs),
      usefulness: () => undefined,
    },
  });
  return made === undefined ? { missing: UNKNOWN } : { text: written(made, format).text };
}

function writeTo(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new UsageError(`--out: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function reportArguments(args: readonly string[]) {
  const { values, positionals } = readArguments(args, {
    date: { type: 'string' },
    format: { type: 'string' },
    out: { type: 'string' },
    url: { type: 'string' },
    store: { type: 'boolean' },
    config: { type: 'string', short: 'c', multiple: true },
    set: { type: 'string', multiple: true },
  });
  const [kind = ''] = positionals;
  if (positionals.length !== 1 || !isKind(kind)) throw new UsageError('expected: evenkeel report daily|weekly|monthly');
  const { date = '', format = 'markdown', store: fromStore = false } = values;
  if (date !== '' && dateOf(date) === undefined) throw new UsageError('--date wants a day, as in 2026-03-02');
  if (!isFormat(format)) throw new UsageError('--format is markdown, html or json');
  if (fromStore && values.url !== undefined) throw new UsageError('--store asks nobody: leave out --url');
  if (!fromStore && (values.config ?? values.set) !== undefined)
    throw new UsageError('--config and --set go with --store');
  const wanted: Wanted = { kind, date, format };
  return {
    wanted,
    out: values.out,
    url: sidecarUrl(values.url),
    fromStore,
    config: { files: values.config ?? [], overrides: (values.set ?? []).map(override) },
  };
}

function isKind(text: string): text is ReportKind {
  return (REPORT_KINDS as readonly string[]).includes(text);
}

function isFormat(text: string): text is Format {
  return (REPORT_FORMATS as readonly ReportFormat[] as readonly string[]).includes(text) && text !== 'document';
}
