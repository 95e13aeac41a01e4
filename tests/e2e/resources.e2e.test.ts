// A metric that configuration names, as a program sends it: near its limit it is told of, over a kill -9 too, and no longer
// once it has fallen.
import { expect, it } from 'vitest';
import type { ResourceLinesAnswer, ViolationsAnswer } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/http.ts';
import { ask } from '../support/metric-door.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CONFIG = `
resources:
  step: 1s
  saturation: { sustained: 2s }
  watch: [{ metrics: ['queue.*'], attributes: { queue: 'main' }, limit: 200 }]
`;

const text = (key: string, value: string): object => ({ key, value: { stringValue: value } });

async function send({ urls }: RunningSidecar, depth: number): Promise<void> {
  const point = {
    timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
    asDouble: depth,
    attributes: [text('queue', 'main')],
  };
  const metrics = [{ name: 'queue.depth', unit: '{item}', gauge: { dataPoints: [point] } }];
  const resource = { attributes: [text('service.name', 'shop')] };
  const body = JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
  const answer = await post(`${urls.otlpHttp}/v1/metrics`, body, { 'content-type': 'application/json' });
  expect(answer.status).toBe(200);
}

/** Sends a depth until what is said of it is as wanted. */
function whileSending(
  sidecar: RunningSidecar,
  depth: number,
  isWanted: (answer: ViolationsAnswer) => boolean,
): Promise<ViolationsAnswer> {
  let last: unknown;
  return eventually(
    () => `what is said of ${depth}: ${JSON.stringify(last)}`,
    async () => {
      await send(sidecar, depth);
      const answer = await ask<ViolationsAnswer>(sidecar, '/api/violations');
      last = answer;
      return isWanted(answer) ? answer : undefined;
    },
  );
}

it('tells of a queue that is nearly full, until it is not', async () => {
  const store = ['--set', `store.path=${temporaryFolder()}/store`];
  const sidecar = await startSidecar({ config: CONFIG, args: store });
  const { groups } = await whileSending(sidecar, 174, ({ open }) => open.warning === 1);
  const [violation] = groups[0]?.members ?? [];
  expect(violation).toMatchObject({
    kind: 'resource',
    severity: 'warning',
    subject: { name: 'shop queue.depth main' },
  });
  expect(violation?.explanation.summary).toMatch(/^shop queue\.depth main is 87 % full since \d\d:\d\d:\d\d$/);
  const { series } = await ask<ResourceLinesAnswer>(sidecar, '/api/resources/baselines');
  expect(series[0]).toMatchObject({ name: 'shop queue.depth main', state: 'saturated', usedRatio: 0.87, limit: 200 });

  // What was said is on disk with the second in which it was.
  await whileSending(sidecar, 174, ({ groups: [first] }) => first !== undefined && Date.now() - first.changedMs > 2500);
  await sidecar.stop('SIGKILL');
  const again = await startSidecar({ config: CONFIG, args: store });
  const before = await ask<ViolationsAnswer>(again, '/api/violations');
  expect(before.groups.map(({ id, severity }) => [id, severity])).toEqual([[groups[0]?.id, 'warning']]);
  const after = await whileSending(again, 20, ({ open }) => open.warning === 0);
  expect(after.groups).toMatchObject([{ id: groups[0]?.id, severity: 'none' }]);
  expect(after.groups[0]?.members[0]?.explanation.summary).toMatch(/is back to normal after \d+ s$/);
});
