// The OpenTelemetry Collector as a peer, built with its own builder once and kept outside the repository.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { type Peer, peerOf, type PeerSetup } from './peer.ts';

/** The newest complete set of core and contrib components. */
export const VERSION = '0.155.0';
const CACHE = `${process.env['XDG_CACHE_HOME'] ?? `${homedir()}/.cache`}/evenkeel-bench/otelcol-${VERSION}`;
const PROGRAM = `${CACHE}/otelcol`;
const CORE = 'go.opentelemetry.io/collector';
const CONTRIB = 'github.com/open-telemetry/opentelemetry-collector-contrib';
const START_WITHIN_MS = 20_000;
/** Where Go is installed when it is not on the path. */
const PATH = `${process.env['PATH']}:/usr/local/go/bin`;

/** Builds it where it is not there yet; takes some minutes and needs Go. */
export function buildOtelcol(): void {
  if (existsSync(PROGRAM)) return;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(`${CACHE}/build-`);
  const component = (module: string): object => ({ gomod: `${module} v${VERSION}` });
  const distribution = {
    dist: { name: 'otelcol', output_path: `${folder}/out`, version: VERSION, module: 'evenkeel.local/otelcol' },
    receivers: [component(`${CORE}/receiver/otlpreceiver`)],
    processors: [component(`${CONTRIB}/processor/tailsamplingprocessor`)],
    connectors: [component(`${CONTRIB}/connector/spanmetricsconnector`)],
    exporters: [component(`${CORE}/exporter/otlphttpexporter`), component(`${CONTRIB}/exporter/prometheusexporter`)],
  };
  writeFileSync(`${folder}/builder.yaml`, JSON.stringify(distribution));
  const run = (program: string, args: readonly string[]): void => {
    execFileSync(program, args, { stdio: 'inherit', env: { ...process.env, PATH, GOBIN: folder, GOFLAGS: '' } });
  };
  console.log(`building the OpenTelemetry Collector v${VERSION}; this takes some minutes, once`);
  run('go', ['install', `${CORE}/cmd/builder@v${VERSION}`]);
  run(`${folder}/builder`, ['--config', `${folder}/builder.yaml`]);
  renameSync(`${folder}/out/otelcol`, PROGRAM);
  rmSync(folder, { recursive: true });
}

/** What it was built with. */
export function goVersion(): string {
  const text = execFileSync('go', ['version', PROGRAM], { env: { ...process.env, PATH }, encoding: 'utf8' });
  return text.trim().split(' ').at(-1) ?? '';
}

/** Starts it; ends in an error with its last words where it does not come up. */
export async function startOtelcol(setup: PeerSetup): Promise<Peer> {
  const folder = mkdtempSync(`${tmpdir()}/otelcol-bench-`);
  const [port, metricsPort, ownPort] = [await freePort(), await freePort(), await freePort()];
  writeFileSync(`${folder}/config.yaml`, JSON.stringify(configOf(setup, port, metricsPort, ownPort)));
  const child = spawn(PROGRAM, ['--config', `${folder}/config.yaml`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-4000)));
  const scheme = setup.tls === undefined ? 'http' : 'https';
  const peer = peerOf(
    child,
    { url: `${scheme}://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` },
    () => rmSync(folder, { recursive: true }),
  );
  const untilMs = performance.now() + START_WITHIN_MS;
  for (;;) {
    // The metrics page comes up with the exporters; its own telemetry is the last to be asked.
    if (await isUp(peer.metricsUrl)) return peer;
    if (!peer.isRunning() || performance.now() > untilMs) throw new Error(`otelcol did not start:\n${words}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * The same work as the sidecar's. Beyond defaults, in its favour: kept traces leave in batches and not one by one, its
 * queue does not overflow while the sink is away, and it has places for all traces that wait when it is saturated.
 */
function configOf({ sinkUrl, keepAll, tls }: PeerSetup, port: number, metricsPort: number, ownPort: number): object {
  const files = tls === undefined ? {} : { tls: { cert_file: tls.certFile, key_file: tls.keyFile } };
  const policies = [
    { name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
    { name: 'slow', type: 'latency', latency: { threshold_ms: 1000 } },
    { name: 'share', type: 'probabilistic', probabilistic: { sampling_percentage: keepAll === true ? 100 : 10 } },
  ];
  const queue = {
    sizer: 'items',
    queue_size: 1_000_000,
    batch: { sizer: 'items', flush_timeout: '200ms', min_size: 512, max_size: 4096 },
  };
  const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: ownPort } } } };
  return {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}`, ...files } } } },
    processors: { tail_sampling: { decision_wait: '5s', num_traces: 200_000, policies } },
    connectors: { span_metrics: { metrics_flush_interval: '15s' } },
    exporters: {
      otlp_http: { endpoint: sinkUrl, compression: 'none', sending_queue: queue },
      prometheus: { endpoint: `127.0.0.1:${metricsPort}` },
    },
    service: {
      telemetry: { logs: { level: 'warn' }, metrics: { readers: [reader] } },
      pipelines: {
        'traces/keep': { receivers: ['otlp'], processors: ['tail_sampling'], exporters: ['otlp_http'] },
        'traces/measure': { receivers: ['otlp'], exporters: ['span_metrics'] },
        metrics: { receivers: ['span_metrics'], exporters: ['prometheus'] },
      },
    },
  };
}

async function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
