// The command line `evenkeel-sdk`: says what the SDK would do in this folder with this environment.
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { examine, type Report } from './doctor/examine.ts';
import { EvenkeelError } from './errors.ts';
import { readEnvironment } from './options.ts';

const USAGE = `usage: evenkeel-sdk doctor [--json]

Says what telemetry a program started in this folder would send, and where; sends one test span.
Exits with 1 when something is to be put right.
`;

/** Nothing else tells of requests to a server of Node. */
const HTTP = '@opentelemetry/instrumentation-http';

/** Runs the command and gives the exit code: 0, 1 for findings, 2 for wrong arguments. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [command, ...flags] = args;
  if (command !== 'doctor' || flags.some((flag) => flag !== '--json')) {
    process.stderr.write(USAGE);
    return 2;
  }
  const folder = process.cwd();
  const place = {
    folder,
    environment: readEnvironment(),
    sdk: fileURLToPath(import.meta.url),
    fallbackName: basename(folder),
  };
  try {
    const report = await examine(place);
    process.stdout.write(flags.includes('--json') ? `${JSON.stringify(report, undefined, 2)}\n` : written(report));
    return report.findings.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    process.stderr.write(`evenkeel-sdk: ${error.message} [${error.code}] ${error.hint}\n`);
    return 1;
  }
}

/** The report as text: a line for each fact, then what is to be put right. */
function written(report: Report): string {
  const { signals, api, findings } = report;
  const list = (items: readonly string[]): string => (items.length > 0 ? items.join(', ') : 'none');
  const limits = Object.entries(report.limits).map(([name, value]) => `${name} ${value}`);
  const facts: [string, string][] = [
    ['service', report.service],
    ['settings from', report.source],
    ['telemetry', report.isOn ? 'on' : 'off'],
    ['traces', list(signals.traces)],
    ['metrics', list(signals.metrics)],
    ['logs', list(signals.logs)],
    ['sampler', report.sampler],
    ['limits', list(limits)],
    ['redaction', report.redaction],
    ['propagators', list(report.propagators)],
    ['without patching', list(report.channels)],
    ['instrumentations', list(report.instrumentations.map(({ name, version }) => `${name} ${version}`))],
    ...(report.instrumentations.some(({ name }) => name === HTTP)
      ? []
      : [['incoming HTTP', `not seen without ${HTTP}`] satisfies [string, string]]),
    [
      'api',
      list(api.map(({ version, usedBy, path }) => `${version} ${usedBy.length > 0 ? usedBy.join(' and ') : path}`)),
    ],
    ...report.outweighedByCode.map(({ name, why }): [string, string] => ['code', `${name}: ${why}`]),
    ...report.deliveries.map(({ to, answer }): [string, string] => ['test span', `${to}: ${answer}`]),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const told = findings.map(({ what, hint }) => `! ${what}\n  ${hint}`);
  return `${[...lines, '', ...(told.length > 0 ? told : ['nothing to put right'])].join('\n')}\n`;
}
