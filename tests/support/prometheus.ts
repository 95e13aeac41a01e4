// Debian's Prometheus, scraping one page each second, for tests that ask it what it saw. It ends with the test file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { eventually } from './eventually.ts';
import { getJson } from './real-parts.ts';

/** One series of an answer; an instant query gives one point, a range selector many. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Oldest first; times in Unix seconds. */
  readonly points: readonly { readonly time: number; readonly value: number }[];
  /** Native histograms of a range selector. */
  readonly histograms: readonly { readonly time: number; readonly count: number; readonly sum: number }[];
}

export interface Metadata {
  readonly metric: string;
  readonly type: string;
  readonly unit: string;
}

export interface RunningPrometheus {
  readonly url: string;
  /** @param time Unix seconds; now where it is left out. @throws on an expression it refuses */
  query(expression: string, time?: number): Promise<Series[]>;
  /** Exemplars it has of the series of a selector: their trace ids. */
  exemplars(selector: string): Promise<readonly string[]>;
  /** What it learned of the page's metrics. */
  metadata(): Promise<readonly Metadata[]>;
}

interface VectorItem {
  readonly metric: Record<string, string>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
  readonly histograms?: readonly (readonly [number, { readonly count: string; readonly sum: string }])[];
}

const stops: (() => Promise<void>)[] = [];
// Here, because a hook registered while tests run would never be called.
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

/**
 * Starts it on a free port and waits for its first scrape.
 *
 * @param page URL of a metrics page
 * @param access further lines of the scrape configuration, which let it in
 * @param features to enable, separated by commas
 * @param rules path of a file of rules, evaluated each second
 */
export async function startPrometheus(
  binary: string,
  page: string,
  access = '',
  features = '',
  rules = '',
): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const { host, pathname, protocol } = new URL(page);
  await writeFile(
    config,
    `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [${rules}]
scrape_configs:
  - job_name: evenkeel
    scheme: ${protocol.slice(0, -1)}
    metrics_path: ${pathname}
    static_configs: [{ targets: ['${host}'] }]
${access.replace(/^/gm, '    ')}
`,
  );
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  if (features !== '') flags.push(`--enable-feature=${features}`);
  const child = spawn(binary, [...flags, '--web.listen-address=127.0.0.1:0'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  stops.push(async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const prometheus = prometheusClient(await listening(child));
  // It listens before it can answer.
  await eventually('Prometheus to be ready', async () => {
    const response = await fetch(`${prometheus.url}/-/ready`);
    await response.arrayBuffer();
    return response.ok;
  });
  await eventually('the first scrape', async () => (await prometheus.query('up == 1')).length > 0);
  return prometheus;
}

function listening(child: ChildProcess): Promise<string> {
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (text: Buffer) => {
      log += text.toString();
      const address = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
    child.once('close', () => reject(new Error(`prometheus ended:\n${log}`)));
  });
}

/** Asks a Prometheus that runs at an address. */
export function prometheusClient(url: string): RunningPrometheus {
  return {
    url,
    async query(expression, time) {
      const address = new URL('/api/v1/query', url);
      address.searchParams.set('query', expression);
      if (time !== undefined) address.searchParams.set('time', String(time));
      const response = await fetch(address);
      const answer = (await response.json()) as { error?: string; data?: { result: VectorItem[] | [number, string] } };
      if (answer.data === undefined) throw new Error(`${expression}: ${answer.error ?? response.status}`);
      return answer.data.result.map(seriesOf);
    },
    async exemplars(selector) {
      const address = new URL('/api/v1/query_exemplars', url);
      // A start and an end are asked for, in Unix seconds; these are all.
      for (const [key, value] of Object.entries({ query: selector, start: '0', end: '4000000000' }))
        address.searchParams.set(key, value);
      const answer = await getJson<{ data: { exemplars: { labels: { trace_id?: string } }[] }[] }>(address);
      return (answer?.data ?? []).flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id ?? ''));
    },
    async metadata() {
      const answer = await getJson<{ data: Metadata[] }>(`${url}/api/v1/targets/metadata`);
      return answer?.data ?? [];
    },
  };
}

/** A scalar answer has two bare items and is no series; no test asks for one. */
function seriesOf(item: VectorItem | number | string): Series {
  if (typeof item !== 'object') throw new Error('a scalar has no series');
  const values = item.values ?? (item.value === undefined ? [] : [item.value]);
  const histograms = item.histograms ?? [];
  return {
    labels: item.metric,
    points: values.map(([time, value]) => ({ time, value: Number(value) })),
    histograms: histograms.map(([time, { count, sum }]) => ({ time, count: Number(count), sum: Number(sum) })),
  };
}
