// The targets that are shipped, each with a stream that meets it and one that misses it.
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { Severity } from '../../../collector/src/baseline/contract.ts';
import { loadConfig } from '../../../collector/src/config/load.ts';
import { TargetRig } from '../../support/target-rig.ts';

const FOLDER = fileURLToPath(new URL('../../../otel-config/', import.meta.url));
const { targets } = loadConfig([`${FOLDER}collector.yaml`, `${FOLDER}presets/targets.yaml`], [], {});

interface Scenario {
  readonly target: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly says: string;
  /** What comes in a second of a stream that meets the target, or misses it. */
  readonly send: (rig: TargetRig, isBad: boolean, second: number) => void;
  /** Said within so many seconds, where it is judged by more than a minute. */
  readonly withinSeconds?: number;
}

/** As many times. */
const times = (count: number, ...values: number[]): number[] => Array.from({ length: count }, () => values).flat();

/** Each ten seconds, as an SDK that was set to, would send. */
const everyTen =
  (send: Scenario['send']): Scenario['send'] =>
  (rig, isBad, second) => {
    if (second % 10 === 9) send(rig, isBad, second);
  };

const MODEL = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o' };
const POOL = { 'db.client.connection.pool.name': 'main' };
const INSTANCE = { instance: 'a1' };
const HOST = { service: 'evenkeel', resource: { 'host.name': 'one' } };
const ORDERS = { 'db.namespace': 'shop', 'db.collection.name': 'orders', 'db.operation.name': 'SELECT' };

const SCENARIOS: readonly Scenario[] = [
  {
    target: 'simple-operation',
    subject: 'shop GET /cart',
    severity: 'warning',
    says: 'takes 1.99 s at p95, more than its target of 1 s',
    send: (rig, isBad) => rig.calls({ name: 'GET /cart', seconds: times(3, isBad ? 1.9 : 0.9) }),
  },
  {
    target: 'complex-operation',
    subject: 'shop invoke_workflow plan',
    severity: 'warning',
    says: 'takes 45 s at p95, more than its target of 30 s',
    send: (rig, isBad) =>
      rig.calls({ name: 'invoke_workflow plan', kind: 'SPAN_KIND_INTERNAL', seconds: [isBad ? 45 : 20] }),
  },
  {
    target: 'tool-initialization',
    subject: 'shop tool-initialization (search)',
    severity: 'warning',
    says: 'is 243 ms at p95, more than its target of 100 ms',
    send: everyTen((rig, isBad) =>
      rig.histogram(
        'gen_ai.tool.initialization.duration',
        { 'gen_ai.tool.name': 'search' },
        times(2, isBad ? 0.2 : 0.06),
      ),
    ),
  },
  {
    target: 'llm-call',
    subject: 'shop llm-call (gpt-4o)',
    severity: 'warning',
    says: 'is 4 s in the mean, more than its target of 2 s',
    send: everyTen((rig, isBad) =>
      rig.histogram('gen_ai.client.operation.duration', MODEL, times(8, ...(isBad ? [3, 5] : [0.5, 3]))),
    ),
  },
  {
    target: 'llm-errors',
    subject: 'shop llm-errors (gpt-4o)',
    severity: 'warning',
    says: 'is 0.05, more than its target of 0.01',
    send: everyTen((rig, isBad, second) => {
      const failed = isBad ? 10 : second === 9 ? 1 : 0;
      rig.histogram('gen_ai.client.operation.duration', MODEL, times(200 - failed, 0.5));
      rig.histogram('gen_ai.client.operation.duration', { ...MODEL, 'error.type': '429' }, times(failed, 0.5));
    }),
  },
  {
    target: 'llm-fallbacks',
    subject: 'shop llm-fallbacks',
    severity: 'warning',
    says: 'is 0.25, more than its target of 0.05',
    send: everyTen((rig, isBad) => {
      rig.histogram('gen_ai.client.operation.duration', MODEL, times(80, 0.5), { temporality: 'delta' });
      rig.counter('gen_ai.client.fallbacks', MODEL, isBad ? 20 : 2, { temporality: 'delta' });
    }),
  },
  {
    target: 'cache-hits',
    subject: 'shop cache-hits (sessions)',
    severity: 'warning',
    says: 'is 0.2, less than its target of 0.6',
    send: everyTen((rig, isBad) => {
      for (const [result, count] of Object.entries(
        isBad ? { hit: 15, stale: 5, miss: 80 } : { hit: 50, stale: 20, miss: 30 },
      ))
        rig.counter('cache.operations', { 'cache.name': 'sessions', 'cache.result': result }, count);
      rig.counter('cache.operations', { 'cache.name': 'sessions', 'cache.operation.name': 'set' }, 500);
    }),
  },
  {
    target: 'simple-query',
    subject: 'shop simple-query (shop, orders, SELECT)',
    severity: 'warning',
    says: 'is 235 ms at p95, more than its target of 50 ms',
    send: everyTen((rig, isBad) =>
      rig.histogram('db.client.operation.duration', ORDERS, times(10, ...(isBad ? [0.03, 0.2] : [0.03, 0.04]))),
    ),
  },
  {
    target: 'complex-query',
    subject: 'shop complex-query (shop, SELECT orders customers)',
    severity: 'critical',
    says: 'is 7.38 s at p95, more than its target of 500 ms',
    send: everyTen((rig, isBad) =>
      rig.histogram(
        'db.client.operation.duration',
        { 'db.namespace': 'shop', 'db.query.summary': 'SELECT orders customers' },
        times(6, isBad ? 6 : 0.3),
      ),
    ),
  },
  {
    target: 'transactions',
    subject: 'shop transactions (shop)',
    severity: 'warning',
    says: 'is at 40 a second, less than its target of 100',
    send: everyTen((rig, isBad) =>
      rig.histogram('db.client.transaction.duration', { 'db.namespace': 'shop' }, times(isBad ? 400 : 1300, 0.01)),
    ),
  },
  {
    target: 'connection-pool',
    subject: 'shop connection-pool (a1, main)',
    severity: 'critical',
    says: 'is 0.95, more than its target of 0.8',
    send: everyTen((rig, isBad) => {
      rig.gauge('db.client.connection.limit', POOL, 20, INSTANCE);
      rig.gauge(
        'db.client.connection.count',
        { ...POOL, 'db.client.connection.state': 'used' },
        isBad ? 19 : 15,
        INSTANCE,
      );
      rig.gauge('db.client.connection.count', { ...POOL, 'db.client.connection.state': 'idle' }, 5, INSTANCE);
    }),
  },
  {
    target: 'lock-wait',
    subject: 'shop lock-wait (shop, orders)',
    severity: 'warning',
    says: 'is 738 ms at p95, more than its target of 100 ms',
    send: everyTen((rig, isBad) =>
      rig.histogram(
        'db.client.lock.wait_time',
        { 'db.namespace': 'shop', 'db.collection.name': 'orders' },
        times(20, isBad ? 0.6 : 0.02),
        { temporality: 'delta' },
      ),
    ),
  },
  {
    target: 'cpu',
    subject: 'evenkeel cpu (one)',
    severity: 'warning',
    says: 'is 0.8, more than its target of 0.7',
    // Sparse, as `monitoring` sends it: what does not move is repeated each minute.
    send: (rig, isBad, second) => {
      if (second % 60 !== 0) return;
      const modes = isBad ? { user: 0.6, system: 0.2, idle: 0.2 } : { user: 0.2, system: 0.1, idle: 0.7 };
      for (const [mode, value] of Object.entries(modes)) {
        rig.gauge('system.cpu.utilization', { 'cpu.mode': mode }, value, HOST);
        rig.gauge('system.cpu.utilization', { 'cpu.mode': mode, 'cpu.logical_number': '0' }, value, HOST);
      }
    },
    withinSeconds: 180,
  },
  {
    target: 'disk',
    subject: 'evenkeel disk (one, sda)',
    severity: 'warning',
    says: 'is at 150 MB/s, more than its target of 100 MB/s',
    send: everyTen((rig, isBad) => {
      for (const direction of ['read', 'write'])
        rig.counter(
          'system.disk.io',
          { 'system.device': 'sda', 'disk.io.direction': direction },
          isBad ? 750e6 : 400e6,
          { ...HOST, unit: 'By' },
        );
    }),
  },
  {
    target: 'network',
    subject: 'evenkeel network (one, eth0)',
    severity: 'warning',
    says: 'is at 2 MB/s, more than its target of 1.25 MB/s',
    send: everyTen((rig, isBad) => {
      for (const name of ['eth0', 'lo'])
        rig.counter(
          'system.network.io',
          { 'network.interface.name': name, 'network.io.direction': 'receive' },
          name === 'lo' ? 5e8 : isBad ? 20e6 : 10e6,
          { ...HOST, unit: 'By' },
        );
    }),
  },
  {
    target: 'file-handles',
    subject: 'shop file-handles (a1)',
    severity: 'warning',
    says: 'is 1200, more than its target of 1000',
    send: everyTen((rig, isBad) =>
      rig.gauge('process.unix.file_descriptor.count', {}, isBad ? 1200 : 900, {
        ...INSTANCE,
        unit: '{file_descriptor}',
      }),
    ),
  },
];

