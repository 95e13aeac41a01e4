// Debian's Chromium looks on while operations are learned, one becomes slower, and it recovers. The sidecar runs in the
// test's process, because learning takes minutes: its time is the test's.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { describeWith } from '../support/real-parts.ts';
import { type RunningCollector, startCollector } from '../support/running-collector.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Called, watchedTraffic } from '../support/watched-traffic.ts';

const CART: Called = { name: 'GET /cart', callsPerSecond: 4, medianMs: 20 };
const ORDERS: Called = { name: 'POST /orders', callsPerSecond: 2, medianMs: 80 };
const KEEP_ALL = 'sample: { after_root: 0s, policies: [{ name: all, type: probabilistic, ratio: 1 }] }';

describeWith(['chromium'], 'violations on the page, in Chromium', (paths) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(paths.chromium);
  });
  afterAll(() => browser?.close());

  async function open(running: RunningCollector, view: string): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    await page.goto(`${running.urls.page}/#/${view}`);
    return { page, faults };
  }

  it('shows one appear, with its evidence, and go', async () => {
    const running = await startCollector(KEEP_ALL, { storePath: temporaryFolder(), beginsMs: Date.now() });
    const traffic = watchedTraffic(running);
    const { page, faults } = await open(running, 'violations');
    await page.getByText('No operation is watched yet.').waitFor();
    await traffic.go(60, CART, ORDERS);
    await page.reload();
    await page.getByRole('heading', { name: 'Nothing is in violation' }).waitFor();
    await page.getByText('2 operations are watched: 2 still learning.').waitFor();
    const learning = page.getByRole('region', { name: 'Operations that are still being learned' });
    expect(await learning.getByRole('row').nth(1).textContent()).toMatch(/GET \/cart.*calls.*1 of 20 windows/);

    await traffic.go(240, CART, ORDERS);
    await traffic.go(60, { ...CART, medianMs: 80 }, ORDERS);
    const panel = page.getByRole('region', { name: /GET \/cart takes/ });
    await panel.waitFor();
    const text = (await panel.textContent()) ?? '';
    expect(text).toMatch(/warning.*shop GET \/cart takes [\d.]+ times/);
    expect(text).toMatch(/Durations\d[\d.]* × \(\d[\d.]* to \d[\d.]*\)/);
    expect(text).toMatch(/Quantiles movedp50 \d[\d.]* ×/);
    const nav = page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Violations' });
    expect(await nav.textContent()).toBe('Violations 1 open');
    await page.getByText('1 open violation: 1 warning, of 1 cause').waitFor();
    await page.getByRole('link', { name: 'Operations', exact: true }).click();
    const row = page.getByRole('region', { name: 'Operations' }).getByRole('row').filter({ hasText: 'GET /cart' });
    await row.getByRole('link', { name: 'warning' }).click();
    await page.getByRole('link', { name: 'All violations' }).click();

    await traffic.go(60, CART, ORDERS);
    const past = page.getByRole('region', { name: 'Violations that are over' });
    await past.getByRole('link', { name: 'shop GET /cart' }).click();
    await page.getByRole('heading', { name: 'Violation', exact: true }).waitFor();
    await page.getByText('over, was warning').waitFor();
    expect(await nav.textContent()).toBe('Violations');
    await page.getByRole('link', { name: /^Trace [0-9a-f]{32}, number 1$/ }).click();
    await page.getByRole('button', { name: 'GET /cart' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('shows targets, those that are missed first', async () => {
    const targets =
      'operations: { slow: { statistic: p95, max: 50ms } }, metrics: { depth: { metrics: [depth], statistic: value, max: 9 } }';
    const running = await startCollector(`targets: { ${targets} }`, { beginsMs: Date.now() });
    await watchedTraffic(running).go(60, CART, ORDERS);
    const { page, faults } = await open(running, 'violations');
    const row = page.getByRole('region', { name: 'Targets' }).getByRole('row').nth(1);
    expect(await row.textContent()).toMatch(
      /slow.*at most 50 ms.* ms: shop POST \/orders.*missed by 1 of 2 subjects.*warning/,
    );
    await page.getByText('Nothing to judge yet: depth.').waitFor();
    expect(faults).toEqual([]);
  });

  it('says beside an operation what is normal and what would be seen', async () => {
    const running = await startCollector(KEEP_ALL, { beginsMs: Date.now() });
    const traffic = watchedTraffic(running);
    await traffic.go(60, CART);
    const { page, faults } = await open(running, 'operations');
    const panel = page.getByRole('region', { name: 'Selected operation' });
    await panel.getByText('learning', { exact: true }).waitFor();
    await traffic.go(240, CART);
    await page.reload();
    await panel.getByText('provisional', { exact: true }).waitFor();
    const text = (await panel.textContent()) ?? '';
    expect(text).toMatch(/p50 [\d.]+ ms \([\d.]+ ms to [\d.]+ ms\)/);
    expect(text).toMatch(/Would be seen within a minute.*5 × as long: \d+ s/);
    await panel.getByRole('img', { name: /^Share of calls by duration, from/ }).waitFor();
    expect(faults).toEqual([]);
  });
});
