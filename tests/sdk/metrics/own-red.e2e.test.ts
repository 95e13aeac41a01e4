// A service that counts its spans itself says the same everywhere: in a real sidecar over each protocol and in each temporality,
// and on the page in its own process, which is read in between.
import { describe, expect, it } from 'vitest';
import { endJob } from '../../support/ended-job.ts';
import { eventually } from '../../support/eventually.ts';
import { readSamples, sumOf } from '../../support/exposition-text.ts';
import { send } from '../../support/http.ts';
import { pageSamples } from '../../support/metric-door.ts';
import { startSidecar } from '../../support/sidecar.ts';

const CONFIG = `
sample: { decision_wait: 1s, after_root: 500ms, policies: [{ name: all, type: probabilistic, ratio: 1 }] }
`;
const CALLS = 'traces_span_metrics_calls_total';
const COUNT = 'traces_span_metrics_duration_seconds_count';
const BUCKET = 'traces_span_metrics_duration_seconds_bucket';

/** Three times seven calls: one before a flush, one after, the last held until the exit; the page is asked before both. */
const STEPS = ['work', 'page', 'flush', 'work', 'page', 'work', 'exit'] as const;

describe('a service that counts its spans', () => {
  it('is counted exactly, with examples, by every way and in every temporality', async () => {
    const sidecar = await startSidecar({ config: CONFIG });
    for (const { protocol, temporality } of [
      { protocol: 'http/json', temporality: 'low_memory' },
      { protocol: 'grpc', temporality: 'delta' },
      { protocol: 'grpc', temporality: 'cumulative' },
    ]) {
      const job = `${protocol} ${temporality}`;
      const environment = {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? sidecar.urls.otlpGrpc : sidecar.urls.otlpHttp,
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
      };
      const sampling = { ratio: 1, exactCounting: true };
      const { code, stdout, stderr } = await endJob(STEPS, environment, { serviceName: job, sampling, prometheus: {} });
      expect([job, code, stderr]).toEqual([job, 7, '']);

      const own = { service_name: job, span_name: 'job.step' };
      const pages = stdout.split(/(?=# HELP target_info)/).map((text) => readSamples(text));
      const counts = pages.map((page) => [CALLS, COUNT].map((name) => sumOf(page, name, own)));
      expect([job, counts]).toEqual([
        job,
        [
          [7, 7],
          [14, 14],
        ],
      ]);
      for (const page of pages) expect(sumOf(page, COUNT, own)).toBe(sumOf(page, BUCKET, { ...own, le: '+Inf' }));

      const samples = await pageSamples(sidecar);
      expect([job, sumOf(samples, CALLS, own), sumOf(samples, COUNT, own)]).toEqual([job, 21, 21]);
      await eventually(`examples of traces that were kept, of ${job}`, async () => {
        const lines = (await openMetrics(sidecar.urls.metrics)).split('\n');
        const has = (metric: string): boolean =>
          lines.some((line) => line.startsWith(metric) && line.includes(`job="${job}"`) && line.includes('trace_id="'));
        return has(BUCKET) && has('evenkeel_operation_duration_seconds_bucket');
      });
    }
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });
});

async function openMetrics(url: string): Promise<string> {
  return (await send(url, { headers: { accept: 'application/openmetrics-text' } })).body.toString();
}
