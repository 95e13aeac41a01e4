// Debian's Alertmanager on a free port, with a webhook that it tells.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Hook } from './alert-rig.ts';
import { eventually } from './eventually.ts';
import { closedPort } from './exporter-rig.ts';
import { getJson } from './real-parts.ts';

/** An alert as it is shown. */
export interface Shown {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

export interface RealAlertmanager {
  readonly url: string;
  /** Alerts that go on. */
  shown(): Promise<Shown[]>;
}

/** Starts one that tells a webhook at once, and again of each change. */
export async function startAlertmanager(binary: string, hook: Hook): Promise<RealAlertmanager> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-alertmanager-'));
  const config = join(folder, 'alertmanager.yml');
  await writeFile(
    config,
    `route: { receiver: hook, group_by: [group], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: hook, webhook_configs: [{ url: "${hook.url}", send_resolved: true }] }]
`,
  );
  const port = await closedPort();
  const flags = [`--config.file=${config}`, `--storage.path=${join(folder, 'data')}`, '--cluster.listen-address='];
  const child: ChildProcess = spawn(binary, [...flags, `--web.listen-address=127.0.0.1:${port}`], {
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  const shown = (): Promise<Shown[] | undefined> => getJson<Shown[]>(`${url}/api/v2/alerts`);
  await eventually('Alertmanager to answer', shown);
  return { url, shown: async () => (await shown()) ?? [] };
}
