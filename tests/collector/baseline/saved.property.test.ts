// An operation that was written down and read again goes on as one that was not.
import { describe, expect, it } from 'vitest';
import { binOf, BINS } from '../../../collector/src/baseline/bins.ts';
import { Operation, type WatchOptions } from '../../../collector/src/baseline/operation.ts';
import { encodeSaved, restoredOperation } from '../../../collector/src/baseline/saved.ts';
import { addCall, emptyStep, type Step } from '../../../collector/src/baseline/step.ts';
import type { Change } from '../../../collector/src/baseline/contract.ts';
import { seeded } from '../../support/random.ts';

const OPTIONS: WatchOptions = {
  stepMs: 1000,
  seasonMs: 86_400_000,
  learnUntilMs: undefined,
  secondsPerFalseAlarm: 24 * 86_400,
};
const BEGIN_MS = 1_800_000_000_000;
const OF = { service: 'shop', name: 'GET /', kind: 'SERVER', usedMs: 0 };

/** What calls do from one second to another. */
interface Phase {
  readonly untilS: number;
  readonly perS: number;
  readonly scale: number;
  readonly errorRatio: number;
}

/** Learned in ten minutes, then one thing after another goes wrong and is well again. */
const PHASES: readonly Phase[] = [
  { untilS: 900, perS: 8, scale: 1, errorRatio: 0.01 },
  { untilS: 1020, perS: 8, scale: 3, errorRatio: 0.01 },
  { untilS: 1200, perS: 8, scale: 1, errorRatio: 0.01 },
  { untilS: 1320, perS: 8, scale: 1, errorRatio: 0.3 },
  { untilS: 1500, perS: 8, scale: 1, errorRatio: 0.01 },
  { untilS: 1620, perS: 0, scale: 1, errorRatio: 0 },
  { untilS: 1800, perS: 8, scale: 1, errorRatio: 0.01 },
];

/** Seconds without a call after a restart: the service comes back a little later. */
const EMPTY_S = 3;

interface Gap {
  /** It is written down and read again before this second. */
  readonly savedAtS?: number;
  /** So much later. */
  readonly gapMs?: number;
  readonly emptyAtS?: number;
}

function* stepsOf(seed: number, { savedAtS = Infinity, gapMs = 0, emptyAtS = Infinity }: Gap = {}): Generator<Step> {
  const random = seeded(seed);
  let second = 0;
  for (const { untilS, perS, scale, errorRatio } of PHASES) {
    for (; second < untilS; second++) {
      const step = emptyStep(BINS);
      step.timeMs = BEGIN_MS + (second + 1) * 1000 + (second >= savedAtS ? gapMs : 0);
      for (let call = 0; call < 2 * perS; call++) {
        if (random() < 0.5 || (second >= emptyAtS && second < emptyAtS + EMPTY_S)) continue;
        const spread = random() + random() + random() - 1.5;
        addCall(step, binOf(0.04 * scale * Math.exp(spread)), random() < errorRatio);
      }
      yield step;
    }
  }
}

function again(operation: Operation): Operation {
  return restoredOperation(encodeSaved({ ...OF, operation: operation.snapshot() }), OPTIONS).operation;
}

/** Changes by kind and severity, with when they were said. */
function said(seed: number, gap: Gap = {}): Change[] {
  let operation = new Operation(OPTIONS);
  const changes: Change[] = [];
  let second = 0;
  for (const step of stepsOf(seed, gap)) {
    if (second++ === gap.savedAtS) operation = again(operation);
    changes.push(...operation.take(step));
  }
  return changes;
}

const outline = ({ kind, severity }: Change): string => `${kind} ${severity}`;

/** Evidence that is no violation yet begins anew, so that a first word may come that much later. */
const LATE_MS = 10_000;

describe('an operation that was written down and read again', () => {
  const SEEDS = [1, 2];
  const MOMENTS = {
    'while it learns': 431,
    'when it has learned': 890,
    'while it is slow': 960,
    'while calls fail': 1290,
    'while it is silent': 1600,
  };

  it.each(Object.entries(MOMENTS))('says the same %s', (_, savedAtS) => {
    for (const seed of SEEDS) {
      const [whole, parted] = [said(seed), said(seed, { savedAtS })];
      expect(whole.map(outline).filter((text) => text.endsWith('none'))).toEqual([
        'latency none',
        'error none',
        'throughput none',
      ]);
      expect(parted.map(outline)).toEqual(whole.map(outline));
      parted.forEach(({ timeMs, onsetMs }, i) => {
        expect(Math.abs(timeMs - (whole[i]?.timeMs ?? 0))).toBeLessThanOrEqual(LATE_MS);
        expect(Math.abs(onsetMs - (whole[i]?.onsetMs ?? 0))).toBeLessThanOrEqual(LATE_MS);
      });
    }
  });

  it('takes the time between for no silence', () => {
    const HOUR_MS = 3_600_000;
    for (const savedAtS of [431, 890]) {
      const [whole, parted] = [
        said(3, { emptyAtS: savedAtS }),
        said(3, { savedAtS, emptyAtS: savedAtS, gapMs: HOUR_MS }),
      ];
      expect(parted.map(outline)).toEqual(whole.map(outline));
      const first = (changes: readonly Change[]): number => changes[0]?.timeMs ?? 0;
      expect(Math.abs(first(parted) - HOUR_MS - first(whole))).toBeLessThanOrEqual(LATE_MS);
    }
  });

  it('is what it was, to the last number', () => {
    const operation = new Operation(OPTIONS);
    let second = 0;
    for (const step of stepsOf(4)) {
      operation.take(step);
      if ([20, 431, 890, 960, 1290, 1600].includes(second++))
        expect(again(operation).snapshot()).toEqual(operation.snapshot());
    }
    expect(second).toBe(1800);
  });
});
