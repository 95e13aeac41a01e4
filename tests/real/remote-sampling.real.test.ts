// A program with OpenTelemetry's JavaScript SDK and its Jaeger remote sampler follows the sidecar.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { eventually } from '../support/eventually.ts';
import { getJson, PROGRAMS } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';

/** Traces a second that each operation is to leave. A beat of the program is at least a twentieth of a second. */
const TARGET = 5;
const BEATS_PER_SECOND = 20;

interface Count {
  readonly called: number;
  readonly sampled: number;
}

interface Report {
  readonly beats: number;
  readonly counts: Readonly<Record<string, Count>>;
  readonly stopped?: boolean;
}

const NONE: Count = { called: 0, sampled: 0 };

async function startShop(sidecar: RunningSidecar) {
  let last: Report = { beats: 0, counts: {} };
  let stderr = '';
  const child = fork(join(PROGRAMS, 'js/shop.mjs'), {
    env: {
      PATH: process.env['PATH'],
      OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.urls.otlpHttp,
      SAMPLING_ENDPOINT: sidecar.urls.page,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  child.on('message', (report) => (last = report as Report));
  const ended = once(child, 'close');
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    stderr: () => stderr,
    calls: (rates: Readonly<Record<string, number>>) => void child.send(rates),
    /** What is called and sampled in at least so many beats from now on. */
    async stretch(beats: number): Promise<Record<string, Count>> {
      const from = last;
      const to = await eventually('the shop to go on', () => last.beats >= from.beats + beats && last);
      const operations = Object.entries(to.counts).map(([operation, { called, sampled }]) => {
        const before = from.counts[operation] ?? NONE;
        return [operation, { called: called - before.called, sampled: sampled - before.sampled }] as const;
      });
      return Object.fromEntries(operations);
    },
    async stop(): Promise<Report> {
      child.send('stop');
      await ended;
      return last;
    },
  };
}

const share = ({ called, sampled }: Count = NONE): number => sampled / called;

it('falls to what is wanted where calls are many, and rises where they have become few', async () => {
  const sidecar = await startSidecar({
    config: `
sample: { after_root: 100ms }
remote_sampling:
  interval: 1s
  services: [{ name: shop, type: adaptive, traces_per_second: ${TARGET} }]
`,
  });
  const shop = await startShop(sidecar);

  shop.calls({ checkout: 4, browse: 1, refund: 0.05 });
  await eventually('checkout to be sampled less', async () => share((await shop.stretch(10))['checkout']) < 0.15);
  await eventually('browse to be sampled less', async () => share((await shop.stretch(10))['browse']) < 0.4);

  const seconds = 12;
  const { checkout = NONE, browse = NONE, refund = NONE } = await shop.stretch(seconds * BEATS_PER_SECOND);
  // Four times as many calls leave as many traces; a machine that is busy elsewhere has longer beats.
  expect(checkout.called / browse.called).toBeCloseTo(4, 1);
  for (const { called, sampled } of [checkout, browse]) {
    expect(sampled).toBeGreaterThan((seconds * TARGET) / 2);
    expect(sampled).toBeLessThan(seconds * TARGET * 3);
    expect(sampled).toBeLessThan(called / 2);
  }
  expect(checkout.sampled / browse.sampled).toBeGreaterThan(0.5);
  expect(checkout.sampled / browse.sampled).toBeLessThan(2);
  // What is rare is all there.
  expect(refund.called).toBeGreaterThan(seconds / 2);
  expect(refund.sampled).toBe(refund.called);

  shop.calls({ checkout: 0.1, browse: 1, refund: 0.05 });
  const rare = await eventually('checkout to be sampled whole again', async () => {
    const now = await shop.stretch(50);
    return share(now['checkout']) === 1 && now;
  });
  expect(share(rare['browse'])).toBeLessThan(0.7);

  const { counts } = await shop.stop();
  const sampled = Object.values(counts).reduce((sum, count) => sum + count.sampled, 0);
  const books = await eventually('the last spans', async () => {
    const answer = await getJson<BooksAnswer>(`${sidecar.urls.page}/api/books`);
    return answer?.spans.accepted === sampled && answer;
  });
  expect(books.spans.balanced).toBe(true);
  expect(shop.stderr()).toBe('');
  expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
});
