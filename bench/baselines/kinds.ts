// Kinds of streams: what each sets a trap with. A trap is there while learning and afterwards, and is no regression.
import { pick, type Random } from '../../tests/support/random.ts';
import {
  anyOperation,
  anyShape,
  between,
  cache,
  chance,
  DAY,
  HOUR,
  logBetween,
  lognormal,
  MINUTE,
  SECOND,
  timesBetween,
} from './chance.ts';
import { type Effect, effect, type Operation, type Season } from './stream.ts';

/** What a kind decides; the rest is the same for all. */
export interface KindPlan {
  readonly ops: readonly Operation[];
  readonly learnMs: number;
  readonly testMs: number;
  readonly harmless: readonly Effect[];
  readonly seasonMs?: number;
  readonly quietMs?: number;
  readonly hasTicks?: boolean;
  readonly isFamily?: boolean;
  readonly steady?: readonly number[];
  readonly untouched?: readonly number[];
  readonly hasNoCauses?: boolean;
}

const LEARN = 40 * MINUTE;
const TEST = 150 * MINUTE;

function several(random: Random, count: number, own: (random: Random) => Partial<Operation>): Operation[] {
  return Array.from({ length: count }, () => anyOperation(random, own(random)));
}

const plain = (ops: readonly Operation[], harmless: readonly Effect[] = []): KindPlan => ({
  ops,
  harmless,
  learnMs: LEARN,
  testMs: TEST,
});
const allOf = (ops: readonly Operation[]): number[] => ops.map((_, i) => i);
const few = (random: Random): number => 2 + pick(random, 3);

function season(random: Random, periodMs: number): Season {
  return { periodMs, latency: between(random, 0.1, 0.4), rate: between(random, 0.3, 0.9), phase: random() };
}

