// `npm start`: the sidecar and the workflow runtime as two processes, one banner, one clean end.
// Plain JavaScript, so that an old Node can still say what is missing.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  fail(`Evenkeel needs Node 22.15 or newer; this is Node ${process.versions.node}. "npm start" brings its own.`);
}

/** Ports by flag: what they are for, and where the value goes. Environment: `--page-port` is EVENKEEL_PAGE_PORT. */
const PORTS = {
  'page-port': { text: 'page and API of the sidecar', setting: 'web.port', standard: 4320 },
  'otlp-port': { text: 'OTLP/HTTP receiver of the sidecar', setting: 'receive.http.port', standard: 4318 },
  'grpc-port': { text: 'OTLP/gRPC receiver of the sidecar', setting: 'receive.grpc.port', standard: 4317 },
  'metrics-port': { text: 'Prometheus page of the sidecar', setting: 'export.prometheus.port', standard: 8889 },
  'api-port': { text: 'API of the workflow runtime', standard: 3000 },
};

/** A start that takes longer has gone wrong: each process needs about a second. */
const READY_LIMIT_MS = 20_000;
/** Longer than each process allows itself; the sidecar decides and exports pending traces in that time. */
const STOP_LIMIT_MS = { runtime: 6000, sidecar: 15_000 };
/** How often to look whether npm is still there: when npm is killed, no signal tells. */
const PARENT_CHECK_MS = 250;

const { ports, config } = readSettings();
/** Running processes, in the order they were started. */
const children = [];
let stopping = false;

// When npm has gone, so may have the pipe it held; what is left to say then has no reader.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));
watchParent();

const sidecar = await start('sidecar', '../collector/dist/main.js', ['run', '--config', config, ...sidecarPorts()]);
const runtime = await start('runtime', './workflow-runtime/dist/main.js', [
  ...(ports['api-port'] === undefined ? [] : ['--port', ports['api-port']]),
  '--endpoint',
  sidecar.otlpHttp,
]);
process.stdout.write(`
Evenkeel is running. A small driver keeps the workflow runtime busy.

  Page             ${sidecar.page}
  Prometheus page  ${sidecar.metrics}
  OTLP/HTTP        ${sidecar.otlpHttp}
${sidecar.otlpGrpc === undefined ? '' : `  OTLP/gRPC        ${sidecar.otlpGrpc}\n`}  Runtime API      ${runtime.api}   try ${runtime.api}/ask?q=parse+yaml

Ctrl-C ends it.
`);

/** Reads flags and environment; a flag wins. Says every problem at once. */
function readSettings() {
  const string = { type: 'string' };
  const options = { config: string, help: { type: 'boolean' } };
  for (const name of Object.keys(PORTS)) options[name] = string;
  let flags;
  try {
    flags = parseArgs({ options }).values;
  } catch (error) {
    fail(`${error.message}\n\n${usage()}`);
  }
  if (flags.help) {
    process.stdout.write(usage());
    process.exit(0);
  }
  const setting = (name) => flags[name] ?? process.env[`EVENKEEL_${name.toUpperCase().replace('-', '_')}`];
  const chosen = {};
  const problems = [];
  for (const name of Object.keys(PORTS)) {
    const value = setting(name);
    if (value === undefined || value === '') continue;
    if (!/^\d{1,5}$/.test(value) || value < 1 || value > 65_535) problems.push(`--${name}: "${value}" is no port`);
    chosen[name] = value;
  }
  if (problems.length > 0) fail(problems.join('\n'));
  return { ports: chosen, config: setting('config') ?? path('./workflow-runtime/evenkeel.yaml') };
}

function sidecarPorts() {
  return Object.entries(PORTS).flatMap(([name, { setting }]) =>
    setting === undefined || ports[name] === undefined ? [] : ['--set', `${setting}=${ports[name]}`],
  );
}

/** Starts a process and resolves to its URLs when it says that it is ready. */
async function start(name, file, args) {
  if (stopping) return new Promise(() => {}); // The end is under way and exits this process.
  const child = fork(path(file), args);
  const entry = { name, child, exited: once(child, 'exit') };
  children.push(entry);
  let isReady = false;
  const late = setTimeout(() => {
    process.stderr.write(`the ${name} was not ready within ${READY_LIMIT_MS / 1000} s\n`);
    void stop(1);
  }, READY_LIMIT_MS);
  child.on('exit', (code, signal) => {
    clearTimeout(late);
    if (stopping) return;
    // Ctrl-C may reach a process before it listens for it.
    if (signal === 'SIGINT') return void stop(0);
    const what = isReady ? 'ended unexpectedly' : 'did not start';
    process.stderr.write(`the ${name} ${what} (${signal ?? `exit code ${code}`}); stopping the rest\n`);
    void stop(1);
  });
  const urls = await new Promise((resolve) => {
    child.on('message', (message) => message?.type === 'ready' && resolve(message.urls));
  });
  clearTimeout(late);
  isReady = true;
  return urls;
}

/** Ends the processes, last first: the runtime flushes into the sidecar, then the sidecar decides and exports. */
async function stop(exitCode) {
  if (stopping) return;
  stopping = true;
  for (const { name, child, exited } of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    const limit = setTimeout(() => {
      process.stderr.write(`the ${name} did not end in time and is killed\n`);
      child.kill('SIGKILL');
    }, STOP_LIMIT_MS[name]);
    await exited;
    clearTimeout(limit);
  }
  process.exit(exitCode);
}

/** Stops when npm has gone: its children then belong to another parent. Started without npm, the shell may leave. */
function watchParent() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && void stop(0), PARENT_CHECK_MS).unref();
}

function usage() {
  const lines = Object.entries(PORTS).map(
    ([name, { text, standard }]) => `  --${`${name} N`.padEnd(18)}${text} (${standard})\n`,
  );
  return `usage: npm start -- [options]\n\n${lines.join('')}  --config FILE       configuration of the sidecar

Each option is also an environment variable: --page-port is EVENKEEL_PAGE_PORT.
`;
}

function path(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}

function fail(message) {
  process.stderr.write(`${message.trimEnd()}\n`);
  process.exit(1);
}
