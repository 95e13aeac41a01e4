// Prometheus takes the alert rules, promtool runs their tests, and a sidecar that says that something is critical makes one fire.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { describeWith } from '../support/real-parts.ts';
import { startCollector } from '../support/running-collector.ts';
import { watchedTraffic } from '../support/watched-traffic.ts';

const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const RULES = path('otel-config/alerts.yml');

describeWith(['prometheus', 'promtool'], 'the alert rules', ({ prometheus: binary, promtool }) => {
  it('pass promtool, with their tests', () => {
    expect(execFileSync(promtool, ['check', 'rules', RULES], { encoding: 'utf8' })).toMatch(/SUCCESS: \d+ rules found/);
    const tests = path('tests/fixtures/prometheus/alerts.test.yml');
    expect(execFileSync(promtool, ['test', 'rules', tests], { encoding: 'utf8' })).toMatch(/SUCCESS/);
  });

  it('fire by the severity of what a sidecar says, and by nothing else', async () => {
    const running = await startCollector();
    const traffic = watchedTraffic(running);
    const called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
    await traffic.go(300, called);
    await traffic.go(40, { ...called, medianMs: 200 });
    const prometheus = await startPrometheus(binary, running.urls.metrics, '', '', RULES);
    const firing = async (): Promise<(string | undefined)[]> => {
      const found = await prometheus.query('ALERTS{alertstate="firing"}');
      return found.map(({ labels }) => `${labels['alertname']} ${labels['severity']}`);
    };
    await eventually('an alert', async () => (await firing()).length > 0);
    expect(await firing()).toEqual(['EvenkeelCritical critical']);
  });
});