/** Builds a plan from random numbers alone. */
export const KINDS: Readonly<Record<string, (random: Random) => KindPlan>> = {
  heavy: (random) =>
    plain(
      several(random, few(random), () => ({
        shape: chance(random, 0.5)
          ? lognormal(logBetween(random, 3, 300), between(random, 0.6, 1))
          : lognormal(logBetween(random, 3, 300), between(random, 0.3, 0.6), between(random, 0.4, 0.75)),
      })),
    ),

  cache: (random) => plain(several(random, few(random), () => ({ shape: cache(random) }))),

  levels: (random) => {
    const ops = several(random, few(random), () => ({
      shape: lognormal(logBetween(random, 5, 200), between(random, 0.3, 0.5)),
      levels: [1, between(random, 1.4, 3)],
    }));
    const harmless = ops.flatMap(({ levels: [, high = 1] }, i) => alternating(random, i, high));
    return { ...plain(ops, harmless), learnMs: 70 * MINUTE };
  },

  'season-scaled': (random) => {
    const wave = season(random, 2 * HOUR);
    const ops = several(random, 2, () => ({
      season: { ...wave, latency: between(random, 0.1, 0.4) },
      ratePerS: logBetween(random, 0.7, 6),
    }));
    return { ...plain(ops), learnMs: 6 * HOUR, testMs: 4 * HOUR, seasonMs: 2 * HOUR };
  },

  'season-day': (random) => {
    const wave = season(random, DAY);
    const ops = several(random, 2, () => ({ season: wave, ratePerS: logBetween(random, 0.3, 1.5) }));
    return { ...plain(ops), learnMs: 3 * DAY, testMs: DAY, seasonMs: DAY, quietMs: 90 * MINUTE };
  },

  drift: (random) =>
    plain(
      several(random, few(random), () => ({
        driftPerHour: between(random, 0.02, 0.06) * (chance(random, 0.5) ? 1 : -1),
        ratePerS: logBetween(random, 0.5, 12),
      })),
    ),

  gc: (random) => {
    const ops = several(random, few(random), () => ({ ratePerS: logBetween(random, 1, 20) }));
    const pauses = timesBetween(random, { fromMs: 0, toMs: LEARN + TEST, perHour: between(random, 3, 9) });
    return plain(
      ops,
      pauses.map((ms) => effect('gc', allOf(ops), [ms, ms + SECOND], { scaleFrom: between(random, 3, 10) })),
    );
  },

  cold: (random) => {
    const ops = several(random, few(random), () => ({}));
    const warming = effect('cold start', allOf(ops), [0, between(random, 2, 4) * MINUTE], {
      scaleFrom: between(random, 2, 4),
      scaleTo: 1,
    });
    const deploys = timesBetween(random, { fromMs: LEARN, toMs: LEARN + TEST, perHour: 1.5 });
    return plain(ops, [warming, ...deploys.map((ms) => deploy(random, allOf(ops), ms))]);
  },

  blips: (random) => {
    const ops = several(random, few(random), () => ({ ratePerS: logBetween(random, 1, 20) }));
    return plain(ops, blips(random, ops, LEARN + TEST, 5));
  },

  low: (random) => {
    const ops = several(random, few(random), () => ({ ratePerS: logBetween(random, 1 / 30, 0.5) }));
    return { ...plain(ops), learnMs: 4 * HOUR, testMs: 6 * HOUR, quietMs: 30 * MINUTE };
  },

  poisoned: (random) => {
    const ops = several(random, few(random), () => ({}));
    return plain(ops, poison(random, allOf(ops)));
  },

  noisy: (random) =>
    plain(several(random, few(random), () => ({ tau: between(random, 0.1, 0.2), rho: between(random, 0, 0.8) }))),

  batches: (random) =>
    plain(
      several(random, few(random), () => ({
        ratePerS: logBetween(random, 1, 20),
        arrivals: {
          batch: between(random, 2, 8),
          batchSd: chance(random, 0.5) ? 0 : between(random, 0.1, 0.25),
          burstiness: chance(random, 0.5) ? 0 : between(random, 1.5, 4),
          isRegular: false,
        },
      })),
    ),

  traffic: (random) => {
    const ops = several(random, few(random), () => ({ ratePerS: logBetween(random, 1, 20) }));
    const { harmless, faster } = trafficChanges(random, ops);
    return { ...plain(ops, harmless), steady: faster };
  },

  errors: (random) =>
    plain(
      several(random, few(random), () => ({
        errorRatio: chance(random, 0.3) ? between(random, 0.0002, 0.002) : between(random, 0.002, 0.02),
        errorRun: chance(random, 0.5) ? 1 : between(random, 2, 5),
      })),
    ),

  family: (random) => {
    const [callee, other] = several(random, 2, () => ({ ratePerS: logBetween(random, 1, 12) })) as [
      Operation,
      Operation,
    ];
    const caller = { ...other, ratePerS: callee.ratePerS * between(random, 0.4, 1), shape: anyShape(random) };
    return { ...plain([caller, callee, other]), isFamily: true, hasTicks: true };
  },

  single: (random) => ({ ...plain(several(random, 1, () => ({ arrivals: arrivalsOfOne(random) }))), hasTicks: true }),

  fast: (random) => ({
    ...plain(several(random, 1 + pick(random, 2), () => ({ ratePerS: logBetween(random, 20, 80) }))),
    testMs: 60 * MINUTE,
    quietMs: 8 * MINUTE,
  }),

  mixed: (random) => {
    const ops = several(random, 3, () => ({
      tau: between(random, 0.04, 0.15),
      driftPerHour: between(random, -0.03, 0.03),
      errorRatio: between(random, 0, 0.015),
      errorRun: chance(random, 0.5) ? 1 : 3,
      ratePerS: logBetween(random, 1, 12),
    }));
    const pauses = timesBetween(random, { fromMs: 0, toMs: LEARN + TEST, perHour: 3 });
    return plain(ops, [
      ...poison(random, allOf(ops)).slice(0, 2),
      ...blips(random, ops, LEARN + TEST, 3),
      ...pauses.map((ms) => effect('gc', allOf(ops), [ms, ms + SECOND], { scaleFrom: between(random, 3, 8) })),
    ]);
  },

  quiet: (random) => {
    // Most operations of a fleet are called seldom; a few are not.
    const ops = several(random, 12, () => ({
      ratePerS: chance(random, 0.9) ? logBetween(random, 0.1, 0.8) : logBetween(random, 0.8, 4),
      tau: between(random, 0.01, 0.05),
    }));
    return { ...plain(ops), learnMs: 90 * MINUTE, testMs: DAY, hasNoCauses: true };
  },

  intermittent: (random) => {
    // A service, a job that runs every few minutes, and an operation that a later version brings.
    const ops = several(random, 3, () => ({ ratePerS: logBetween(random, 2, 15) }));
    const bornMs = LEARN + Math.round(between(random, 20, 90) * MINUTE);
    const unborn = effect('not there yet', [2], [0, bornMs], { rateFrom: 0 });
    return { ...plain(ops, [...jobPauses(random, 1), unborn]), untouched: [1, 2] };
  },
};

