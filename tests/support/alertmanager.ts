// A small Alertmanager: POST /api/v2/alerts as the real one judges it, alerts known by their labels.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** An alert as it was posted. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly generatorURL?: string;
}

export interface Alertmanager {
  readonly url: string;
  /** By its clock; what has ended is not listed. */
  active(): PostedAlert[];
  setTime(nowMs: number): void;
}

/**
 * @param prefix its path, as of `--web.route-prefix`
 * @see Alertmanager, api/v2/api.go, postAlertsHandler, and types.Alert.Validate
 */
export async function alertmanager(prefix = ''): Promise<Alertmanager> {
  const known = new Map<string, PostedAlert>();
  let nowMs = 1_800_000_000_000;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const isPost = request.method === 'POST' && request.url === `${prefix}/api/v2/alerts`;
      if (!isPost || request.headers['content-type'] !== 'application/json') return response.writeHead(404).end();
      const alerts = JSON.parse(Buffer.concat(pieces).toString()) as PostedAlert[];
      for (const alert of alerts.filter(isSound)) known.set(JSON.stringify(sorted(alert.labels)), alert);
      return response.writeHead(alerts.every(isSound) ? 200 : 400).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    active: () => [...known.values()].filter(({ endsAt = '' }) => Date.parse(endsAt) > nowMs),
    setTime: (next) => (nowMs = next),
  };
}

function isSound({ labels, annotations = {}, startsAt = '', endsAt = '' }: PostedAlert): boolean {
  const isName = (name: string): boolean => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
  const [starts, ends] = [Date.parse(startsAt), Date.parse(endsAt)];
  const values = Object.values(labels);
  return (
    Object.keys(labels).length > 0 &&
    [...Object.keys(labels), ...Object.keys(annotations)].every(isName) &&
    values.every((value) => typeof value === 'string' && value !== '') &&
    ends >= starts
  );
}

function sorted(labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
}
