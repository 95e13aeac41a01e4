// Debian's Chromium does what a person on call does with an alert: takes it on, judges it, silences it; and looks at it where
// nothing may be changed. The sidecar runs in the test's process, because learning takes minutes: its time is the test's.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AlertsAnswer } from '../../collector/src/web/api.ts';
import { launchChromium } from '../support/browser.ts';
import { describeWith, getJson } from '../support/real-parts.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { watchedTraffic } from '../support/watched-traffic.ts';

const LEARNING_S = 300;
const SLOW_S = 60;
const HOUR_MS = 3_600_000;

/** As `datetime-local` has it, in the time zone of this machine. */
function localMinutes(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

describeWith(['chromium'], 'alerts on the page, in Chromium', (paths) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(paths.chromium);
  });
  afterAll(() => browser?.close());

  /** A sidecar that says that GET /cart has become slower. */
  async function alerting(config = ''): Promise<RunningCollector> {
    const beginsMs = Date.now() - (LEARNING_S + SLOW_S) * 1000;
    const running = await startCollector(config, { storePath: temporaryFolder(), beginsMs });
    const traffic = watchedTraffic(running);
    const called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
    await traffic.go(LEARNING_S, called);
    await traffic.go(SLOW_S, { ...called, medianMs: 80 });
    return running;
  }

  async function open(url: string): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage({ colorScheme: 'dark' });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    await page.goto(url);
    return { page, faults };
  }

  async function alertsOf({ urls }: RunningCollector): Promise<AlertsAnswer> {
    const answer = await getJson<AlertsAnswer>(`${urls.page}/api/alerts`);
    if (answer === undefined) throw new Error('the API has no alerts');
    return answer;
  }

  it('is taken on, judged and silenced from the page, and a reload keeps it', async () => {
    const running = await alerting();
    const { page, faults } = await open(`${running.urls.page}/#/violations`);
    const panel = page.getByRole('region', { name: 'Alert of shop GET /cart' });
    await panel.getByText(/^is told since/).waitFor();
    await panel.getByText(/^log: warning at/).waitFor();
    await page.getByText(/^p50 [\d.]+ ms \(.*errors, [34]\.\d+ calls\/s$/).waitFor();
    await page.getByText(/5 × as long: \d+ s; .*no more calls: \d+ s$/).waitFor();

    await panel.getByLabel('Your name').fill('Ada');
    // With the keyboard alone.
    await panel.getByRole('button', { name: 'Acknowledge' }).focus();
    await page.keyboard.press('Enter');
    await panel.getByText('You took it on.').waitFor();
    await panel.getByRole('button', { name: 'No', exact: true }).click();
    await panel.getByText('It was a false alarm.').waitFor();
    await panel.getByText('Silence…').focus();
    await page.keyboard.press('Enter');
    expect(await panel.getByLabel('service.name').inputValue()).toBe('shop');
    await panel.getByLabel('span.kind').fill('');
    await panel.getByLabel('Why').fill('deploy');
    await panel.getByRole('button', { name: '8 h' }).click();
    await panel.getByText(/^Silenced until /).waitFor();

    const { alerts, silences, feedback } = await alertsOf(running);
    expect(alerts).toMatchObject([
      { acknowledged: { by: 'Ada', severity: 'warning' }, feedback: { isUseful: false, by: 'Ada' }, heldBy: 'silence' },
    ]);
    const attributes = { 'service.name': 'shop', 'span.name': 'GET /cart' };
    expect(silences).toMatchObject([{ attributes, comment: 'deploy', by: 'Ada' }]);
    expect((silences[0]?.endMs ?? 0) - (silences[0]?.startMs ?? 0)).toBe(8 * HOUR_MS);
    expect(feedback).toMatchObject([{ name: 'shop GET /cart', useful: 0, useless: 1 }]);

    running.clock.advance(1000);
    await panel.getByText('nobody is told: it is silenced').waitFor();
    await page.reload();
    await panel.getByText('nobody is told: it is silenced').waitFor();
    await panel.getByText(/^by Ada at .*; told again only if it gets worse than warning$/).waitFor();
    expect(await panel.getByRole('button', { name: 'No', exact: true }).getAttribute('aria-pressed')).toBe('true');
    expect(await panel.getByRole('button', { name: 'Acknowledged' }).isDisabled()).toBe(true);
    await panel.getByText('of 1 alert of this that somebody judged, 1 was a false alarm').waitFor();
    const judged = page.getByRole('region', { name: 'Were alerts useful?' }).getByRole('row').nth(1);
    expect(await judged.getByRole('cell').allTextContents()).toEqual(['0', '1', '100 %']);

    await page.getByRole('button', { name: 'End the silence of service.name shop, span.name GET /cart' }).click();
    await page.getByText('The silence is ended.').waitFor();
    running.clock.advance(1000);
    await page.getByText('There is no silence and no maintenance window.').waitFor();
    await panel.getByText(/^is told since/).waitFor();
    expect((await alertsOf(running)).silences).toEqual([]);

    await panel.getByText('Silence…').click();
    await panel.getByRole('combobox', { name: 'What' }).selectOption('this alert, and what joins it');
    expect(await panel.getByLabel('service.name').count()).toBe(0);
    // Minutes are all that such a field knows.
    await panel.getByLabel('or until').fill(localMinutes(Date.now() + HOUR_MS));
    await panel.getByRole('button', { name: 'Silence until then' }).click();
    await panel.getByText(/^Silenced until /).waitFor();
    const [ofAlert] = (await alertsOf(running)).silences;
    expect(ofAlert).toMatchObject({ alert: alerts[0]?.id, attributes: {}, by: 'Ada' });
    expect(Math.abs((ofAlert?.endMs ?? 0) - Date.now() - HOUR_MS)).toBeLessThan(10 * 60_000);
    expect(faults).toEqual([]);
  });

  it('is only looked at where changes are not taken, and the page says why', async () => {
    const running = await alerting('web: { host_names: [sidecar.test] }');
    const url = running.urls.page.replace('127.0.0.1', 'sidecar.test');
    const mapped = await launchChromium(paths.chromium, ['--host-resolver-rules=MAP sidecar.test 127.0.0.1']);
    try {
      const page = await mapped.newPage();
      await page.goto(`${url}/#/violations`);
      const panel = page.getByRole('region', { name: 'Alert of shop GET /cart' });
      await panel
        .getByText('Nothing can be changed from here: without web.auth, changes are taken from this machine only.')
        .waitFor();
      expect(await panel.getByRole('button').count()).toBe(0);
      expect(await panel.getByText('Silence…').count()).toBe(0);
    } finally {
      await mapped.close();
    }
    expect((await alertsOf(running)).alerts[0]).not.toHaveProperty('acknowledged');
  });
});
