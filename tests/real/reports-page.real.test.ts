// Debian's Chromium looks at reports on the page of a real sidecar, with the keyboard and in the dark, and at the HTML file.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium, sendSpans } from '../support/browser.ts';
import { describeWith } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { testSpan } from '../support/test-span.ts';

describeWith(['chromium'], 'reports on the page, in Chromium', (paths) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(paths.chromium);
  });
  afterAll(() => browser?.close());

  async function open(
    sidecar: RunningSidecar,
    path: string,
  ): Promise<{ page: Page; faults: string[]; asked: string[] }> {
    const page = await browser.newPage({ colorScheme: 'dark' });
    const [faults, asked]: string[][] = [[], []];
    page.on('pageerror', (error) => faults?.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults?.push(message.text());
    });
    page.on('request', (request) => asked?.push(request.url()));
    await page.goto(`${sidecar.urls.page}/${path}`);
    return { page, faults: faults ?? [], asked: asked ?? [] };
  }

  it('shows today so far, and another report with the keyboard', async () => {
    const sidecar = await startSidecar();
    const spans = Array.from({ length: 20 }, (_, i) => testSpan({ name: '<b>GET</b> /cart', error: i < 3 }));
    await sendSpans(sidecar, spans);
    const { page, faults, asked } = await open(sidecar, '#/reports');
    await page.getByRole('heading', { name: /^Daily report, / }).waitFor();
    const row = page.getByRole('region', { name: 'Operations' }).getByRole('row').nth(1);
    expect((await row.getByRole('cell').allTextContents()).slice(0, 4)).toEqual([
      'shop',
      '<b>GET</b> /cart',
      '20',
      '15 %',
    ]);
    await page.getByLabel('Report').focus();
    await page.keyboard.press('Home');
    await page.getByRole('heading', { name: /^(Monthly|Weekly) report, / }).waitFor();
    expect(page.url()).toMatch(/#\/reports\/(monthly|weekly)\/\d{4}-\d{2}-\d{2}$/);
    expect(await page.title()).toBe('Reports · Evenkeel');
    expect(await page.getByRole('link', { name: 'HTML' }).getAttribute('href')).toContain('format=html');
    expect(faults).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(sidecar.urls.page))).toEqual([]);
  });

  it('opens the HTML file without anything else being asked for', async () => {
    const sidecar = await startSidecar();
    await sendSpans(sidecar, [testSpan({ name: '<script>alert(1)</script>' })]);
    const today = new Date().toISOString().slice(0, 10);
    const { page, faults, asked } = await open(sidecar, `api/reports/daily?date=${today}&format=html`);
    await page.getByRole('cell', { name: '<script>alert(1)</script>' }).waitFor();
    expect(asked).toHaveLength(1);
    expect(faults).toEqual([]);
  });

  it('says how to switch them on where they are off', async () => {
    const sidecar = await startSidecar({ config: 'report: false' });
    const { page } = await open(sidecar, '#/reports');
    await page.getByRole('heading', { name: 'Reports are off' }).waitFor();
  });
});
