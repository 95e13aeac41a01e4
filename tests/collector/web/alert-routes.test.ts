// Which changes of alerts the API takes, from whom, and when it says that they are done.
import { describe, expect, it } from 'vitest';
import type { AlertSnapshot } from '../../../collector/src/alert/contract.ts';
import { alertPage } from '../../support/alert-page.ts';
import { eventually } from '../../support/eventually.ts';
import { violationGroup } from '../../support/violations.ts';

it('says that a change is done once it is kept', async () => {
  const page = await alertPage();
  await page.take(violationGroup('critical'));
  await page.settled();
  const kept: AlertSnapshot[] = [];
  const disk = Promise.withResolvers<void>();
  let saves = 0;
  page.stage.save = async (snapshot) => {
    const known = snapshot();
    saves++;
    await disk.promise;
    kept.push(known);
  };
  let isAnswered = false;
  const asked = page.ask('POST', 'alerts/g1/acknowledge', { by: 'ada' }).finally(() => (isAnswered = true));
  await eventually('it to be written', () => saves > 0);
  // An answer that did not wait would be here before this one.
  await page.ask('GET', 'alerts');
  expect(isAnswered).toBe(false);
  disk.resolve();
  expect((await asked)[0]).toBe(200);
  expect(kept[0]?.alerts).toMatchObject([{ acknowledged: { by: 'ada' } }]);
});

describe('a wish', () => {
  it('that is wrong is refused with all that is wrong with it', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    const check = async (path: string, body: object | string, ...problems: RegExp[]): Promise<void> => {
      const [status, { error }] = (await page.ask('POST', path, body)) as [number, { error: string }];
      expect([body, status]).toEqual([body, 400]);
      for (const problem of problems) expect(error).toMatch(problem);
    };
    await check('alerts/g1/acknowledge', '{', /no JSON/);
    await check('alerts/g1/acknowledge', '[]', /expected object/);
    await check('alerts/g1/acknowledge', 'null', /expected object/);
    await check('alerts/g1/acknowledge', { by: 'x'.repeat(101), of: 1 }, /by .*100/, /"of"/);
    await check('alerts/g1/acknowledge', { by: 'ada\nben' }, /by must be one line/);
    await check('alerts/g1/acknowledge', `{"by":"${'x'.repeat(9000)}"}`, /at most 8192 bytes/);
    await check('alerts/g1/feedback', {}, /useful/);
    await check('alerts/g1/feedback', { useful: 'yes', by: '' }, /useful/, /by/);
    const wrong = { kinds: ['slow'], severities: ['bad'], for: 'long', comment: 'x'.repeat(501) };
    await check('silences', wrong, /kinds\.0/, /severities\.0/, /for /, /comment/);
    await check('silences', {}, /either for or until/, /by alert, attributes, kinds or severities/);
    await check('silences', { kinds: ['hang'], for: '1h', until: '2099-01-01T00:00:00Z' }, /either for or until/);
    await check('silences', { kinds: ['hang'], for: '31d' }, /for must be from 1m to 30d/);
    await check('silences', { kinds: ['hang'], until: 'tomorrow' }, /until must be a time such as/);
    for (const until of ['1999-01-01T00:00:00Z', '2999-01-01T00:00:00Z'])
      await check('silences', { kinds: ['hang'], until }, /until must be from a minute to 30 days from now/);
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`a${i}`, 'x']));
    await check('silences', { attributes: many, for: '1h' }, /attributes at most 20/);
    expect(page.stage.silences()).toEqual([]);
    expect(page.stage.alerts()[0]).not.toHaveProperty('acknowledged');
  });

  it('comes by the right method, and from no other web page', async () => {
    const page = await alertPage();
    await page.take(violationGroup('critical'));
    const check = async (method: string, path: string, only: string): Promise<void> =>
      expect([path, await page.ask(method, path)]).toEqual([path, [405, { error: `only ${only} is served here` }]]);
    await check('PUT', 'alerts/g1/acknowledge', 'POST');
    await check('DELETE', 'silences', 'POST');
    await check('POST', 'silences/s', 'DELETE');
    await check('POST', 'alerts', 'GET');
    await check('POST', 'alerts/g1', 'GET');
    const foreign = { origin: 'http://elsewhere.example' };
    for (const [method, path] of [
      ['POST', 'alerts/g1/acknowledge'],
      ['POST', 'silences'],
      ['DELETE', 'silences/s'],
    ] as const)
      expect((await page.ask(method, path, {}, foreign))[0]).toBe(403);
    expect(page.stage.alerts()[0]).not.toHaveProperty('acknowledged');
  });

  it('needs a token where the page does', async () => {
    const page = await alertPage({}, { auth: { tokens: ['a-token-of-some-length'] } });
    await page.take(violationGroup('critical'));
    const bearer = { authorization: 'Bearer a-token-of-some-length' };
    expect((await page.ask('POST', 'alerts/g1/acknowledge', {}))[0]).toBe(401);
    expect((await page.ask('POST', 'alerts/g1/acknowledge', {}, bearer))[0]).toBe(200);
  });
});
