// Debian's Chromium looks at sampling on the page of a real sidecar: nothing set, a shadow, overload, ids that are not
// random, and a wish to keep something, also where the page is locked.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium, sendSpans } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, getJson } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { testSpan } from '../support/test-span.ts';
import { traffic } from '../support/traffic.ts';

const SOON = 'decision_wait: 1s, after_root: 200ms';
const TOKEN = 'hidden-word-0123456789';

describeWith(['chromium'], 'sampling on the page, in Chromium', (paths) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(paths.chromium);
  });
  afterAll(() => browser?.close());

  async function open(sidecar: RunningSidecar): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    await page.goto(`${sidecar.urls.page}/#/sampling`);
    return { page, faults };
  }

  const rowOf = (page: Page, table: string, name: string): Promise<string[]> =>
    page
      .getByRole('region', { name: table })
      .getByRole('row')
      .filter({ hasText: name })
      .getByRole('cell')
      .allTextContents();

  it('says how to begin where nothing is set and nothing came', async () => {
    const { page, faults } = await open(await startSidecar());
    await page.getByText('No trace was decided in the last ten minutes.').waitFor();
    const text = (await page.locator('main').textContent()) ?? '';
    expect(text).toContain('no budget is set (sample.budget), or it holds nothing back now');
    expect(text).toContain('there is no overload');
    expect(text).toContain('None is configured. A shadow is');
    expect(text).toContain('0 wishes in force');
    expect(await page.title()).toBe('Sampling · Evenkeel');
    expect(faults).toEqual([]);
  });

  it('shows the estimate beside the count, and what the shadow would have made of the traces', async () => {
    const half = 'policies: [{ name: half, type: probabilistic, ratio: 0.5 }]';
    const tenth = 'shadow: { policies: [{ name: tenth, type: probabilistic, ratio: 0.1 }] }';
    const sidecar = await startSidecar({
      config: `sources: { unsampled: ['*'] }\nsample: { ${SOON}, ${half}, ${tenth} }`,
    });
    const traces = traffic({ seed: 7, traces: 1000, maxSpans: 4, errorRatio: 0 });
    await sendSpans(sidecar, traces.slice(0, 20).flat());
    const { page, faults } = await open(sidecar);
    await page.getByText('too few to say').waitFor();
    await sendSpans(sidecar, traces.slice(20).flat());
    await page.getByText('✓ within the interval').waitFor();
    await page.getByText('Of 1,000 traces since the start').waitFor();
    const [wouldKeep, wouldDrop, bothKeep, bothDrop] = (
      await rowOf(page, 'By the shadow’s policy that decided', 'tenth')
    ).map(Number);
    // Both look at the same randomness, so a tenth is among the half.
    expect(wouldKeep).toBe(0);
    expect((wouldDrop ?? 0) + (bothKeep ?? 0) + (bothDrop ?? 0)).toBe(1000);
    expect(bothKeep).toBeGreaterThan(60);
    expect(wouldDrop).toBeGreaterThan(300);
    expect(await rowOf(page, 'Kept traces by what decided', 'half')).toContain('100 %');
    const operations = page.getByRole('region', { name: 'By the operation that traces begin with' });
    expect(await operations.getByRole('row').count()).toBe(21);
    expect(faults).toEqual([]);
  });

  it('says that it is overloaded, and by what', async () => {
    const sidecar = await startSidecar({
      config: `
sample: { ${SOON}, policies: [{ name: all, type: probabilistic, ratio: 1 }] }
export: { otlp: { dead: { endpoint: "http://127.0.0.1:9", max_queue: 256KiB } } }`,
    });
    const { page } = await open(sidecar);
    await page.getByText('there is no overload').waitFor();
    const traces = traffic({ seed: 8, traces: 5000, maxSpans: 20, attributes: 13 });
    // Little by little: what is larger than the rest of the queue finds no place in it.
    await eventually('the page to tell', async () => {
      await sendSpans(sidecar, traces.splice(0, 5).flat());
      return page.getByRole('heading', { name: 'Overloaded' }).isVisible();
    });
    expect(await page.locator('.notice.warn').first().textContent()).toMatch(
      /Since an exporter falls behind, only [\d.]+ % of what need not be kept is kept/,
    );
  });

  it('names services whose trace ids are not random', async () => {
    const sidecar = await startSidecar();
    const ids = Array.from({ length: 2000 }, (_, i) => Buffer.from(`${i}`.padStart(32, '0'), 'hex'));
    await sendSpans(
      sidecar,
      ids.map((traceId) => ({ ...testSpan(), traceId })),
    );
    const { page } = await open(sidecar);
    await page.getByRole('heading', { name: 'Services whose trace ids are not random' }).waitFor();
    expect(await page.locator('.notice.warn').textContent()).toMatch(/shop \(\d+ of 56 bits constant\)/);
  });

  it('keeps an operation for a time, from the operation and with the keyboard, where the page is locked', async () => {
    const sidecar = await startSidecar({
      config: `sample: { ${SOON}, policies: [{ name: errors, type: status }] }\nweb: { auth: { tokens: [${TOKEN}] } }`,
    });
    await sendSpans(sidecar, [testSpan({ trace: 'dropped', name: 'GET /cart' })]);
    const page = await browser.newPage();
    await page.goto(sidecar.urls.page);
    await page.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Keep for a time' }).click();
    await page.getByText('0 wishes in force').waitFor();
    expect(await page.getByLabel('Operation').inputValue()).toBe('GET /cart');
    await page.getByLabel('Operation').focus();
    await page.keyboard.press('Enter');
    await page.getByText('For 10 minutes, every trace of GET /cart of shop is kept.').waitFor();
    await page.getByText('1 wish in force').waitFor();
    await sendSpans(sidecar, [testSpan({ trace: 'pinned', name: 'GET /cart' })]);
    await eventually('the trace to be kept', async () => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const answer = await fetch(`${sidecar.urls.page}/api/traces`, { headers });
      return ((await answer.json()) as { traces: unknown[] }).traces.length === 1;
    });
    await page.getByLabel('or trace').fill('123');
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toBe('Name either a trace, or a service and its operation.');
  });

  it('offers to keep a trace that was not seen yet', async () => {
    const sidecar = await startSidecar();
    const page = await browser.newPage();
    const id = '0af7651916cd43dd8448eb211c80319c';
    await page.goto(`${sidecar.urls.page}/#/traces/${id}`);
    await page.getByRole('link', { name: 'Keep this trace' }).click();
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByText(`Trace ${id} is kept`).waitFor();
    expect(await getJson(`${sidecar.urls.page}/api/sampling`)).toMatchObject({ pins: 1 });
  });
});
