// Writes docs/benchmarks.md from bench/results: node bench/report.ts. The same results always give the same text.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Figure } from './figure.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/benchmarks.md');

/** A file of bench/results. */
export interface Result {
  readonly machine: {
    readonly cpu: string;
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly platform: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly figures: Figure[];
}

/** What a bench is, and what makes it; in the order of the page. */
const SECTIONS: Readonly<Record<string, { readonly command: string; readonly about: string }>> = {
  peers: {
    command: 'npm run bench:peers',
    about: `The OpenTelemetry Collector with \`tail_sampling\` and \`span_metrics\`, and Evenkeel with page, store and metrics
page: the same bodies, the same policies (errors, slower than 1 s, a tenth), the same 5 s of waiting, the same sink,
nothing compressed on the way out. Bodies: 199 680 spans, 8 spans a trace (1 to 40) over about three requests, 512 spans
a request, 13 attributes a span, 40 operations of 5 services, 1 % of spans failed; sent again and again under new trace
ids. They run in turns, never at once; values are medians of the rounds, CPU time is that of the collector's process
after a warm-up. Saturated: four connections as fast as answers come, refused requests repeated, accepted spans counted.
Page searching: the page open and kept traces searched four times a second by service and operation; the delay is the
worst p99 that the metrics page showed. Lost are spans of traces with an error or a slow root, which had to arrive whole. The Collector got a batching queue of
a million spans and places for 200 000 waiting traces beyond its defaults, so that it loses nothing by configuration.`,
  },
  flood: {
    command: 'npm run bench:flood',
    about: `What is too much, one sidecar process a row, \`memory_limit\` at its default of 256 MiB. Up: \`/health\` answered
every time, twice a second. Books: \`/api/books\` balanced every time it answered. Normal: seconds after the flood until a
second of 1 k spans/s is taken without a refusal, the sidecar is ready and what came after the flood is delivered.`,
  },
  monitoring: {
    command: 'npm run bench:monitoring',
    about: `Adaptive intervals against the same readers read and pushed each second: ten minutes, idle and loaded in turns by a
program of its own (bursts of CPU, memory, disk and loopback traffic), both in every second, each pushing OTLP over HTTP.
Points include heartbeats. Errors are those of who holds a level, or draws a line between two points of a counter, in each
second that was read; a fixed interval gets as many points and the best of all its phases. Left out are series of which
half the points or more were heartbeats, and those that are read by intervals. Held out is the second half of the record:
each second is judged by what was stated before it.`,
  },
  idle: {
    command: 'npm run bench:idle',
    about:
      'A sidecar without traffic that reads host and process, page and store on; without monitoring for comparison.',
  },
  core: {
    command: 'npm run bench -- core',
    about: 'The hot path in one process against protobufjs that only decodes the same bodies.',
  },
  http: { command: 'npm run bench -- http', about: 'The built sidecar behind HTTP; its sender in another process.' },
  cardinality: {
    command: 'npm run bench -- cardinality',
    about: `A million values of one attribute through the limit stage with its defaults, on a clock of its own; cumulative
streams send twice, so that increments are read back from disk. Memory is the most that was resident, less what the same
points take with nobody to limit them; heap flags are those of the sidecar. Exposed is what a consumer adds up that
knows start times and resets; truth is added up as points are made.`,
  },
  baselines: {
    command: 'npm run bench:baselines',
    about: `Streams of recorded calls through \`evenkeel baseline scan\`: a service of 1 to 12 operations, learned first, then
tested. 20 kinds set traps (heavy tails, caches, levels, seasons, drift, pauses, cold starts, blips, low traffic, poisoned
learning, noise between minutes, batches, traffic that changes, errors in a row, jobs and newcomers, and several at once), a fifth of their
streams has nothing wrong, and one kind is quiet. The bound is what the best of all tests needs against the guarded
baseline: ln(calls in 100 days) / (rate × KL), guard 1.08 exp(1.5 τ). A false alarm is a raise where nothing is wrong with the
operation and nothing was for 60 s; while a group has one open, its other members are the same alarm. Seeds tuned nothing.
Rivals are fed with log mean, log p95, error ratio and calls by windows of 10 s (60 s below one call a second), in learned
standard deviations, on the first six streams of each kind and four quiet ones.`,
  },
  'live-baselines': {
    command: 'npm run bench:live',
    about: `The streams of \`baselines\`, sent live: spans of OpenTelemetry's JavaScript SDK, batched as it does by default (512
spans or 5 s), in OTLP protobuf, 2 to 40 ms under way, through intake, measure and baseline of a sidecar with its defaults, in
virtual time. Operations are those of one program, of a service each, or of three instances of one service, by turns. Beside
it stands \`evenkeel baseline scan\` of the same calls. A sidecar is not told until when to learn, so it is held against a scan
that is not told either; the one that is told learned for longer before it was judged, as in \`baselines\`. Delays are those of regressions
that both have found. False alarms and all else are counted as there.`,
  },
  statistics: {
    command: 'npm run bench -- statistics',
    about: 'Whether estimates from what is kept are unbiased, and cover what was there as often as they claim.',
  },
  nab: {
    command: 'NAB_DIR=… npm run bench:nab',
    about: `Resource series by the Numenta Anomaly Benchmark: standard profile, 58 series, a threshold for all of them. NAB's
own scoreboard takes for each detector the one threshold that is best over all series; here ours is the product's default,
the best one stands beside it. The detector was made with 33 series, those of one half of their names' hashes; the total
of the other 25 was read five times on the way and chose nothing. Noise is normal, log-normal and autoregressive; strong is
evidence of 4 nats. NAB's data are not part of this repository: clone github.com/numenta/NAB.`,
  },
  resources: {
    command: 'NAB_DIR=… npm run bench -- resources',
    about: `What watching resources says and takes. A quiet host has sixty series by the minute for four weeks: processors,
traffic, disks, memory, counts, file systems, delays and errors, with days, nights, weekends, four bursts of load a day,
backups, restarts, and disk traffic of infinite variance; the first two days of each series are learned only. Alerts are
violations with their onsets in one minute taken as one. A release moves a third of the series for good, by a factor of
exp(N(0, 0.5²)); what is said within three hours of it is of it. Found is what is said of all series of which the added part
is more than what is called no change for such a metric. Thresholds were chosen on other seeds. Recorded series are
those of machines and traffic of the Numenta benchmark, outside of the windows it calls out of order.`,
  },
  wrapper: {
    command: 'npm run bench -- wrapper',
    about: `What the SDK adds to a call: a span, against the same span by hand as OpenTelemetry's manual writes it, in one
process, by turns of 2000 calls; spans end in a processor that drops them. The function does nothing, so all is overhead.
No attributes: a name alone, where a span is cheapest and least hides what is added.`,
  },
  'wrapper-metrics': {
    command: 'npm run bench -- wrapper-metrics',
    about: `The default of the decorator: a span, a duration in an exponential histogram and a counted call, against the sum
of those calls by hand with attribute sets that are made once; metrics are collected now and then.`,
  },
  'sdk-rivals': {
    command: 'npm run bench -- sdk-rivals',
    about: `Wrappers of others, each in a process of its own with the OpenTelemetry SDK it declares (2.x; ours is 3.x), as in
\`docs/reference/conformance.md\`, with what they record of arguments and results switched off: times the idiom by hand in
the same process. No attributes, all sampled.`,
  },
  express: {
    command: 'npm run bench -- express',
    about: `Hello world by Express with the instrumentation of http and express, ten connections that stay open: CPU time of
the server's process a request, exporting over OTLP to a sink. Servers are started anew six times, and all ways are loaded
in turns, six rounds each. A measured handler is a third span a request, which is exported too, and two metrics; the same
by hand costs what stands beside it. This SDK sends traces each second and metrics each five, where OpenTelemetry's
defaults are five and sixty.`,
  },
};

/** Writes the page anew. */
export function writeReport(): void {
  writeFileSync(PAGE, report(readResults()));
}

/** Reads every result file, by name. */
export function readResults(): Map<string, Result> {
  const files = globSync('bench/results/*.json', { cwd: ROOT }).sort();
  return new Map(
    files.map((file) => [basename(file, '.json'), JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Result]),
  );
}

/** The page's text. */
export function report(results: ReadonlyMap<string, Result>): string {
  const known = Object.keys(SECTIONS).filter((name) => results.has(name));
  const names = [...known, ...[...results.keys()].filter((name) => !known.includes(name)).sort()];
  const sections = names.flatMap((name) => {
    const result = results.get(name);
    return result === undefined ? [] : [section(name, result)];
  });
  return `# Benchmarks

Generated by the bench run, or by \`npm run bench:report\`, from \`bench/results\`; do not edit.

A value is the median of its samples; ± is half the distance between their quartiles. Rivals and ratios belong to the
same run on the same machine; numbers of different sections do not. What a bound says comes from the design, and a bound
that does not hold says so here.

${sections.join('\n')}`;
}

function section(name: string, { machine, versions, figures }: Result): string {
  const { command, about } = SECTIONS[name] ?? { command: `npm run bench -- ${name}`, about: '' };
  const [head = [], ...rows] = rowsOf(figures);
  const used = Object.entries(versions).map(([program, version]) => `${program} ${version}`);
  const gibibytes = Math.round(machine.memoryBytes / 1024 ** 3);
  return `## ${name}

${about === '' ? '' : `${about}\n\n`}\`${command}\` on ${machine.cpus} cores of ${machine.cpu}, ${gibibytes} GiB, ${machine.platform}; ${used.join(', ')}.

${[head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
}

/** A table of figures with its head; figures of one name stand side by side. */
export function rowsOf(figures: readonly Figure[]): string[][] {
  const sides = [...new Set(figures.flatMap(({ side }) => (side === undefined ? [] : [side])))];
  if (sides.length === 0) return [['', 'value', '', 'bound', ''], ...figures.map((figure) => single(figure))];
  const names = [...new Set(figures.map(({ name }) => name))];
  return [
    ['', 'unit', ...sides, 'bound', ''],
    ...names.map((name) => {
      const same = figures.filter((figure) => figure.name === name);
      const held = same.filter(({ bound }) => bound !== undefined);
      const cells = sides.map((side) =>
        same
          .filter((figure) => figure.side === side)
          .map(valueOf)
          .join(''),
      );
      return [name, same[0]?.unit ?? '', ...cells, held.map(boundOf).join(', '), held.map(verdictOf).join(', ')];
    }),
  ];
}

function single(figure: Figure): string[] {
  return [figure.name, valueOf(figure), figure.unit, boundOf(figure), verdictOf(figure)];
}

function valueOf({ value, spread }: Figure): string {
  return value === null || spread === 0 || Number.isNaN(spread) ? short(value) : `${short(value)} ± ${short(spread)}`;
}

function boundOf({ bound, boundIs, unit, side }: Figure): string {
  if (bound === undefined) return '';
  return `${boundIs === undefined ? '' : `${boundIs} `}${short(bound)}${side === 'ratio' ? ` ${unit}` : ''}`;
}

function verdictOf({ holds }: Figure): string {
  return holds === undefined ? '' : holds ? 'holds' : 'FAILS';
}

function short(value: number | null): string {
  if (value === null || Number.isNaN(value)) return 'not run';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

if (import.meta.main) writeReport();
