// The ledger of decisions: what one costs to note and to hold, and how long it takes to answer why, from memory and disk.
import { storeConfig } from '../../collector/src/store/config.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../collector/src/pipeline/clock.ts';
import { hexId } from '../../collector/src/otlp/trace-id.ts';
import { type DecisionRecord, Ledger } from '../../collector/src/sample/ledger.ts';
import { DecisionHistory } from '../../collector/src/sample/ledger-history.ts';
import { policies } from '../../collector/src/sample/policy-config.ts';
import { store } from '../../collector/src/store/stage.ts';
import { OUTSIDE_SHARE } from '../../tests/support/decision-record.ts';
import { pick, seeded } from '../../tests/support/random.ts';
import { bounded } from '../bounds.ts';
import { cpuSeconds, type Figure, summary } from '../figure.ts';

const IN_MEMORY = 1_000_000;
const DECISIONS = process.env['BENCH_QUICK'] === '1' ? 1_600_000 : 6_000_000;
/** Noted in one go, so that the store's thread keeps up as it does in a sidecar. */
const STEP = 100_000;
const QUESTIONS = 2000;

/** design.md, P5. */
const ANSWER_WITHIN_MS = 10;
const BYTES_A_DECISION = 64;

const RECORD: DecisionRecord = { ...OUTSIDE_SHARE, thresholdHigh: 0xe666000, randomHigh: 0x3fa0000, randomLow: 0 };

export async function run(): Promise<Figure[]> {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'));
  const host = { clock: systemClock, random: Math.random, log: console.error, count: () => {}, record: () => {} };
  const stage = store.create({ ...storeConfig.parse({ path }), max_decision_disk: 1024 ** 3 }, host);
  await stage.start();
  const history = new DecisionHistory({ policies: policies.parse(undefined), waits: [] }, systemClock);
  history.archive = stage;
  const ledger = new Ledger(IN_MEMORY, 1);
  ledger.retire = (decisions) => history.retire(decisions);
  const traces = { ledger, waiting: () => undefined };
  const seconds: number[] = [];
  let bytes = 0;
  for (let first = 0; first < DECISIONS; first += STEP) {
    seconds.push(cpuSeconds(() => note(ledger, first)) / STEP);
    if (ledger.count === IN_MEMORY) bytes = ledger.sizeBytes / ledger.count;
    await stage.findDecision([0, 0, 0, 0]);
  }
  const ask = async (name: string, first: number, below: number, state: string): Promise<Figure[]> => {
    const random = seeded(first + 1);
    const samples: number[] = [];
    for (let i = 0; i < QUESTIONS; i++) {
      const id = hexId(...idOf(first + pick(random, below - first)));
      const before = performance.now();
      const answer = await history.why(id, traces);
      samples.push(performance.now() - before);
      if (answer.state !== state) throw new Error(`${name}: ${answer.state} instead of ${state}`);
    }
    const { value, spread } = summary(samples);
    const p99 = [...samples].sort((a, b) => a - b)[Math.floor(QUESTIONS * 0.99)] ?? NaN;
    const limit = { atMost: ANSWER_WITHIN_MS };
    return [
      { name: `why, ${name}`, value, spread, unit: 'ms' },
      bounded({ name: `why, ${name}, p99`, value: p99, spread: 0, unit: 'ms' }, limit),
    ];
  };
  const figures = [
    { name: 'look for a new trace and note its decision', ...nanoseconds(seconds), unit: 'ns' },
    bounded({ name: 'memory a decision', value: bytes, spread: 0, unit: 'By' }, { atMost: BYTES_A_DECISION }),
    ...(await ask('in memory', DECISIONS - IN_MEMORY / 2, DECISIONS, 'dropped')),
    ...(await ask('on disk', 0, DECISIONS - IN_MEMORY, 'dropped')),
    ...(await ask('never seen', DECISIONS, DECISIONS * 2, 'unseen')),
  ];
  await stage.stop();
  rmSync(path, { recursive: true });
  return figures;
}

function note(ledger: Ledger, first: number): void {
  for (let n = first; n < first + STEP; n++) {
    const [a, b, c, d] = idOf(n);
    if (ledger.find(a, b, c, d) < 0) ledger.add(a, b, c, d, RECORD);
  }
}

function nanoseconds(seconds: readonly number[]): { value: number; spread: number } {
  return summary(seconds.map((each) => each * 1e9));
}

/** Ids of which none is like another, as those of an SDK. */
function idOf(n: number): [number, number, number, number] {
  const word = (salt: number): number => {
    const mixed = Math.imul(n ^ salt, 0x9e3779b1);
    return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 0;
  };
  return [word(1), word(0x51ed27), word(0x2545f4), (n ^ 0x5bd1e995) >>> 0];
}