function arrivalsOfOne(random: Random): Operation['arrivals'] {
  return { batch: 1, batchSd: 0, burstiness: 0, isRegular: chance(random, 0.3) };
}

function alternating(random: Random, op: number, scale: number): Effect[] {
  const effects: Effect[] = [];
  const endMs = 70 * MINUTE + TEST;
  for (let ms = between(random, 0, 5) * MINUTE; ms < endMs; ms += between(random, 2, 8) * MINUTE) {
    const toMs = ms + between(random, 2, 8) * MINUTE;
    effects.push(effect('level', [op], [Math.round(ms), Math.round(toMs)], { scaleFrom: scale }));
    ms = toMs;
  }
  return effects;
}

/** The time between runs of a job that takes a part of each period; runs are as punctual as schedulers are. */
function jobPauses(random: Random, op: number): Effect[] {
  const periodMs = between(random, 3, 8) * MINUTE;
  const runMs = periodMs * between(random, 0.1, 0.3);
  const count = Math.floor((LEARN + TEST) / periodMs);
  return Array.from({ length: count }, (_, i) => {
    const startMs = i * periodMs + between(random, 0, 2) * SECOND;
    const fromMs = Math.round(startMs + runMs * between(random, 0.9, 1.1));
    return effect('job rests', [op], [fromMs, Math.round((i + 1) * periodMs)], { rateFrom: 0 });
  });
}

/** Some instances are new and slow at first; they are warm within a quarter of a minute. */
function deploy(random: Random, ops: readonly number[], ms: number): Effect {
  return effect('deploy', ops, [ms, ms + between(random, 8, 15) * SECOND], {
    scaleFrom: between(random, 2, 3),
    scaleTo: 1,
    share: between(random, 0.3, 0.5),
  });
}

function blips(random: Random, ops: readonly Operation[], toMs: number, perHour: number): Effect[] {
  return ops.flatMap((_, i) =>
    timesBetween(random, { fromMs: 0, toMs, perHour }).map((ms) => {
      const endMs = ms + Math.round(between(random, 1, 5) * SECOND);
      return chance(random, 0.7)
        ? effect('blip', [i], [ms, endMs], { scaleFrom: logBetween(random, 3, 10) })
        : effect('blip of errors', [i], [ms, Math.min(endMs, ms + 3 * SECOND)], { errorRatio: 0.5 });
    }),
  );
}

/** What should not be learned: an incident, failures, outliers. */
function poison(random: Random, ops: readonly number[]): Effect[] {
  const startMs = Math.round(between(random, 8, 30) * MINUTE);
  const endMs = Math.round(startMs + between(random, 3, 5) * MINUTE);
  const incident = effect('incident in learning', ops, [startMs, endMs], { scaleFrom: logBetween(random, 3, 10) });
  const failing = effect('errors in learning', ops, [startMs, endMs], { errorRatio: 0.3 });
  const outliers = effect('outliers in learning', ops, [0, LEARN], {
    scaleFrom: 30,
    share: between(random, 0.002, 0.01),
  });
  const roll = random();
  if (roll < 0.4) return [incident];
  if (roll < 0.7) return [incident, failing];
  return [outliers];
}

function trafficChanges(random: Random, ops: readonly Operation[]): { harmless: Effect[]; faster: number[] } {
  const endMs = LEARN + TEST;
  const harmless: Effect[] = [];
  const faster: number[] = [];
  for (const i of allOf(ops)) {
    const ms = Math.round(LEARN + between(random, 10, 100) * MINUTE);
    const slopeMs = ms + Math.round((chance(random, 0.5) ? 1 : between(random, 60, 600)) * SECOND);
    const rate = chance(random, 0.5) ? 2 : 1 / 3;
    harmless.push(
      effect('rate changes', [i], [ms, slopeMs], { rateTo: rate }),
      effect('rate changed', [i], [slopeMs, endMs], { rateFrom: rate }),
    );
    for (const at of timesBetween(random, { fromMs: 0, toMs: endMs, perHour: 1 }))
      harmless.push(effect('burst', [i], [at, at + between(random, 5, 20) * SECOND], { rateFrom: 5 }));
    if (chance(random, 0.4)) {
      faster.push(i);
      const fromMs = Math.round(LEARN + between(random, 10, 100) * MINUTE);
      harmless.push(effect('faster for good', [i], [fromMs, endMs], { scaleFrom: between(random, 0.55, 0.85) }));
    }
  }
  return { harmless, faster };
}
