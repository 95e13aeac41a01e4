// What ten thousand watched operations take: memory of one that is learned and of one that is learning, and the share of a
// core that watching all of them takes.
import { LiveSteps } from '../../collector/src/baseline/live-steps.ts';
import { Operation } from '../../collector/src/baseline/operation.ts';
import { pick, seeded } from '../../tests/support/random.ts';
import { Seconds } from '../../tests/support/steps.ts';
import { bounded } from '../bounds.ts';
import { cpuSeconds, type Figure, summary } from '../figure.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const OPTIONS = { stepMs: 1000, seasonMs: 86_400_000, learnUntilMs: undefined, secondsPerFalseAlarm: 24 * 86_400 };
/** Of which the memory is taken, and which stand for ten thousand in time. */
const OPERATIONS = IS_QUICK ? 1000 : 10_000;
const FLEET = 10_000;
const ROUNDS = IS_QUICK ? 5 : 9;
/** One call of each in two seconds: a sidecar at 5000 spans a second. */
const BEHAVIOUR = { rate: 0.5, sigma: 0.5 };

/** Issue 6. */
const BOUNDS = { learnedBytes: 8 * 1024, learningBytes: 14 * 1024, core: 0.05 };

export async function run(): Promise<Figure[]> {
  const seconds = Array.from({ length: OPERATIONS }, (_, i) => new Seconds(i));
  const emptyBytes = heldBytes();
  const operations = seconds.map(() => new Operation(OPTIONS));
  go(operations, seconds, 590);
  const learning = (heldBytes() - emptyBytes) / OPERATIONS;
  go(operations, seconds, 130);
  const watched = operations.filter((operation) => !operation.isProvisional).length / OPERATIONS;
  const learned = (heldBytes() - emptyBytes) / OPERATIONS;
  const settled = settledBytes();
  const shares = Array.from({ length: ROUNDS }, () => shareOfCore(operations));
  const plain = (name: string, value: number, unit: string): Figure => ({ name, value, spread: 0, unit });
  return [
    plain('operations that were learned', watched, '1'),
    bounded(plain('memory of one that is learning, just before it is learned', learning, 'By'), {
      atMost: BOUNDS.learningBytes,
    }),
    bounded(plain('memory of one that is learned and learns on', learned, 'By'), { atMost: BOUNDS.learningBytes }),
    bounded(plain('memory of one that is learned, as of a recorded period', settled, 'By'), {
      atMost: BOUNDS.learnedBytes,
    }),
    bounded({ name: 'share of a core for 10 000', ...summary(shares), unit: '1' }, { atMost: BOUNDS.core }),
  ];
}

/** Of operations that learned from a period that is over, so that nothing is held but what they are watched by. */
function settledBytes(): number {
  const count = OPERATIONS / 10;
  const seconds = Array.from({ length: count }, (_, i) => new Seconds(i));
  const emptyBytes = heldBytes();
  const learnUntilMs = (seconds[0]?.timeMs ?? 0) + 700_000;
  const operations = seconds.map(() => new Operation({ ...OPTIONS, learnUntilMs }));
  go(operations, seconds, 720);
  const bytes = (heldBytes() - emptyBytes) / count;
  if (operations.some((operation) => operation.learned === undefined)) throw new Error('an operation has not learned');
  return bytes;
}

function go(operations: readonly Operation[], seconds: readonly Seconds[], count: number): void {
  for (let s = 0; s < count; s++) operations.forEach((operation, i) => operation.take(seconds[i].next(BEHAVIOUR)));
}

/** From spans put into their second to evidence, as the stage does it, for ten seconds of traffic. */
function shareOfCore(operations: readonly Operation[]): number {
  const random = seeded(1);
  const SECONDS = 10;
  const startMs = 4_000_000_000_000;
  const steps = new LiveSteps((at, step) => operations[at].take(step));
  operations.forEach((_, at) => steps.register(0, at, startMs));
  steps.close(startMs);
  const spans = OPERATIONS * BEHAVIOUR.rate;
  const taken = cpuSeconds(() => {
    for (let second = 0; second < SECONDS; second++) {
      const end = startMs / 1000 + second;
      const taking = steps.begin(0, 0);
      for (let i = 0; i < spans; i++)
        steps.add(taking, pick(random, OPERATIONS), end, 120 + pick(random, 12) + pick(random, 12), false);
      steps.endBatch((end + 1) * 1000);
      steps.close((end + 3) * 1000);
    }
  });
  return ((taken / SECONDS) * FLEET) / OPERATIONS;
}

function heldBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
