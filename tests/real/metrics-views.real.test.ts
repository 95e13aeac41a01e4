// Debian's Chromium looks at metrics on the page of a real sidecar: series, resources, books of points; and at views
// whose scripts do not come.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, getJson } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import type { BooksAnswer } from '../../collector/src/web/api.ts';

const TOKEN = 'hidden-word-0123456789';

interface Sent {
  readonly name: string;
  readonly unit?: string;
  /** Counters only. */
  readonly isMonotonic?: boolean;
  readonly values: readonly { readonly agoMs: number; readonly value: number; readonly attributes?: object }[];
}

function attributesOf(attributes: object): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: String(value) } }));
}

/** Sends metrics of one service in one request, which must be taken. */
async function sendMetrics(sidecar: RunningSidecar, service: string, metrics: readonly Sent[]): Promise<void> {
  const now = Date.now();
  const startTimeUnixNano = `${BigInt(now - 3_600_000) * 1_000_000n}`;
  const described = metrics.map(({ name, unit = '', isMonotonic, values }) => {
    const dataPoints = values.map(({ agoMs, value, attributes = {} }) => ({
      startTimeUnixNano,
      timeUnixNano: `${BigInt(now - agoMs) * 1_000_000n}`,
      asDouble: value,
      attributes: attributesOf(attributes),
    }));
    const data =
      isMonotonic === undefined
        ? { gauge: { dataPoints } }
        : { sum: { aggregationTemporality: 2, isMonotonic, dataPoints } };
    return { name, unit, ...data };
  });
  const resource = { attributes: attributesOf({ 'service.name': service, 'service.instance.id': `${service}-1` }) };
  const response = await fetch(`${sidecar.urls.otlpHttp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics: described }] }] }),
  });
  expect(response.status).toBe(200);
}

/** Readings of two minutes: 25 % of a processor, 64 MiB that become 96 MiB, a tenth of a millisecond of delay. */
const READINGS: readonly Sent[] = [
  {
    name: 'process.cpu.time',
    unit: 's',
    isMonotonic: true,
    values: [120, 60, 0].map((ago) => ({
      agoMs: ago * 1000,
      value: (120 - ago) / 4,
      attributes: { 'cpu.mode': 'user' },
    })),
  },
  {
    name: 'process.memory.usage',
    unit: 'By',
    values: [
      { agoMs: 60_000, value: 64 * 2 ** 20 },
      { agoMs: 0, value: 96 * 2 ** 20 },
    ],
  },
  { name: 'nodejs.eventloop.delay.p99', unit: 's', values: [{ agoMs: 0, value: 0.0001 }] },
  { name: 'nodejs.eventloop.utilization', unit: '1', values: [{ agoMs: 0, value: 0.125 }] },
  { name: 'process.thread.count', unit: '{thread}', values: [{ agoMs: 0, value: 11 }] },
];

/** Lets a test hold what a page does after it has drawn, as a busy machine does. */
const HOLD_EFFECTS = `
  globalThis.effects = { areHeld: false, waiting: [], release() {
    this.areHeld = false;
    for (const call of this.waiting.splice(0)) call();
  } };
  const later = (call) => (...args) => effects.areHeld ? effects.waiting.push(() => call(...args)) : call(...args);
  const { requestAnimationFrame: frame, setTimeout: timeout } = globalThis;
  globalThis.requestAnimationFrame = (call) => frame(later(call));
  globalThis.setTimeout = (call, ...rest) => timeout(later(call), ...rest);
`;

describeWith(['chromium'], 'metrics on the page, in Chromium', (paths) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(paths.chromium);
  });
  afterAll(() => browser?.close());

  async function open(sidecar: RunningSidecar, view: string): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('request', (request) => {
      if (new URL(request.url()).hostname !== '127.0.0.1') faults.push(`request to ${request.url()}`);
    });
    await page.goto(`${sidecar.urls.page}/#/${view}`);
    return { page, faults };
  }

  it('shows what processes use, with the figures and their course', async () => {
    const sidecar = await startSidecar();
    await sendMetrics(sidecar, 'shop', READINGS);
    const { page, faults } = await open(sidecar, 'resources');
    await page.getByLabel('Readings of').selectOption({ label: 'shop shop-1' });
    await page.getByRole('img', { name: 'Processor of the process over the last minutes, now user 25.0 %' }).waitFor();
    await page
      .getByRole('img', { name: 'Memory of the process over the last minutes, now resident 96.0 MiB' })
      .waitFor();
    const runtime = page
      .getByRole('region', { name: 'Runtimes by process' })
      .getByRole('row')
      .filter({ hasText: 'shop' });
    expect(await runtime.getByRole('cell').allTextContents()).toEqual(['–', '100 µs', '12.5 %']);
    await page.getByText(/^\d+ other readings?$/).click();
    const rest = page.getByRole('region', { name: 'Newest values of what is in no chart' });
    expect(await rest.getByRole('row').filter({ hasText: 'process.thread.count' }).textContent()).toContain(
      '11 thread',
    );
    expect(await page.locator('.facts').first().textContent()).toMatch(/Memory[\d.]+ MiB are resident in the sidecar/);
    // What draws is here, and has drawn.
    await page.locator('.chart canvas').first().waitFor();
    expect(await page.title()).toBe('Resources · Evenkeel');
    expect(faults).toEqual([]);
  });

  it('shows the books of points, each room balanced', async () => {
    const sidecar = await startSidecar();
    await sendMetrics(sidecar, 'shop', READINGS);
    const { page, faults } = await open(sidecar, 'books');
    const points = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Data points' }) });
    await points.getByText(/accepted: 8 received/).waitFor();
    const text = (await points.textContent()) ?? '';
    for (const account of ['Through the limits', 'Through the aggregation', 'To the end'])
      expect(text).toContain(account);
    expect(text).not.toContain('does not balance');
    const books = (await getJson(`${sidecar.urls.page}/api/books`)) as BooksAnswer;
    expect(books.points.sources.received).toBe(8);
    expect(faults).toEqual([]);
  });

  it('names the attribute that brings too many series, and shows what was folded and how much of it', async () => {
    const sidecar = await startSidecar({ config: 'monitoring: false\nlimit: { max_series: 50 }' });
    const counter = (name: string, attributes: readonly object[]): Sent => ({
      name,
      isMonotonic: true,
      values: attributes.map((each) => ({ agoMs: 0, value: 1, attributes: each })),
    });
    const users = Array.from({ length: 400 }, (_, i) => ({
      'url.path': `/users/${i}`,
      method: i % 2 === 0 ? 'GET' : 'PUT',
    }));
    await sendMetrics(sidecar, 'shop', [
      counter('http.requests', users),
      counter('cache.hits', [{ cache: 'users' }, { cache: 'orders' }]),
    ]);
    const { page, faults } = await open(sidecar, 'cardinality');
    const notice = page.locator('.notice').filter({ hasText: 'has more series than it may' });
    await notice.waitFor();
    expect(await notice.textContent()).toMatch(
      /http.requests of shop: attribute url.path has about \d+ values, as \/users\/\d+/,
    );
    const table = page.getByRole('region', { name: 'Metrics by series' });
    expect(await table.getByRole('rowheader').first().textContent()).toContain('http.requests');
    const hits = await table.getByRole('row').filter({ hasText: 'cache.hits' }).getByRole('cell').allInnerTexts();
    expect(hits.slice(0, 3)).toEqual(['2', '4.0 % of 50', '2']);
    const panel = page.getByRole('region', { name: 'Selected metric' });
    expect(await panel.textContent()).toMatch(/replaced by what they have in common, as \/users\/\{num\}/);
    await page.keyboard.press('/');
    await page.keyboard.type('cache');
    await table.getByRole('button', { name: 'cache.hits' }).click();
    expect(await panel.textContent()).toContain('nothing is folded');
    expect(await table.getByRole('row').count()).toBe(2);
    const books = (await getJson(`${sidecar.urls.page}/api/books`)) as BooksAnswer;
    expect(books.points.limit).toMatchObject({ in: 402, balanced: true });
    expect(books.points.limit?.absorbed).toBeGreaterThan(300);
    expect(faults).toEqual([]);
  });

  it('says that nothing came yet, and that limits are off, and what to do', async () => {
    const silent = await open(await startSidecar({ config: 'monitoring: false' }), 'cardinality');
    await silent.page.getByRole('heading', { name: 'No metrics yet' }).waitFor();
    expect(silent.faults).toEqual([]);
    const sidecar = await startSidecar({ config: 'limit: false' });
    const { page } = await open(sidecar, 'cardinality');
    await page.getByRole('heading', { name: 'Limits are off' }).waitFor();
    expect(await page.locator('main').textContent()).toContain('limit: false');
    expect(await page.title()).toBe('Cardinality · Evenkeel');
  });

  it('goes to every view without a fault, in dark and on a narrow screen, and nothing sticks out', async () => {
    const sidecar = await startSidecar();
    await sendMetrics(sidecar, 'shop', READINGS);
    const { page, faults } = await open(sidecar, '');
    await page.setViewportSize({ width: 420, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const name of ['Traces', 'Sampling', 'Cardinality', 'Resources', 'Books', 'Operations']) {
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: name === 'Traces' ? 'Kept traces' : name }).waitFor();
      await page.locator('.late').waitFor({ state: 'detached' });
      expect([name, await page.evaluate('document.documentElement.scrollWidth <= innerWidth')]).toEqual([name, true]);
    }
    expect(faults).toEqual([]);
  });

  it('says where a view cannot be fetched, and fetches it when asked again', async () => {
    const sidecar = await startSidecar();
    const page = await browser.newPage();
    await page.route('**/assets/books-view-*.js', (route) => route.abort());
    await page.goto(`${sidecar.urls.page}/#/books`);
    await page.getByRole('alert').filter({ hasText: 'could not be fetched' }).waitFor();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Books');
    await page.unroute('**/assets/books-view-*.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Data points' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/books');
  });

  it('shows a view that comes between its first drawing and what follows a drawing', async () => {
    const sidecar = await startSidecar();
    const page = await browser.newPage();
    await page.addInitScript(HOLD_EFFECTS);
    let letCome = (): void => {};
    const asked = new Promise<void>((resolve) => {
      void page.route('**/assets/books-view-*.js', async (route) => {
        resolve();
        await new Promise<void>((come) => (letCome = come));
        await route.continue();
      });
    });
    await page.goto(sidecar.urls.page);
    // Fetched ahead, but not here yet.
    await asked;
    await page.evaluate('effects.areHeld = true');
    await page.getByRole('link', { name: 'Books' }).click();
    await page.getByText('Fetching this view').waitFor();
    const come = page.waitForResponse('**/assets/books-view-*.js');
    letCome();
    await page.evaluate(`import(${JSON.stringify((await come).url())}).then(() => {})`);
    await page.evaluate('effects.release()');
    await page.getByRole('heading', { name: 'Data points' }).waitFor();
  });

  it('keeps what it shows where the sidecar is gone, and says so in views that were not fetched', async () => {
    const sidecar = await startSidecar();
    const page = await browser.newPage();
    // As if it ended before the page had time to fetch ahead.
    await page.route('**/assets/sampling-view-*.js', (route) => route.abort());
    await page.goto(sidecar.urls.page);
    await page.getByRole('heading', { name: 'No spans yet' }).waitFor();
    await sidecar.stop();
    await page.getByRole('link', { name: 'Sampling' }).click();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await page.getByRole('link', { name: 'Operations' }).click();
    await page.getByRole('heading', { name: 'No spans yet' }).waitFor();
  });

  it('fetches views where the page is locked, once signed in', async () => {
    const sidecar = await startSidecar({ config: `web: { auth: { tokens: [${TOKEN}] } }` });
    await sendMetrics(sidecar, 'shop', READINGS);
    const page = await browser.newPage();
    await page.goto(sidecar.urls.page);
    await page.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Resources' }).click();
    await page.getByLabel('Readings of').selectOption({ label: 'shop shop-1' });
    await eventually('the chart', () => page.locator('.chart canvas').first().isVisible());
  });
});
