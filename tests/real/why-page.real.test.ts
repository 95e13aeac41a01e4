// Debian's Chromium asks the page of a real sidecar why a trace was dropped, and why one was kept.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium, sendSpans } from '../support/browser.ts';
import { describeWith } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { testSpan, traceIdOf } from '../support/test-span.ts';

const CONFIG =
  'sample: { after_root: 100ms, policies: [{ name: errors, type: status }, { name: slow, type: latency }] }';

describeWith(['chromium'], 'why, in Chromium', (paths) => {
  let sidecar: RunningSidecar;
  let browser: Browser;

  beforeAll(async () => {
    sidecar = await startSidecar({ config: CONFIG });
    browser = await launchChromium(paths.chromium);
    await sendSpans(sidecar, [testSpan({ trace: 'dropped' }), testSpan({ trace: 'kept', error: true })]);
  });
  afterAll(() => browser?.close());

  it('is told of a dropped trace whose traceparent is pasted, and of an id that is none', async () => {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(`${sidecar.urls.page}/#/traces`);
    const box = page.getByLabel('Why was a trace kept or dropped?');
    await box.fill('123');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await box.fill(`00-${traceIdOf('dropped').toString('hex')}-b7ad6b7169203331-01`);
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.getByRole('heading', { name: 'Why it was dropped' }).waitFor();
    const text = (await page.locator('main').textContent()) ?? '';
    expect(text).toContain('Dropped: no policy had a say.');
    expect(text).toContain('its longest entry span took 5 ms, not more than 1 s');
    expect(text).toMatch(/Every decision since .* is known/);
    expect(faults).toEqual([]);
  });

  it('is told of a kept trace beside its waterfall', async () => {
    const page = await browser.newPage();
    await page.goto(`${sidecar.urls.page}/#/traces`);
    await page.getByRole('link', { name: 'GET /cart' }).click();
    await page.getByText('Why it was kept').click();
    await page.getByText('Kept by errors: it has an error span.').waitFor();
    await page.getByRole('button', { name: 'GET /cart' }).waitFor();
  });
});
