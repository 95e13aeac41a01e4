// The page of metrics that a program of the SDK serves itself, held against Prometheus' own reader of pages.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { endJob } from '../support/ended-job.ts';
import { startReceiver } from '../support/otlp-receiver.ts';
import { describeWith } from '../support/real-parts.ts';

describeWith(['promtool'], 'the page of a program', ({ promtool }) => {
  it('passes promtool, with what the program counted of its spans', async () => {
    const { url } = await startReceiver();
    const options = { endpoint: url, sampling: { ratio: 0.1, exactCounting: true }, prometheus: {} };
    const { stdout: page } = await endJob(['work', 'work', 'page', 'exit'], {}, options);
    for (const family of ['traces_span_metrics_calls_total', 'traces_span_metrics_duration_seconds', 'job_read_bytes'])
      expect(page).toContain(`# TYPE ${family} `);
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: page, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
