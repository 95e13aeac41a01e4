import { expect, it } from 'vitest';
import { send } from '../../support/http.ts';
import { startCollector } from '../../support/running-collector.ts';
import { testSpan, traceIdOf } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

it('tells why a trace was kept or dropped, by a sound id in any case only', async () => {
  const { urls, traces, clock } = await startCollector();
  await traces(bodyOf([testSpan({ trace: 'a', error: true })]));
  clock.advance(7000);
  const id = traceIdOf('a').toString('hex');
  const check = async (asked: string, status: number, expected: object): Promise<void> => {
    const answer = await send(`${urls.page}/api/traces/${asked}/decision`);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/json']);
    expect(JSON.parse(answer.body.toString())).toMatchObject(expected);
  };
  await check(id, 200, { traceId: id, state: 'kept' });
  await check(id.toUpperCase(), 200, { traceId: id, state: 'kept' });
  await check('0123456789abcdef'.repeat(2), 200, { state: 'unseen', policies: [] });
  for (const bad of ['', 'abc', 'g'.repeat(32), `${id}0`, id.slice(1), '%20', 'decision'])
    await check(bad, 400, { error: 'a trace id has 32 hexadecimal digits' });
});
