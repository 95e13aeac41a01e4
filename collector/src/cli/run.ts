// `evenkeel run`: starts the sidecar and ends it in order.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Collector, type CollectorUrls, createCollector } from '../collector.ts';
import { loadConfigApart } from '../config/load-apart.ts';
import { EXIT, UsageError, configArguments } from './arguments.ts';

export const HELP = `evenkeel run [--config FILE …] [--set path=value …]

Runs the sidecar until SIGTERM or SIGINT, then decides and delivers what still waits.
Several files are one configuration: maps are merged, of everything else the last file that says it wins.
\`preset:targets\` in place of a file is what comes with the program: targets to begin with.
Without a file the defaults apply: OTLP/gRPC on 4317, OTLP/HTTP on 4318, metrics on 8889, the page
on 4320, all on 127.0.0.1.
`;

/** Beyond the configured drain, everything that closes has this long in all. */
const STOP_BEYOND_DRAIN_MS = 5000;

/** Runs until asked to stop. @returns the exit code */
export async function run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { files, overrides, positionals } = configArguments(args);
  if (positionals.length > 0) throw new UsageError(`run takes no argument ${positionals[0]}`);
  fitHeap();
  const asked = stopAsked();
  const loading = loadConfigApart({ files, overrides, environment: { ...environment } });
  const config = await Promise.race([loading, asked]);
  if (config === undefined) return left(EXIT.ok);
  const collector = await createCollector(config, { log: (line) => void process.stderr.write(`${line}\n`) });
  const limitMs = config.export.drain_timeout + STOP_BEYOND_DRAIN_MS;
  const urls = await Promise.race([collector.start(), asked]);
  if (urls === undefined) return stopWithin(collector, limitMs);
  giveStartBack();
  // A parent with a channel shows the addresses itself.
  // One that went away meanwhile is noticed as such; failing to tell it is no error.
  if (process.connected === true) process.send?.({ type: 'ready', urls }, () => {});
  else process.stdout.write(`evenkeel is running\n${lines(urls)}`);
  await asked;
  return stopWithin(collector, limitMs);
}

/**
 * Keeps the space for new objects as small as it begins: hardly any object of ours lives past a request, yet under load V8
 * would let it grow to over 100 MiB, which are then counted against nothing and never given back. And lets the heap of old
 * objects treble before it is collected: what brings V8 there are not objects but bytes of bodies, which come and go by
 * the hundred megabytes a second.
 */
function fitHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=200');
}

/** Gives back what reading the program and its configuration took: some 15 MiB that V8 would keep for new objects. */
function giveStartBack(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  // As before the heap would be full: the only kind that also makes the space for new objects small again.
  collect({ type: 'major', flavor: 'last-resort' });
}

function lines(urls: CollectorUrls): string {
  const names: Record<keyof CollectorUrls, string> = {
    otlpHttp: 'OTLP/HTTP',
    otlpGrpc: 'OTLP/gRPC',
    metrics: 'metrics',
    page: 'page',
  };
  return Object.entries(urls)
    .map(([name, url]) => `  ${names[name as keyof CollectorUrls].padEnd(10)} ${url}\n`)
    .join('');
}

/** Waits for a signal, or for the parent to go away. The open door keeps the process alive meanwhile. */
function stopAsked(): Promise<undefined> {
  return new Promise((resolve) => {
    const done = (): void => resolve(undefined);
    // Listened to for good: a second one must not end by force what the first has begun.
    process.on('SIGTERM', done);
    // Under a parent with a channel the parent decides: a terminal sends Ctrl-C and its own end to every process of the group.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (process.connected !== true) done();
      });
    }
    process.once('disconnect', done);
    // A parent that went away while the program was being loaded; undefined where there never was one.
    if (process.connected === false) done();
  });
}

async function stopWithin(collector: Collector, limitMs: number): Promise<number> {
  const code = await new Promise<number>((resolve) => {
    const limit = setTimeout(() => resolve(EXIT.failed), limitMs);
    void collector.stop().then(() => {
      clearTimeout(limit);
      resolve(EXIT.ok);
    });
  });
  // Whatever hangs may hold the process as well, so it is ended by force.
  if (code !== EXIT.ok)
    process.stderr.write('evenkeel did not stop in time; what still waited is lost\n', () => process.exit(code));
  return left(code);
}

/** A parent's channel would keep the process alive. */
function left(code: number): number {
  if (process.connected === true) process.disconnect();
  return code;
}
