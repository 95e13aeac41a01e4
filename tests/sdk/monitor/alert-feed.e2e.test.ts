// Alerts as they come over the sidecar's event stream: from a real one, and over connections that go wrong.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PerformanceMonitor } from '../../../sdk/src/monitor/entry.ts';
import { PROCESS_CLOCK } from '../../../sdk/src/monitor/clock.ts';
import { closedPort } from '../../support/exporter-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { ManualMonitorClock } from '../../support/monitor-clock.ts';
import { startCollector } from '../../support/running-collector.ts';
import { watchedTraffic } from '../../support/watched-traffic.ts';

function monitorOf(
  url: string,
  clock = PROCESS_CLOCK,
  token?: string,
): { monitor: PerformanceMonitor; told: string[] } {
  const told: string[] = [];
  const monitor = new PerformanceMonitor({ alerts: { url, ...(token !== undefined && { token }) }, clock });
  monitor.registerAlertCallback((type, { state, severity, subject }) =>
    told.push([type, state, severity, subject].join(' ')),
  );
  onTestFinished(() => monitor.stop());
  return { monitor, told };
}

test('tells what a sidecar finds, when it begins and when it is over', async () => {
  const running = await startCollector();
  const traffic = watchedTraffic(running);
  const called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
  await traffic.go(300, called);
  const { told } = monitorOf(running.urls.page);
  await traffic.go(60, { ...called, medianMs: 80 });
  await eventually('the alert', () => told.length > 0 || void running.clock.advance(1000));
  expect(told).toEqual([expect.stringMatching(/^latency firing \w+ shop GET \/cart$/)]);
  await traffic.go(900, called);
  await eventually('its end', () => told.some((each) => each.includes('resolved')) || void running.clock.advance(1000));
  expect(told.at(-1)).toMatch(/^latency resolved \w+ shop GET \/cart$/);
});

/** A server that answers as it is told to. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<string> {
  let count = 0;
  const server = createServer((request, response) => answer(request, response, ++count)).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const alerts = (severity: string): string =>
  `event: alerts\ndata: ${JSON.stringify({ alerts: [{ id: '1', state: 'firing', severity, subject: { name: 's', attributes: {} } }] })}\n\n`;

test('comes back after every way in which a connection can end, and tells nothing twice', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response, count) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    if (count === 1) response.destroy();
    else if (count === 2) response.writeHead(401).end('no');
    else if (count === 3) response.writeHead(200).end('event: alerts\ndata: {"not json\n\n');
    else if (count === 4) response.writeHead(200).end(alerts('warning'));
    else if (count === 5) response.writeHead(200).write('event: alerts\ndata: ');
    else response.writeHead(200).write(alerts('warning') + alerts('critical'));
  });
  const clock = new ManualMonitorClock();
  const { told, monitor } = monitorOf(`${url}/`, clock, 'secret');
  await eventually('all of them', () => told.length >= 2 || void clock.advance(1000));
  expect(told).toEqual(['alert firing warning s', 'alert firing critical s']);
  expect(asked).toEqual(Array.from({ length: 6 }, () => '/api/events Bearer secret'));
  monitor.stop();
  expect(clock.timers).toBe(0);
});

test('says once that its address or token is wrong, without either, and nothing of a sidecar that is away', async () => {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  onTestFinished(() => void vi.restoreAllMocks());
  const locked = await serve((_request, response) => void response.writeHead(401).end());
  const busy = await serve((_request, response, count) => void response.writeHead(count > 1 ? 429 : 503).end());
  const clock = new ManualMonitorClock();
  monitorOf(busy, clock);
  monitorOf(`http://127.0.0.1:${await closedPort()}`, clock);
  monitorOf(locked.replace('//', '//ada:hunter2@'), clock, 'hunter3');
  monitorOf('ftp://ada:hunter2@example.com', clock);
  let waited = 0;
  await eventually('both', () => (lines.length >= 2 && waited++ > 20) || void clock.advance(1000));
  const said = (what: string): unknown =>
    expect.stringMatching(`^evenkeel: alerts of the sidecar .*: ${what} \\[ALERTS_NOT_FOLLOWED\\] `);
  expect(lines.toSorted()).toEqual([said('HTTP 401'), said('alerts.url is no address of a page')]);
  expect(lines.join('')).not.toMatch(/hunter|ada/);
});

test('tries less and less often while nobody answers', async () => {
  const url = await serve((_request, response) => void response.writeHead(503).end());
  const clock = new ManualMonitorClock();
  monitorOf(url, clock);
  /** So long a connection may say nothing. */
  const silentMs = 15_000;
  const waits: number[] = [];
  while (waits.length < 8) {
    await eventually('a wait', () => clock.nextMs !== undefined && clock.nextMs !== silentMs);
    waits.push(clock.nextMs ?? 0);
    clock.advance(clock.nextMs ?? 0);
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('keeps no process alive', async () => {
  const url = await serve((_request, response) => void response.writeHead(200).write(alerts('info')));
  const program = `
    import { PerformanceMonitor, ResourceMonitor } from './src/monitor/entry.ts';
    const resources = new ResourceMonitor();
    resources.start();
    const monitor = new PerformanceMonitor({ alerts: { url: '${url}' }, thresholds: { a: { p95Ms: 1 } }, resources });
    monitor.registerAlertCallback((type, data) => { console.log(type, data.severity); clearInterval(hold); });
    const hold = setInterval(() => {}, 1000);`;
  const args = ['--input-type=module', '--eval', program];
  const cwd = new URL('../../../sdk/', import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 20_000 });
  expect(stdout).toBe('alert info\n');
});
