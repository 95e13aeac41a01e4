// Twenty places for many more series, seen by a Prometheus that scrapes and by one that is pushed to: series are folded,
// get their places back, return, and are folded again. What both stored adds up to what was counted, exactly.
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSamples, sumOf } from '../support/exposition-text.ts';
import {
  COUNTS,
  CROWD,
  EARLY,
  expectNothingInvented,
  expectWhole,
  FEW,
  Fleet,
  growth,
  hasFallen,
  METRICS,
  stored,
} from '../support/fold-fleet.ts';
import { type RunningPrometheus, startPrometheus } from '../support/prometheus.ts';
import { describeWith } from '../support/real-parts.ts';
import { startCollector } from '../support/running-collector.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { prometheus3, startWritePrometheus } from '../support/write-prometheus.ts';

const PUSH_EVERY_MS = 1000;
const FEATURES = 'native-histograms';

function limitReads(page: string, name: string): number {
  return sumOf(readSamples(page), `evenkeel_limit_${name}`);
}

describeWith(['prometheus', 'go'], 'the fold and the return of series', ({ prometheus }) => {
  let sidecar: RunningSidecar;
  let fleet: Fleet;
  let calmMs: number;
  let crowdAgainMs: number;
  const backends: Record<string, RunningPrometheus> = {};

  const reads = async (name: string): Promise<number> =>
    limitReads(await (await fetch(sidecar.urls.metrics)).text(), name);

  beforeAll(async () => {
    const written = await startWritePrometheus(await prometheus3(), FEATURES);
    sidecar = await startSidecar({
      config: `monitoring: false
limit: { max_series: 20, templates: [], ttl: 10s }
export: { interval: 5s, remote_write: { next: { url: '${written.writeUrl}', batch_delay: 200ms } } }
`,
    });
    backends['scrapes'] = await startPrometheus(prometheus, sidecar.urls.metrics, 'honor_labels: true', FEATURES);
    backends['is pushed to'] = written;

    fleet = new Fleet(sidecar.urls.otlpHttp, Date.now);
    const began = performance.now();
    let pushes = 0;
    const push = async (times: number, users: readonly number[]): Promise<void> => {
      for (const end = pushes + times; pushes < end; pushes++) {
        await pause(Math.max(0, began + pushes * PUSH_EVERY_MS - performance.now()));
        await fleet.push(users);
      }
    };
    await push(5, EARLY);
    await push(8, [...EARLY, ...CROWD]);
    expect(await reads('frozen_series')).toBeGreaterThan(0);
    expect(await reads('folded_metrics')).toBe(METRICS);
    // Until there are places again.
    for (let i = 0; i < 60 && (await reads('folded_metrics')) > 0; i++) await push(1, FEW);
    calmMs = Date.now();
    await push(5, FEW);
    crowdAgainMs = Date.now();
    await push(4, [...FEW, ...CROWD]);
    await push(2, FEW);
    // Prometheus 3 may have to be built first.
  }, 1_200_000);

  describe.each(['scrapes', 'is pushed to'])('to a Prometheus that %s', (name) => {
    const backend = (): RunningPrometheus => {
      const found = backends[name];
      if (found === undefined) throw new Error(`no backend that ${name}`);
      return found;
    };

    it('adds up to what was counted, exactly', () => expectWhole(backend(), fleet));

    it('shows no increment before it was sent, and none in what a series begins with', async () => {
      // A sample of a scrape may hold what came in while it was written.
      await expectNothingInvented(backend(), fleet, name === 'scrapes' ? PUSH_EVERY_MS : 1);
    });

    it('has the fold, the return at 0 and the second fold in it', async () => {
      for (const quantity of COUNTS) {
        const { selector } = quantity;
        const found = await stored(backend(), quantity);
        const grown = (user: number | undefined, afterMs: number, untilMs: number): number =>
          found.filter((each) => each.user === user).reduce((sum, each) => sum + growth(each, afterMs, untilMs), 0);
        expect(grown(undefined, 0, calmMs), `${selector}, folded`).toBeGreaterThan(0);
        expect(grown(undefined, crowdAgainMs, Infinity), `${selector}, again`).toBeGreaterThan(0);
        for (const few of FEW) expect(grown(few, calmMs, crowdAgainMs), `${selector} of ${few}`).toBeGreaterThan(0);
        // Deltas that return soon go on from where they stood, which says the same.
        if (selector.includes('delta')) continue;
        const returned = found.filter((each) => FEW.includes(each.user ?? -1) && hasFallen(each));
        expect(returned.length, `${selector}, from 0 again`).toBeGreaterThan(0);
      }
    });
  });

  it('has books that balance', async () => {
    const [passed, absorbed] = [await reads('passed_total'), await reads('absorbed_total')];
    expect(absorbed).toBeGreaterThan(0);
    expect(passed + absorbed).toBe(fleet.points);
    expect(await reads('dropped_total')).toBe(0);
  });
});

describeWith(['go'], 'the end of folded series', () => {
  /** Prometheus takes samples of the last hours. */
  const BEGAN_AGO_MS = 3_600_000;
  const STEP_MS = 15_000;

  it('comes after five minutes, and is no end of what they add up to', { timeout: 1_200_000 }, async () => {
    const written = await startWritePrometheus(await prometheus3(), FEATURES);
    // Minutes pass in moments: the times of samples are those of this clock, the Prometheus is real.
    const { urls, clock, metrics, delivered } = await startCollector(
      `limit: { max_series: 20, templates: [], ttl: 1m, frozen_for: 5m }
export: { remote_write: { next: { url: '${written.writeUrl}', batch_delay: 200ms } } }
`,
      { beginsMs: Date.now() - BEGAN_AGO_MS },
    );
    const fleet = new Fleet(urls.otlpHttp, () => clock.nowMs());
    const reads = async (name: string): Promise<number> => limitReads(await metrics(), name);
    const shown = async (): Promise<(string | undefined)[]> =>
      readSamples(await metrics()).flatMap(({ name, labels }) => (name === 'orders_total' ? [labels['user']] : []));
    const push = async (times: number, users: readonly number[]): Promise<void> => {
      for (let i = 0; i < times; i++) {
        clock.advance(STEP_MS);
        await fleet.push(users);
        await delivered();
      }
    };
    await push(4, EARLY);
    await push(2, [...EARLY, ...CROWD]);
    expect(await reads('frozen_series')).toBeGreaterThan(0);
    const standing = await shown();
    for (let i = 0; i < 30 && (await reads('frozen_series')) > 0; i++) await push(1, [...EARLY, ...CROWD]);
    expect(await reads('frozen_series')).toBe(0);
    const left = await shown();
    for (let i = 0; i < 30 && (await reads('folded_metrics')) > 0; i++) await push(1, FEW);
    const calmMs = clock.nowMs();
    await push(6, FEW);
    clock.advance(STEP_MS);
    await delivered();

    await expectWhole(written, fleet);
    await expectNothingInvented(written, fleet, 1);
    for (const quantity of COUNTS) {
      const back = (await stored(written, quantity)).filter(
        (each) => FEW.includes(each.user ?? -1) && hasFallen(each) && growth(each, calmMs, Infinity) > 0,
      );
      expect(back.length, quantity.selector).toBeGreaterThan(0);
      // They stood still on the page, and were gone from it when their time was over.
      for (const { user } of back) {
        expect(standing).toContain(`u${user}`);
        expect(left).not.toContain(`u${user}`);
      }
    }
  });
});
