import { array, assert, integer, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { adjustedCount, isBelow } from '../../../collector/src/otlp/trace-state.ts';
import { judge, verdict } from '../../../collector/src/sample/sampler.ts';
import { facts } from '../../support/facts.ts';
import { seeded } from '../../support/random.ts';
import { testSampler } from '../../support/sampler.ts';

/** Parts by their one service; the conditions have bits 1, 2 and 4 of `matched`, in order. */
const PARTS = [
  { name: 'checkout', when: { type: 'service', names: ['checkout'] }, share: 0.5 },
  { name: 'search', when: { type: 'service', names: ['search'] }, share: 0.3 },
];
const CHECKOUT = 1;
const SEARCH = 2;
const OTHER = 0;

interface Traffic {
  readonly config: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  /** Traces that begin in a second, by the service they are of. */
  readonly traces: (second: number) => readonly (readonly [service: number, traces: number])[];
  readonly seed?: number;
  readonly waitMs?: number;
  /** Decisions are made at multiples of this only; 0: at once. */
  readonly tickMs?: number;
  /** Share of traces that another policy keeps. */
  readonly errorRatio?: number;
  readonly ofErrors?: Readonly<Record<string, unknown>>;
}

interface Run {
  /** Spans kept in a second, by service. */
  kept(service: number, second: number): number;
  readonly estimate: number;
  /** Of the estimate, itself estimated without bias. */
  readonly variance: number;
  readonly truth: number;
}

const SPAN_BYTES = 500;

const KEPT = { name: 'errors', type: 'status' };

/** Traces of 2 to 40 spans; half of the spans, and what the trace is, come half a second after the first. */
function run({
  config,
  seconds,
  traces,
  seed = 1,
  waitMs = 6000,
  tickMs = 0,
  errorRatio = 0,
  ofErrors = KEPT,
}: Traffic): Run {
  const random = seeded(seed);
  const { policies } = testSampler([ofErrors, { name: 'mix', type: 'composite', parts: PARTS, ...config }]);
  const kept = new Map<string, number>();
  let [estimate, variance, truth, slot] = [0, 0, 0, 0];
  const events: { atMs: number; apply: (nowMs: number) => void }[] = [];
  for (let second = 0; second < seconds; second++) {
    for (const [service, count] of traces(second)) {
      for (let i = 0; i < count; i++) {
        const startMs = (second + random()) * 1000;
        const half = 1 + Math.floor(20 * random() ** 2);
        const trace = slot++ % 50_000;
        const hasError = random() < errorRatio;
        const seen = facts({ startMs, spanCount: 0, sizeBytes: 0, matched: 0, hasError });
        const arrive = (nowMs: number): void => {
          seen.nowMs = nowMs;
          for (let span = 0; span < half; span++) {
            seen.spanCount++;
            seen.sizeBytes += SPAN_BYTES;
            for (const each of policies) each.arrived?.(trace, seen, SPAN_BYTES);
          }
        };
        events.push({ atMs: startMs, apply: arrive });
        const second2 = (nowMs: number): void => {
          seen.matched = service;
          arrive(nowMs);
        };
        events.push({ atMs: startMs + 500, apply: second2 });
        const decide = (nowMs: number): void => {
          seen.nowMs = nowMs;
          judge(policies, seen);
          for (const each of policies) each.observe?.(seen, verdict);
          truth += seen.spanCount;
          const { policy, threshold, drops } = verdict;
          const [high, low] = [Math.floor(random() * 2 ** 28), Math.floor(random() * 2 ** 28)];
          if (policy < 0 || drops || isBelow(high, low, threshold.high, threshold.low)) return;
          const standsFor = adjustedCount(threshold.high, threshold.low);
          estimate += seen.spanCount * standsFor;
          variance += seen.spanCount ** 2 * standsFor * (standsFor - 1);
          const key = `${service} ${Math.floor(nowMs / 1000)}`;
          kept.set(key, (kept.get(key) ?? 0) + seen.spanCount);
        };
        const dueMs = startMs + waitMs;
        events.push({ atMs: tickMs === 0 ? dueMs : Math.ceil(dueMs / tickMs) * tickMs, apply: decide });
      }
    }
  }
  for (const { atMs, apply } of events.sort((a, b) => a.atMs - b.atMs)) apply(atMs);
  return { kept: (service, second) => kept.get(`${service} ${second}`) ?? 0, estimate, variance, truth };
}

/** Mean of the spans kept a second over a minute. */
function minute({ kept }: Run, service: number, from: number): number {
  let sum = 0;
  for (let second = from; second < from + 60; second++) sum += kept(service, second);
  return sum / 60;
}

function checkMinutes(
  what: Run,
  expected: readonly (readonly [number, number])[],
  from: readonly number[],
  label = '',
): void {
  for (const second of from)
    for (const [service, spans] of expected)
      expect(Math.abs(minute(what, service, second) / spans - 1), `${label} ${service} from ${second}`).toBeLessThan(
        0.1,
      );
}

test('keeps of each part its share, however different the parts are', () => {
  const traces = (): [number, number][] => [
    [CHECKOUT, 400],
    [SEARCH, 60],
    [OTHER, 900],
  ];
  const result = run({ config: { spans_per_second: 1000, rest: 0.2 }, seconds: 140, traces });
  checkMinutes(
    result,
    [
      [CHECKOUT, 500],
      [SEARCH, 300],
      [OTHER, 200],
    ],
    [12, 40, 80],
  );
});

test('counts bytes where the target is in bytes', () => {
  const traces = (): [number, number][] => [
    [CHECKOUT, 200],
    [SEARCH, 200],
  ];
  const result = run({ config: { bytes_per_second: '500000B' }, seconds: 80, traces });
  // 1000 spans, five eighths and three eighths of them: what no part has for its own is theirs in proportion.
  checkMinutes(
    result,
    [
      [CHECKOUT, 625],
      [SEARCH, 375],
    ],
    [12],
  );
});

test('lets what a part leaves unused flow to the others, and takes it back when the part needs it', () => {
  const traces = (second: number): [number, number][] => [
    [CHECKOUT, second < 90 ? 10 : 300],
    [SEARCH, 300],
    [OTHER, 300],
  ];
  const result = run({ config: { spans_per_second: 1000, rest: 0.2 }, seconds: 190, traces });
  const own = minute(result, CHECKOUT, 20);
  expect(own).toBeGreaterThan(100);
  checkMinutes(
    result,
    [
      [SEARCH, (1000 - own) * 0.6],
      [OTHER, (1000 - own) * 0.4],
    ],
    [12, 30],
    'quiet',
  );
  checkMinutes(
    result,
    [
      [CHECKOUT, 500],
      [SEARCH, 300],
      [OTHER, 200],
    ],
    [110, 130],
    'busy',
  );
});

test('holds its target through tenfold steps of one part, whatever the wait', () => {
  for (const waitMs of [1000, 6000, 30_000]) {
    const traces = (second: number): [number, number][] => [
      [CHECKOUT, second >= 80 && second < 130 ? 1200 : 120],
      [SEARCH, 200],
    ];
    const result = run({ config: { spans_per_second: 600 }, seconds: 180, traces, waitMs });
    // What a trace is shows half a second after it began: with the shortest wait that is learned from what was kept.
    for (let from = 20 + waitMs / 1000; from + 60 <= 180; from += 10)
      checkMinutes(
        result,
        [
          [CHECKOUT, 375],
          [SEARCH, 225],
        ],
        [from],
        `wait ${waitMs}`,
      );
  }
}, 30_000);

test('holds its target while a part comes and goes by the second, whatever seconds are decided together', () => {
  for (const [waitMs, tickMs] of [
    [6300, 200],
    [6300, 0],
    [6700, 1000],
    [6000, 200],
    [1900, 200],
  ] as const) {
    for (const period of [2, 3]) {
      const traces = (second: number): [number, number][] => [
        [CHECKOUT, 500],
        [SEARCH, second % period === 0 ? 500 : 0],
      ];
      const parts = PARTS.map((part) => ({ ...part, share: 0.5 }));
      const config = { parts, spans_per_second: 4000 };
      const result = run({ config, seconds: 140, traces, waitMs, tickMs });
      const search = 2000 / period;
      checkMinutes(
        result,
        [
          [CHECKOUT, 4000 - search],
          [SEARCH, search],
        ],
        [20, 40, 75],
        `wait ${waitMs}, tick ${tickMs}, every ${period}`,
      );
    }
  }
}, 30_000);

test('gives the room of what another policy drops to the rest of its part', () => {
  const traces = (): [number, number][] => [[CHECKOUT, 400]];
  const ofErrors = { name: 'errors', type: 'drop', when: { type: 'status' } };
  const result = run({ config: { spans_per_second: 2000 }, seconds: 110, traces, errorRatio: 0.25, ofErrors });
  checkMinutes(result, [[CHECKOUT, 2000]], [45]);
});

test('has no say on traces of no part where the rest has no share', () => {
  const traces = (): [number, number][] => [
    [CHECKOUT, 3],
    [OTHER, 20],
  ];
  const result = run({ config: { spans_per_second: 1000 }, seconds: 30, traces });
  let spans = 0;
  for (let second = 0; second < 40; second++) {
    expect(result.kept(OTHER, second)).toBe(0);
    spans += result.kept(CHECKOUT, second);
  }
  expect(spans).toBeGreaterThan(1000);
});

test('looks only at traces for which its own condition holds', () => {
  const traces = (): [number, number][] => [
    [CHECKOUT, 300],
    [SEARCH, 300],
  ];
  const config = { spans_per_second: 500, rest: 0.2, if: { type: 'service', names: ['search'] } };
  const result = run({ config, seconds: 80, traces });
  expect(minute(result, CHECKOUT, 12)).toBe(0);
  checkMinutes(result, [[SEARCH, 500]], [12]);
});

test('leaves estimates unbiased whatever comes, beside a policy that forces some', () => {
  let [estimate, variance, truth] = [0, 0, 0];
  assert(
    property(integer(), array(nat(80), { minLength: 3, maxLength: 3 }), (seed, rates) => {
      const traces = (second: number): [number, number][] =>
        [CHECKOUT, SEARCH, OTHER].map((service, i) => [service, 1 + (rates[i] ?? 0) * (second % 8 < 4 ? 1 : 3)]);
      const one = run({ config: { spans_per_second: 300, rest: 0.1 }, seconds: 30, traces, seed, errorRatio: 0.02 });
      estimate += one.estimate;
      variance += one.variance;
      truth += one.truth;
    }),
    { numRuns: 90, seed: 4 },
  );
  expect(Math.sqrt(variance) / truth).toBeLessThan(0.01);
  expect(Math.abs(estimate - truth) / Math.sqrt(variance)).toBeLessThan(3);
}, 30_000);
