import { expect, test } from 'vitest';
import { grantedText, TIMES, wishOf } from '../../../../collector/src/web/page/keep-wish.ts';
import { post } from '../../../support/http.ts';
import { startCollector } from '../../../support/running-collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const typed = (stated: Partial<Parameters<typeof wishOf>[0]>) =>
  wishOf({ service: '', operation: '', trace: '', time: '10m', ...stated });

test('what was typed becomes what the API takes', () => {
  expect(typed({ service: 'shop' })).toEqual({ service: 'shop', for: '10m' });
  expect(typed({ service: 'shop', operation: 'GET /cart', time: '1h' })).toEqual({
    service: 'shop',
    operation: 'GET /cart',
    for: '1h',
  });
  expect(typed({ trace: ` 00-${TRACE.toUpperCase()}-b7ad6b7169203331-01` })).toEqual({ trace_id: TRACE, for: '10m' });
});

test('what is missing is said', () => {
  expect(typed({})).toBe('Name a service, or the id of a trace.');
  expect(typed({ operation: 'GET /cart' })).toBe('Name a service, or the id of a trace.');
  expect(typed({ trace: '123' })).toBe('A trace id has 32 hexadecimal digits.');
  expect(typed({ trace: TRACE, service: 'shop' })).toMatch(/^Name either/);
});

test('what was granted is said with its time', () => {
  expect(grantedText({ service: 'shop', for: '1h' })).toBe('For 1 hour, every trace of shop is kept.');
  expect(grantedText({ service: 'shop', operation: 'GET /cart', for: '10m' })).toContain(
    'For 10 minutes, every trace of GET /cart of shop',
  );
  expect(grantedText({ trace_id: TRACE, for: '24h' })).toContain(`Trace ${TRACE}`);
});

test('the API takes every time there is to choose', async () => {
  const { urls } = await startCollector();
  for (const { value } of TIMES) {
    const wish = JSON.stringify(typed({ service: 'shop', time: value }));
    expect((await post(`${urls.page}/api/pins`, wish, { 'content-type': 'application/json' })).status).toBe(200);
  }
});