it('are sixteen, and each has its scenario', () => {
  const names = [...Object.keys(targets.operations), ...Object.keys(targets.metrics)].sort();
  expect(SCENARIOS.map(({ target }) => target).sort()).toEqual(names);
  expect(names).toHaveLength(16);
});

it.each(SCENARIOS)(
  'say nothing while $target is met, and say what misses it until it no longer does',
  async ({ subject, severity, says, send, withinSeconds = 90 }) => {
    const rig = new TargetRig(targets);
    await rig.begin();
    onTestFinished(() => rig.stage.stop());
    rig.go(300, (_, second) => send(rig, false, second));
    expect(rig.said).toEqual([]);
    expect(rig.own.read('subjects', { state: 'met' })).toBeGreaterThan(0);
    const badMs = 300_000;
    rig.go(300, (_, second) => send(rig, true, second));
    expect(rig.open.map((each) => [each.subject.name, each.severity])).toEqual([[subject, severity]]);
    expect(rig.said[0]?.atMs).toBeLessThanOrEqual(badMs + withinSeconds * 1000);
    expect(rig.said.at(-1)?.severity).toBe(severity);
    const goodMs = 600_000;
    rig.go(300, (_, second) => send(rig, false, second));
    expect(rig.open).toEqual([]);
    expect(rig.said.at(-1)?.summary).toMatch(/is back to normal after \d+ s$/);
    expect(rig.said.at(-1)?.atMs).toBeLessThanOrEqual(goodMs + 60_000);
    expect(new Set(rig.said.map((each) => each.subject))).toEqual(new Set([subject]));
    expect(rig.said.map(({ summary }) => summary).join('\n')).toContain(says);
  },
);
