// A real sidecar with the shipped targets beside its own configuration: spans and metrics miss them, are said, and it ends.
import { expect, it } from 'vitest';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import type { TargetsAnswer, Violation, ViolationsAnswer } from '../../collector/src/web/api.ts';
import { dataPoint } from '../support/data-points.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/http.ts';
import { ask } from '../support/metric-door.ts';
import { startSidecar } from '../support/sidecar.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const HURRY = ['window=5s', 'sustained=0s'];
const SET = ['operations.simple-operation', 'metrics.file-handles'].flatMap((target) =>
  HURRY.flatMap((each) => ['--set', `targets.${target}.${each}`]),
);

it('says what misses a target over OTLP, and that it does no longer', async () => {
  const sidecar = await startSidecar({ config: 'monitoring: false', args: ['--config', 'preset:targets', ...SET] });
  const { targets } = await ask<TargetsAnswer>(sidecar, '/api/targets');
  expect(targets).toHaveLength(16);

  /** Sends what just ended. */
  const send = async (durationMs: number, handles: number): Promise<void> => {
    const nowMs = Date.now();
    const spans = Array.from({ length: 10 }, () => testSpan({ durationMs, startMs: nowMs - durationMs }));
    expect((await post(`${sidecar.urls.otlpHttp}/v1/traces`, bodyOf(spans))).status).toBe(200);
    const name = 'process.unix.file_descriptor.count';
    const point = dataPoint({ name, kind: 'gauge', instance: 'a', value: handles, startMs: 0, timeMs: nowMs });
    for (const { body } of encodeMetrics([point]))
      expect((await post(`${sidecar.urls.otlpHttp}/v1/metrics`, body)).status).toBe(200);
  };
  const open = async (): Promise<Violation[]> => {
    const { groups } = await ask<ViolationsAnswer>(sidecar, '/api/violations');
    return groups.flatMap(({ members }) => members).filter(({ severity }) => severity !== 'none');
  };

  const missed = await eventually('both to be said', async () => {
    await send(3000, 5000);
    const all = await open();
    return all.length >= 2 && all;
  });
  expect(missed.map(({ kind, subject, severity }) => [kind, subject.name, severity]).sort()).toEqual([
    ['target', 'shop GET /cart', 'warning'],
    ['target', 'shop file-handles (a)', 'warning'],
  ]);
  await eventually('both to be over', async () => {
    await send(30, 50);
    return (await open()).length === 0;
  });
  expect((await sidecar.stop()).code).toBe(0);
});
