// Which series of span metrics the sidecar shows where services count their spans themselves.
import { expect, it } from 'vitest';
import { measureConfig } from '../../../collector/src/measure/config.ts';
import { CALLS, DURATION } from '../../../collector/src/measure/names.ts';
import { MeasureStage } from '../../../collector/src/measure/stage.ts';
import { dataPoint, type PointShape } from '../../support/data-points.ts';
import { testIntake } from '../../support/intake.ts';
import { testHost } from '../../support/surroundings.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const SERVER = 'SPAN_KIND_SERVER';

async function rig(maxSeries = 4096) {
  const host = testHost();
  const measure = new MeasureStage(measureConfig.parse({ max_series: maxSeries }), host, { consume: async () => {} });
  const expired: string[] = [];
  measure.expiring = (row) => expired.push(measure.ownerAt(row).name);
  await measure.start();
  const intake = testIntake({});
  const spansOf = async (instance: string, service: string, names: readonly string[]): Promise<void> => {
    const attributes = instance === '' ? [] : [{ key: 'service.instance.id', value: { stringValue: instance } }];
    const source = { key: instance, resourceAttributes: attributes };
    const body = bodyOf(names.map((name) => ({ ...testSpan({ service, name, kind: 2 }), source })));
    intake.take([body], body.length, host.clock.nowMs(), host.clock.monotonicMs());
    await measure.consume(intake.batch);
  };
  const spans = (service: string, ...names: string[]): Promise<void> => spansOf(`${service}-1`, service, names);
  const points = async (...shapes: PointShape[]): Promise<void> =>
    measure.metricsSeen.consume({ signal: 'metrics', points: shapes.map(dataPoint) });
  /** A service's own series of its operations. */
  const own = (service: string, names: string[], shape: PointShape = {}): Promise<void> =>
    points(
      ...names.map((name) => ({
        name: CALLS,
        service,
        instance: `${service}-1`,
        ...shape,
        attributes: {
          'service.name': service,
          'span.name': name,
          'span.kind': SERVER,
          'status.code': 'STATUS_CODE_UNSET',
        },
      })),
    );
  /** Series shown of calls, and that durations show the same ones. */
  const shown = (): string[] => {
    const [calls = [], durations = []] = measure.collect().map(({ points: each }) =>
      [...each].map(({ attributes: a, value, histogram }) => {
        const count = value ?? histogram?.counts.reduce((sum, n) => sum + n, 0);
        return `${a['service.name']} ${a['span.name'] ?? 'overflow'} ${count}`;
      }),
    );
    expect(durations).toEqual(calls);
    return calls;
  };
  return { host, measure, spans, spansOf, points, own, shown, expired };
}

it('leaves out what a service counts itself, and nothing else', async () => {
  const { spans, own, shown } = await rig();
  await spans('shop', 'pay', 'list', 'pay');
  await spans('bank', 'pay');
  expect(shown()).toEqual(['shop pay 2', 'shop list 1', 'bank pay 1']);
  await own('shop', ['pay']);
  expect(shown()).toEqual(['shop list 1', 'bank pay 1']);
  await spans('shop', 'pay');
  expect(shown()).toEqual(['shop list 1', 'bank pay 1']);
});

it('knows operations by their kind too, and by durations alone', async () => {
  const { spans, points, shown } = await rig();
  await spans('shop', 'pay', 'list');
  const of = (kind: string, name: string): PointShape => ({
    name: DURATION,
    attributes: { 'span.name': name, 'span.kind': kind },
  });
  await points(of('SPAN_KIND_CLIENT', 'pay'), of(SERVER, 'list'));
  expect(shown()).toEqual(['shop pay 1']);
});

it('takes no others for them: other metrics, other services, points without a kind or a value', async () => {
  const { spans, points, own, shown } = await rig();
  await spans('shop', 'pay');
  await own('gateway', ['pay']);
  await own('shop', ['pay'], { name: 'calls' });
  await own('shop', ['pay'], { hasNoValue: true });
  const attributes = { 'span.name': 'pay', 'span.kind': SERVER };
  await points({ name: CALLS, service: 'gateway', attributes: { ...attributes, 'service.name': 'shop' } });
  await points({ name: CALLS, attributes: { 'span.name': 'pay' } }, { name: CALLS, service: '', attributes });
  expect(shown()).toEqual(['shop pay 1']);
});

