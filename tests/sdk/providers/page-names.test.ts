// The page of a program has the names of the sidecar's, so one dashboard reads both.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, it } from 'vitest';
import { sampleName } from '../../../collector/src/export/prometheus-naming.ts';
import * as names from '../../../sdk/src/names.ts';
import { createPage } from '../../../sdk/src/providers/metrics.ts';

interface Told {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'up-down-counter';
}

/** Names of the families on the page of a program that measured each. */
async function onPage(metrics: readonly Told[]): Promise<string[]> {
  const page = createPage({}, undefined);
  const meter = new MeterProvider({ readers: [page] }).getMeter('shop');
  for (const { name, unit, kind } of metrics) {
    if (kind === 'histogram') meter.createHistogram(name, { unit }).record(1);
    else if (kind === 'gauge') meter.createGauge(name, { unit }).record(1);
    else if (kind === 'counter') meter.createCounter(name, { unit }).add(1);
    else meter.createUpDownCounter(name, { unit }).add(1);
  }
  const text = await new Promise<string>((resolve) => {
    const response = { setHeader: () => {}, end: resolve } as unknown as ServerResponse;
    page.getMetricsRequestHandler({} as IncomingMessage, response);
  });
  return [...text.matchAll(/^# TYPE (\S+)/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

async function check(metrics: readonly Told[]): Promise<void> {
  const expected = metrics.map(({ kind, ...told }) =>
    sampleName({ ...told, kind: kind === 'up-down-counter' ? 'gauge' : kind }),
  );
  expect((await onPage(metrics)).filter((name) => name !== 'target_info')).toEqual(expected);
}

it('names what the SDK measures as the sidecar does', async () => {
  const tables = Object.entries(names).filter(([name]) => name.endsWith('METRIC'));
  const all = tables.flatMap(([, table]) => Object.values(table) as Told[]);
  expect(await onPage(all)).toContain('evenkeel_operation_duration_seconds');
  expect(new Set(await onPage(all)).size).toBe(all.length + 1);
  await check(all);
});

it('names what a program measures so, in whatever unit', async () => {
  const units = ['', '1', 's', 'ms', 'By', 'MiBy', '{item}', '{item}/s', 'By/s', '1/min', '%', 'Cel', 'm/s', 'foo.bar'];
  const kinds = ['counter', 'gauge', 'histogram', 'up-down-counter'] as const;
  const all = units.flatMap((unit, i) => kinds.map((kind) => ({ name: `shop.${kind}.n${i}`, unit, kind })));
  const said = [
    { name: 'wait_seconds', unit: 's', kind: 'histogram' },
    { name: 'bytes.read', unit: 'By', kind: 'gauge' },
    { name: 'sent.bytes.total', unit: 'By', kind: 'counter' },
    { name: 'kept_total', unit: 's', kind: 'counter' },
  ] as const;
  await check([...all, ...said]);
});
