// The built sidecar as a peer.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Peer, peerOf, type PeerSetup } from './peer.ts';

const BUILT = `${import.meta.dirname}/../../collector/dist/main.js`;

/** What the sidecar is set up for beside what every peer is. */
export interface EvenkeelSetup extends PeerSetup {
  /** Without page, store and gRPC. */
  readonly bare?: boolean;
  /** Default: traces wait 5 s, as the peers' do. */
  readonly sample?: Readonly<Record<string, unknown>>;
  /** Default: no, as the peers do not; what it costs is in bench:idle. */
  readonly readsHost?: boolean;
}

/**
 * Starts the sidecar; page, store and metrics page are on unless it is bare. `BENCH_SIDECAR_NODE_OPTIONS`
 * goes to its Node, for profiles: `--cpu-prof --cpu-prof-dir=/tmp/profiles`.
 */
export async function startEvenkeel(setup: EvenkeelSetup): Promise<Peer & { pageUrl: string }> {
  if (!existsSync(BUILT)) throw new Error('the collector is not built: npm run build');
  const folder = mkdtempSync(`${tmpdir()}/evenkeel-bench-`);
  const file = `${folder}/collector.yaml`;
  writeFileSync(file, JSON.stringify(configOf(setup, folder)));
  const child = fork(BUILT, ['run', '--config', file], {
    env: withoutTelemetrySettings(),
    execArgv: (process.env['BENCH_SIDECAR_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== ''),
  });
  const urls = await ready(child);
  const peerUrls = { url: urls.otlpHttp, metricsUrl: urls.metrics, pageUrl: urls.page ?? '' };
  return { ...peerOf(child, peerUrls, () => rmSync(folder, { recursive: true })), pageUrl: peerUrls.pageUrl };
}

/** Tells whether the built program knows a key, so that what it does not know yet is left out visibly. */
export function isAccepted(config: object): boolean {
  const folder = mkdtempSync(`${tmpdir()}/evenkeel-bench-`);
  try {
    writeFileSync(`${folder}/collector.yaml`, JSON.stringify(config));
    const { status } = spawnSync(process.execPath, [BUILT, 'config', 'check', `${folder}/collector.yaml`], {
      env: withoutTelemetrySettings(),
    });
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** JSON is YAML as well. */
function configOf({ sinkUrl, keepAll, tls, bare, sample, readsHost }: EvenkeelSetup, folder: string): object {
  const files = tls === undefined ? {} : { tls: { cert_file: tls.certFile, key_file: tls.keyFile } };
  const receive = { http: { port: 0, ...files }, ...grpc(bare === true) };
  return {
    sources: { unsampled: ['*'] },
    ...(readsHost === true || !isAccepted({ monitoring: false }) ? {} : { monitoring: false }),
    receive,
    sample: {
      ...(sample ?? { decision_wait: '5s', after_root: '5s' }),
      ...(keepAll === true ? { policies: [{ name: 'all', type: 'probabilistic', ratio: 1 }] } : {}),
    },
    export: {
      prometheus: { port: 0 },
      otlp: { sink: { endpoint: sinkUrl, compression: 'none', signals: ['traces'] } },
    },
    store: bare === true ? false : { path: `${folder}/store` },
    web: bare === true ? false : { port: 0 },
  };
}

function grpc(bare: boolean): object {
  const off = { grpc: false };
  const on = { grpc: { port: 0 } };
  if (!isAccepted({ receive: on })) return {};
  return bare ? off : on;
}

function withoutTelemetrySettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_')));
}

function ready(child: ChildProcess): Promise<{ otlpHttp: string; metrics: string; page?: string }> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: { type: string; urls: { otlpHttp: string; metrics: string; page?: string } }) => {
      if (message.type === 'ready') resolve(message.urls);
    });
    child.once('exit', (code) => reject(new Error(`the sidecar ended with ${code}`)));
  });
}
