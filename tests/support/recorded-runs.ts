// Runs of one service as they are recorded on machines that are never quite alike: seeded, so that each seed is one more day.
import type { RecordedCall } from '../../collector/src/baseline/recorded-run.ts';
import { type Random, seeded } from './random.ts';

/** One operation, as it is on an ordinary day. */
export interface RunOperation {
  readonly name: string;
  readonly medianMs: number;
  /** Standard deviation of the logarithm of durations. */
  readonly spread: number;
  readonly perSecond: number;
  readonly errorRatio: number;
}

/** What a build does to an operation. */
export interface Altered {
  readonly scale?: number;
  /** Of a share of the calls only. */
  readonly share?: number;
  readonly errorRatio?: number;
}

export interface RunOptions {
  readonly seed: number;
  readonly seconds?: number;
  readonly operations?: readonly RunOperation[];
  /** By the name of the operation. */
  readonly altered?: Readonly<Record<string, Altered>>;
  /** How many times as long the machine takes for everything. */
  readonly machine?: number;
  /** Standard deviations of the logarithm: of the machine between runs, of each operation between runs, and between minutes. */
  readonly betweenRuns?: number;
  readonly ofOperation?: number;
  readonly betweenMinutes?: number;
  /** What all calls of one second have in common. */
  readonly withinSecond?: number;
}

export const SHOP: readonly RunOperation[] = [
  { name: 'GET /cart', medianMs: 8, spread: 0.4, perSecond: 20, errorRatio: 0 },
  { name: 'POST /orders', medianMs: 40, spread: 0.5, perSecond: 6, errorRatio: 0.004 },
  { name: 'SELECT orders', medianMs: 2, spread: 0.3, perSecond: 40, errorRatio: 0 },
  { name: 'GET /search', medianMs: 120, spread: 0.8, perSecond: 4, errorRatio: 0.01 },
  { name: 'render', medianMs: 15, spread: 0.2, perSecond: 10, errorRatio: 0 },
];

const START_MS = 1_760_000_000_000;

/** Calls of a run in order of their ends. */
export function recordedRun(options: RunOptions): RecordedCall[] {
  const { seed, seconds = 120, operations = SHOP, altered = {}, machine = 1 } = options;
  const { betweenRuns = 0.1, ofOperation = 0.03, betweenMinutes = 0.04, withinSecond = 0.05 } = options;
  const random = seeded(seed * 7919 + 13);
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) random();
  const whole = Math.log(machine) + betweenRuns * normal(random);
  const calls: RecordedCall[] = [];
  for (const { name, medianMs, spread, perSecond, errorRatio } of operations) {
    const own = whole + ofOperation * normal(random);
    const { scale = 1, share = 1, errorRatio: fails = errorRatio } = altered[name] ?? {};
    let minute = 0;
    for (let second = 0; second < seconds; second++) {
      // Neighbouring minutes are alike.
      if (second % 60 === 0) minute = 0.6 * minute + (second === 0 ? 1 : 0.8) * betweenMinutes * normal(random);
      const common = own + minute + withinSecond * normal(random);
      const count = Math.floor(perSecond) + (random() < perSecond % 1 ? 1 : 0);
      for (let i = 0; i < count; i++) {
        const isScaled = share === 1 || random() < share;
        const durationMs = medianMs * Math.exp(common + spread * normal(random)) * (isScaled ? scale : 1);
        const timeMs = START_MS + seed * 86_400_000 + (second + random()) * 1000;
        calls.push({ timeMs, operation: name, service: 'shop', durationMs, isError: random() < fails });
      }
    }
  }
  return calls.sort((a, b) => a.timeMs - b.timeMs);
}

/** The same as JSON Lines. */
export function linesOf(calls: readonly RecordedCall[], meta: object = { service: 'shop' }): string {
  const lines = calls.map(({ timeMs, operation, durationMs, isError }) =>
    JSON.stringify({ t_ms: timeMs, op: operation, duration_ms: durationMs, error: isError === true ? 1 : 0 }),
  );
  return `${[JSON.stringify({ meta }), ...lines].join('\n')}\n`;
}

/** A standard normal number. @see Box and Muller 1958 */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
