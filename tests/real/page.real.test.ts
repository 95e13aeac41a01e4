// Debian's Chromium opens the page of a real sidecar: operations, an error trace's waterfall and the books, found as a
// person would, with nothing written to the console and nothing fetched from elsewhere.
import { randomBytes } from 'node:crypto';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium, sendSpans } from '../support/browser.ts';
import { describeWith } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { traffic, type TestSpan } from '../support/traffic.ts';

/** Traces are decided at once, so that they can be looked at. */
const CONFIG = 'sample: { decision_wait: 1s, after_root: 200ms }';

/** Markup in a name has to be shown, not obeyed. */
const HOSTILE_NAME = 'render <img src=x onerror="document.title=1">';

const MS = 1_000_000n;

/** A request through three services; its payment fails, which fails the whole. */
function failingTrace(): TestSpan[] {
  const traceId = randomBytes(16);
  const startNs = BigInt(Date.now()) * MS - 60n * MS;
  const span = (name: string, stated: Partial<TestSpan> & { fromMs: bigint; toMs: bigint }): TestSpan => ({
    service: 'checkout',
    traceId,
    spanId: randomBytes(8),
    parentSpanId: Buffer.alloc(0),
    name,
    kind: 2,
    statusCode: 0,
    attributes: [{ key: 'cart.id', value: { stringValue: 'cart-7' } }],
    ...stated,
    startNs: startNs + stated.fromMs * MS,
    endNs: startNs + stated.toMs * MS,
  });
  const root = span('POST /checkout', { fromMs: 0n, toMs: 50n, statusCode: 2 });
  const below = { parentSpanId: root.spanId };
  return [
    root,
    span('GET /cart', { ...below, service: 'cart', fromMs: 5n, toMs: 15n }),
    span('charge card', { ...below, service: 'payments', fromMs: 20n, toMs: 45n, statusCode: 2 }),
    span(HOSTILE_NAME, { ...below, fromMs: 46n, toMs: 49n, kind: 1 }),
    span('reserve stock', { parentSpanId: randomBytes(8), service: 'stock', fromMs: 16n, toMs: 19n, kind: 4 }),
  ];
}

/** A page, and all it should not have done. */
interface Watched {
  readonly page: Page;
  readonly faults: readonly string[];
}

async function openPage(browser: Browser): Promise<Watched> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1') faults.push(`request to ${request.url()}`);
  });
  return { page, faults };
}

/** The table row that a text is in. */
function rowWith(page: Page, text: string): Locator {
  return page.getByRole('row').filter({ hasText: text });
}

describeWith(['chromium'], 'the page in Chromium', (paths) => {
  let sidecar: RunningSidecar;
  let browser: Browser;

  beforeAll(async () => {
    sidecar = await startSidecar({ config: CONFIG });
    browser = await launchChromium(paths.chromium);
    for (const trace of traffic({ seed: 1, traces: 50, maxSpans: 5, operations: 6, errorRatio: 0 }))
      await sendSpans(sidecar, trace);
    await sendSpans(sidecar, failingTrace());
  });
  afterAll(() => browser?.close());

  it('says what to do while there is nothing to show, then shows operations as they come', async () => {
    const { page, faults } = await openPage(browser);
    const silent = await startSidecar({ config: CONFIG });
    await page.goto(silent.urls.page);
    await page.getByRole('heading', { name: 'No spans yet' }).waitFor();
    expect(await page.locator('main').textContent()).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    await sendSpans(silent, failingTrace());
    for (const name of ['POST /checkout', 'GET /cart', 'charge card', HOSTILE_NAME])
      await page.getByRole('button', { name, exact: true }).waitFor();
    expect(await rowWith(page, 'charge card').textContent()).toContain('100 %');
    expect(await page.getByRole('status').textContent()).toBe('Live');
    expect(faults).toEqual([]);
  });

  it('leads from a failing operation to the waterfall of its trace, where the error is marked', async () => {
    const { page, faults } = await openPage(browser);
    await page.goto(sidecar.urls.page);
    await page.getByRole('button', { name: 'Errors', exact: true }).click();
    expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    await page.keyboard.press('/');
    await page.keyboard.type('charge');
    await page.getByRole('link', { name: 'Kept traces with charge card of payments' }).click();
    await rowWith(page, 'checkout').filter({ hasText: 'errors' }).getByRole('link', { name: 'POST /checkout' }).click();
    await page.getByRole('button', { name: 'charge card' }).waitFor();
    expect(await rowWith(page, 'charge card').textContent()).toContain('error');
    expect(await rowWith(page, 'GET /cart').textContent()).not.toContain('error');
    expect(await rowWith(page, 'reserve stock').textContent()).toContain('parent missing');
    expect(await page.locator('main').textContent()).toContain('Kept by policy errors');
    await page.getByRole('button', { name: HOSTILE_NAME, exact: true }).click();
    expect(await page.getByRole('cell', { name: 'cart-7' }).textContent()).toBe('cart-7');
    expect(await page.title()).toBe('Trace · Evenkeel');
    expect(faults).toEqual([]);
  });

  it('shows books that balance, and what to do about unknown thresholds', async () => {
    const { page, faults } = await openPage(browser);
    await page.goto(sidecar.urls.page);
    await page.getByRole('link', { name: 'Books' }).click();
    await page.getByRole('heading', { name: 'Spans', exact: true }).waitFor();
    const books = (await page.locator('main').textContent()) ?? '';
    expect(books).toContain('✓ balances');
    expect(books).not.toContain('does not balance');
    expect(books).toContain('unsampled: [');
    expect(faults).toEqual([]);
  });

  it('does not show the numbers of a sidecar that ended as live', async () => {
    const { page } = await openPage(browser);
    const ending = await startSidecar({ config: CONFIG });
    await page.goto(ending.urls.page);
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor();
    await ending.stop();
    await page.getByRole('status').filter({ hasText: 'Not live' }).waitFor();
    expect(await page.locator('.notice').textContent()).toContain('The numbers below are from');
  });
});