it('shows its own again from 0 when the service has stopped for some of its intervals', async () => {
  const { host, spans, own, shown, expired } = await rig();
  await spans('shop', 'pay', 'pay', 'list');
  for (let i = 0; i < 8; i++) {
    await own('shop', ['pay']);
    host.clock.advance(10_000);
  }
  await spans('shop', 'pay');
  expect(shown()).toEqual(['shop list 1']);
  host.clock.advance(10_000);
  expect(shown()).toEqual(['shop list 1']);
  expect(expired).toEqual(['pay']);
  host.clock.advance(30_000);
  expect(shown()).toEqual(['shop list 1']);
  expect(expired).toEqual(['pay', 'pay']);
  await spans('shop', 'pay');
  expect(new Set(shown())).toEqual(new Set(['shop list 1', 'shop pay 1']));
});

it('waits for the default interval of SDKs while it knows none', async () => {
  const { host, spans, own, shown } = await rig();
  await spans('shop', 'pay');
  await own('shop', ['pay']);
  host.clock.advance(170_000);
  expect(shown()).toEqual([]);
  host.clock.advance(30_000);
  await spans('shop', 'pay');
  expect(shown()).toEqual(['shop pay 1']);
});

it('goes on counting instances that do not, from 0, and none of them twice', async () => {
  const { host, spansOf, own, shown } = await rig();
  await spansOf('new', 'shop', ['pay', 'list']);
  await spansOf('old', 'shop', ['pay', 'pay']);
  expect(new Set(shown())).toEqual(new Set(['shop pay 3', 'shop list 1']));
  await own('shop', ['pay', 'list'], { instance: 'new' });
  expect(shown()).toEqual([]);
  await spansOf('new', 'shop', ['pay', 'list']);
  await spansOf('old', 'shop', ['pay']);
  expect(shown()).toEqual(['shop pay 1']);
  await own('shop', ['pay', 'list'], { instance: 'new' });
  await spansOf('old', 'shop', ['pay']);
  expect(shown()).toEqual(['shop pay 2']);
  await own('shop', ['pay'], { instance: 'old' });
  await spansOf('old', 'shop', ['pay']);
  expect(shown()).toEqual([]);
  for (let i = 0; i < 30; i++) {
    await own('shop', ['pay'], { instance: 'new' });
    host.clock.advance(10_000);
  }
  await spansOf('old', 'shop', ['pay']);
  await spansOf('new', 'shop', ['pay']);
  expect(shown()).toEqual(['shop pay 1']);
});

it('takes an instance without an id for any of its service', async () => {
  const { spansOf, own, shown } = await rig();
  await own('shop', ['pay'], { instance: 'one' });
  await spansOf('', 'shop', ['pay']);
  await own('bank', ['pay'], { instance: '' });
  await spansOf('two', 'bank', ['pay']);
  expect(shown()).toEqual([]);
});

it('shows operations that their service does not count', async () => {
  const { measure, spans, own, shown } = await rig();
  await own('shop', ['pay']);
  await spans('shop', 'pay', 'pay', 'secret');
  expect(shown()).toEqual(['shop secret 1']);
  const seen = measure.operations().map(({ name, calls }) => [name, calls]);
  expect(seen).toEqual([
    ['pay', 2],
    ['secret', 1],
  ]);
});

it('goes on while another instance counts', async () => {
  const { host, spans, own, shown } = await rig();
  await spans('shop', 'pay');
  for (let i = 0; i < 30; i++) {
    await own('shop', ['pay'], { instance: 'new' });
    if (i < 5) await own('shop', ['pay'], { instance: 'old' });
    host.clock.advance(10_000);
    expect(shown()).toEqual([]);
  }
});

it('leaves out its overflow series of a service that counts itself, and all series of one whose own overflowed', async () => {
  const { spans, points, own, shown } = await rig(16);
  await spans('shop', ...Array.from({ length: 16 }, (_, i) => `op-${i}`), 'late', 'later');
  expect(shown()).toHaveLength(17);
  expect(shown()[16]).toBe('shop overflow 2');
  await own('shop', ['late']);
  expect(shown()).toHaveLength(16);
  await points({ name: CALLS, attributes: { 'service.name': 'shop', 'otel.metric.overflow': 'true' } });
  expect(shown()).toEqual([]);
});
