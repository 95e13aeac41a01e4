// Whether what is kept tells the truth about what was there: bias and coverage of intervals over thousands of seeds,
// through the real trace buffer and the thresholds it writes into spans.
import { CountEstimator } from '../../collector/src/sample/adjusted-count.ts';
import type { TraceBufferOptions } from '../../collector/src/sample/trace-buffer.ts';
import { seeded } from '../../tests/support/random.ts';
import { testSampler } from '../../tests/support/sampler.ts';
import type { Figure } from '../figure.ts';
import { ColumnFeed, type FedTrace } from './columns.ts';

const SEEDS = 4000;
/** Expected kept traces of each run, all with a threshold above 0; the least for which an interval is shown is 30. */
const EXPECTED_KEPT = 40;
const MAX_BIAS = 0.01;
const COVERAGE = { least: 0.93, most: 0.97 };

interface Scenario {
  readonly name: string;
  readonly traces: number;
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  readonly options?: Partial<TraceBufferOptions>;
  /** Seconds over which the traces come; 1 for all at once. */
  readonly seconds?: number;
}

const ERRORS = { name: 'errors', type: 'status' };
const SLOW = { name: 'slow', type: 'latency', over: '1s' };
const share = (ratio: number): Scenario['policies'][number] => ({ name: 'share', type: 'probabilistic', ratio });

const SCENARIOS: readonly Scenario[] = [
  ...[0.01, 0.03, 0.1].map((ratio) => ({
    name: `share ${ratio}`,
    traces: Math.ceil(EXPECTED_KEPT / ratio),
    policies: [share(ratio)],
  })),
  { name: 'forced keeps and share 0.05', traces: EXPECTED_KEPT / 0.05, policies: [ERRORS, SLOW, share(0.05)] },
  {
    name: 'floor, forced keeps and share 0.05',
    traces: EXPECTED_KEPT / 0.05,
    seconds: 4,
    policies: [ERRORS, { name: 'floor', type: 'floor', traces: 2 }, share(0.05)],
  },
  {
    name: 'shares by key',
    traces: 1200,
    seconds: 12,
    policies: [
      ERRORS,
      { name: 'keyed', type: 'by_key', key: ['operation'], traces_per_second: 12, adjust_every: '2s' },
    ],
  },
  {
    name: 'composite, forced keeps',
    traces: 1200,
    seconds: 12,
    policies: [
      ERRORS,
      {
        name: 'mix',
        type: 'composite',
        spans_per_second: 60,
        parts: [
          { when: { type: 'status' }, share: 0.1 },
          { when: { type: 'span_count', min: 10 }, share: 0.6 },
        ],
        rest: 0.3,
      },
    ],
  },
  {
    name: 'hard caps, floor, forced keeps and share 0.5',
    traces: 2400,
    seconds: 12,
    policies: [ERRORS, SLOW, { name: 'floor', type: 'floor' }, share(0.5)],
    options: { hardCaps: { spansPerSecond: 200, bytesPerSecond: undefined } },
  },
  {
    name: 'budget, forced keeps',
    traces: 1200,
    seconds: 6,
    policies: [ERRORS, share(1)],
    options: { budget: { spansPerSecond: 100, bytesPerSecond: undefined } },
  },
];

export async function run(): Promise<Figure[]> {
  return SCENARIOS.flatMap(scenario);
}

function scenario({ name, traces, policies, options, seconds = 1 }: Scenario): Figure[] {
  let [truths, estimates, squares, covered, judged] = [0, 0, 0, 0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seeded(seed);
    const feed = new ColumnFeed(
      {
        sampler: testSampler(policies),
        decisionWaitMs: 30_000,
        afterRootMs: 2000,
        maxPendingBytes: 2 ** 40,
        maxDecisions: traces * 2 + 2,
        seed,
        ...options,
      },
      random,
    );
    let truth = 0;
    for (let second = 0; second < seconds; second++) {
      const added = Array.from({ length: Math.ceil(traces / seconds) }, () => fedTrace(random));
      truth += added.reduce((sum, { spans }) => sum + spans, 0);
      feed.add(added, second * 1000);
      feed.buffer.tick(second * 1000 + 500);
    }
    for (let ms = seconds * 1000; ms < seconds * 1000 + 5000; ms += 500) feed.buffer.tick(ms);
    feed.buffer.decideAll(seconds * 1000 + 5000);
    const estimator = new CountEstimator();
    for (const { spans, threshold } of feed.kept) estimator.add(spans, threshold);
    const { estimate, low, high, isEnough } = estimator.count;
    truths += truth;
    estimates += estimate;
    squares += (estimate / truth - 1) ** 2;
    if (!isEnough) continue;
    judged++;
    if (low <= truth && truth <= high) covered++;
  }
  const bias = estimates / truths - 1;
  const coverage = covered / judged;
  // Where a run keeps fewer than 30 traces by chance, no interval is shown and none is judged.
  return [
    {
      name: `bias, ${name}`,
      value: bias,
      spread: Math.sqrt(squares) / SEEDS,
      unit: '1',
      bound: MAX_BIAS,
      holds: Math.abs(bias) <= MAX_BIAS,
    },
    {
      name: `95 % intervals that hold, ${name}`,
      value: coverage,
      spread: Math.sqrt((coverage * (1 - coverage)) / judged),
      unit: '1',
      bound: COVERAGE.least,
      holds: coverage >= COVERAGE.least && coverage <= COVERAGE.most,
    },
    { name: `intervals shown, ${name}`, value: judged / SEEDS, spread: 0, unit: '1' },
  ];
}

/** Traces of 1 to 40 spans, most of them small; two of a hundred failed. */
function fedTrace(random: () => number): FedTrace {
  return {
    spans: 1 + Math.floor(40 * random() ** 3),
    isError: random() < 0.02,
    durationMs: random() < 0.01 ? 1500 : 20,
    // The first operations are frequent, the last one is rare.
    operation: Math.floor(10 * random() ** 3),
  };
}
