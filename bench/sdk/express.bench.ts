// Hello world by Express: CPU time a request of the server's process, with plain OpenTelemetry and with this SDK and its
// handler measured. Both send to a sink in the process of the bench, which makes the load too.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { installed } from '../../tests/conformance/rivals.ts';
import { bounded } from '../bounds.ts';
import { type Figure, summary } from '../figure.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
/** Servers are started anew this often, because how a process is compiled and laid out is luck that lasts as long as it. */
const STARTS = IS_QUICK ? 2 : 12;
const PAIRS_PER_START = IS_QUICK ? 4 : 3;
/** Rounds that do not count: by then most is compiled. */
const WARM_UP = 2;
const REQUESTS = IS_QUICK ? 3000 : 5000;
const CONNECTIONS = 10;
/** From issue 7. */
const BOUND = 1.03;

const PACKAGES = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/instrumentation': '0.300.0',
  '@opentelemetry/instrumentation-express': '0.72.0',
  '@opentelemetry/instrumentation-http': '0.301.0',
  '@opentelemetry/instrumentation-runtime-node': '0.37.0',
  '@opentelemetry/sdk-node': '0.301.0',
  express: '5.3.0',
};
const WAYS = ['bare', 'plain', 'started', 'hand', 'evenkeel'] as const;
type Way = (typeof WAYS)[number];

interface Running {
  readonly process: ChildProcess;
  readonly port: number;
}

/** CPU microseconds a request of each way, one round. */
type Round = Readonly<Record<Way, number>>;

/** Each round meets all ways, in an order that turns. */
export async function run(): Promise<Figure[]> {
  const folder = await installed(`express-${PACKAGES.express}`, PACKAGES);
  const server = join(folder, 'express-server.cjs');
  copyFileSync(join(import.meta.dirname, 'express-server.cjs'), server);
  const sink = await startSink();
  const rounds: Round[] = [];
  for (let start = 0; start < STARTS; start++) {
    const { port } = sink.address() as AddressInfo;
    const running = await Promise.all(WAYS.map((way) => startServer(server, way, `http://127.0.0.1:${port}`)));
    for (let pair = -WARM_UP; pair < PAIRS_PER_START; pair++) {
      const cost: Record<Way, number> = { bare: 0, plain: 0, started: 0, hand: 0, evenkeel: 0 };
      for (let i = 0; i < WAYS.length; i++) {
        const at = (i + start + pair + WARM_UP) % WAYS.length;
        const [way, each] = [WAYS[at], running[at]];
        if (way !== undefined && each !== undefined) cost[way] = await cpuUsPerRequest(each);
      }
      if (pair >= 0) rounds.push(cost);
    }
    for (const each of running) each.process.disconnect();
  }
  sink.close();
  sink.closeAllConnections();
  return figures(rounds);
}

export function versions(): Promise<Record<string, string>> {
  return Promise.resolve(PACKAGES);
}

function figures(rounds: readonly Round[]): Figure[] {
  return [
    ...WAYS.map((way) => ({
      name: `CPU a request: ${TITLE[way]}`,
      unit: 'µs',
      ...summary(rounds.map((round) => round[way])),
    })),
    // Like against like: the same spans and metrics on both sides.
    ...ratioOf('this SDK / plain OpenTelemetry', rounds, 'started', 'plain', BOUND),
    ...ratioOf('this SDK, handler measured / plain OpenTelemetry, the same by hand', rounds, 'evenkeel', 'hand', BOUND),
    // What one more span and two more measurements a request cost, whoever makes them.
    ...ratioOf('this SDK, handler measured / plain OpenTelemetry', rounds, 'evenkeel', 'plain'),
    { name: 'pairs', unit: '', value: rounds.length, spread: 0 },
  ];
}

/** The median of all pairs, and the 95 % interval it lies in. */
function ratioOf(name: string, rounds: readonly Round[], ours: Way, theirs: Way, atMost?: number): Figure[] {
  const ratios = rounds.map((round) => round[ours] / round[theirs]);
  const [low, high] = intervalOfMedian(ratios);
  return [
    bounded({ name, unit: '×', ...summary(ratios) }, atMost === undefined ? undefined : { atMost }),
    { name: '… its 95 % interval, from', unit: '×', value: low, spread: 0 },
    { name: '… to', unit: '×', value: high, spread: 0 },
  ];
}

const TITLE: Readonly<Record<Way, string>> = {
  bare: 'no telemetry',
  plain: 'plain OpenTelemetry',
  started: 'this SDK, handler not measured',
  hand: 'plain OpenTelemetry, handler with span and metrics by hand',
  evenkeel: 'this SDK, handler measured',
};

/** By order statistics: ranks n/2 -+ 1.96 sqrt(n)/2, whatever the distribution. */
function intervalOfMedian(samples: readonly number[]): [number, number] {
  const sorted = samples.toSorted((a, b) => a - b);
  const [middle, half] = [sorted.length / 2, (1.96 * Math.sqrt(sorted.length)) / 2];
  const [low, high] = [Math.floor(middle - half), Math.ceil(middle + half) - 1];
  return [sorted[Math.max(0, low)] ?? NaN, sorted[Math.min(sorted.length - 1, high)] ?? NaN];
}

async function startServer(file: string, way: Way, endpoint: string): Promise<Running> {
  const child = fork(file, [way, endpoint], {
    env: { ...process.env, BENCH_SDK: join(import.meta.dirname, '../../sdk/cjs/index.js') },
    execArgv: process.env['BENCH_PROFILE'] === way ? ['--cpu-prof'] : [],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { process: child, port };
}

async function cpuUsPerRequest(server: Running): Promise<number> {
  const before = await cpuUs(server);
  await load(server.port);
  return ((await cpuUs(server)) - before) / REQUESTS;
}

async function cpuUs({ process: child }: Running): Promise<number> {
  child.send('cpu');
  const [{ cpuUs: used }] = (await once(child, 'message')) as [{ cpuUs: NodeJS.CpuUsage }];
  return used.user + used.system;
}

/** A fixed number of requests by connections that stay open, each with its next request when it has its answer. */
async function load(port: number): Promise<void> {
  let left = REQUESTS;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      await once(socket, 'connect');
      while (left-- > 0) await request(socket);
      socket.destroy();
    }),
  );
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n';
const END = 'Hello World!';

async function request(socket: Socket): Promise<void> {
  socket.write(REQUEST);
  let answer = '';
  while (!answer.endsWith(END)) answer += String((await once(socket, 'data'))[0]);
}

/** Takes what is sent and throws it away. */
async function startSink(): Promise<Server> {
  const sink = createServer((incoming, response) => {
    incoming.resume().once('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(sink, 'listening');
  return sink;
}
