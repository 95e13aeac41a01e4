// Exact counting through a real sidecar: a program that samples what the sidecar tells it to, and counts everything.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { send } from '../../support/http.ts';
import { pageSamples } from '../../support/metric-door.ts';
import { startSidecar } from '../../support/sidecar.ts';

const exec = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../fixtures/sdk/counting.mjs', import.meta.url));
const CALLS = 'traces_span_metrics_calls_total';
const COUNT = 'traces_span_metrics_duration_seconds_count';

const CONFIG = `
remote_sampling: { services: [{ name: counted, type: probabilistic, ratio: 0.1 }] }
sample: { decision_wait: 1s, after_root: 500ms, policies: [{ name: all, type: probabilistic, ratio: 1 }] }
`;

interface Truth {
  readonly calls: Readonly<Record<string, number>>;
  readonly sampled: readonly string[];
}

describe.each(['protobuf', 'json'])('a program that counts exactly and exports %s', (format) => {
  it('is shown once, exactly, with examples, however little it samples', async () => {
    const sidecar = await startSidecar({ config: CONFIG });
    const { otlpHttp, page, metrics } = sidecar.urls;
    const { stdout, stderr } = await exec(process.execPath, [PROGRAM, otlpHttp, page, format]);
    expect(stderr).toBe('');
    const { calls, sampled } = JSON.parse(stdout) as Truth;
    const total = Object.values(calls).reduce((sum, n) => sum + n, 0);
    // Steered from outside: the program itself would sample everything.
    expect(sampled.length).toBeGreaterThan(0.04 * total);
    expect(sampled.length).toBeLessThan(0.18 * total);

    const shown = async (name: string): Promise<[string, string, number][]> => {
      const samples = (await pageSamples(sidecar)).filter((sample) => sample.name === name);
      return samples.map(({ labels: l, value }) => [
        l['service_name'] ?? '',
        `${l['span_name']} ${l['status_code']}`,
        value,
      ]);
    };
    const expected = [
      ...Object.entries(calls).map(([operation, value]) => ['counted', operation, value]),
      ['plain', 'pay STATUS_CODE_UNSET', 8],
    ].sort();
    await eventually('the spans of the other service', async () =>
      (await shown(CALLS)).some(([service, , value]) => service === 'plain' && value === 8),
    );
    expect((await shown(CALLS)).sort()).toEqual(expected);
    expect((await shown(COUNT)).sort()).toEqual(expected);

    const named = await eventually('examples of traces that were kept', async () => {
      const text = (await send(metrics, { headers: { accept: 'application/openmetrics-text' } })).body.toString();
      const lines = text.split('\n').filter((line) => line.includes('trace_id="'));
      const of = (metric: string): string[] =>
        lines.filter((line) => line.startsWith(metric) && line.includes('instance="one"')).map(traceOf);
      const own = of('traces_span_metrics_duration_seconds_bucket');
      const waits = of('waits_seconds_bucket');
      return own.length > 0 && waits.length > 0 && [...own, ...waits];
    });
    for (const trace of named) expect(sampled).toContain(trace);
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });
});

function traceOf(line: string): string {
  return /trace_id="([0-9a-f]{32})"/.exec(line)?.[1] ?? '';
}
