// Plans what goes wrong in a stream: one cause after the other, with quiet between them.
import { oneOf, type Random } from '../../tests/support/random.ts';
import { between, chance, logBetween, MINUTE } from './chance.ts';
import { type Cause, type Effect, effect, type Operation, type RegressionKind } from './stream.ts';

export interface CausePlan {
  readonly ops: readonly Operation[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Quiet between two causes, at least; half of it more at most, and again. */
  readonly quietMs: number;
  /** Whether a cause hits the first two operations, a caller and whom it calls. */
  readonly isFamily: boolean;
  /** Operations whose durations stay as they are, since it is open what they should be held against. */
  readonly steady: readonly number[];
  /** Operations that nothing is done to. */
  readonly untouched: readonly number[];
}

const WEIGHTS: readonly (readonly [RegressionKind, number])[] = [
  ['scale', 0.42],
  ['tail', 0.12],
  ['errors', 0.18],
  ['stop', 0.1],
  ['hang', 0.08],
  ['ramp', 0.1],
];

/** Causes that do not overlap, each over before `toMs` with quiet after it. */
export function planCauses(random: Random, plan: CausePlan): Cause[] {
  const causes: Cause[] = [];
  let ms = plan.fromMs + plan.quietMs * between(random, 0.3, 1);
  for (;;) {
    const onsetMs = Math.round(ms);
    const lastsMs = between(random, 3, 15) * MINUTE;
    const cause = planCause(random, plan, onsetMs, lastsMs);
    if (cause.recoveryMs + plan.quietMs / 2 > plan.toMs) return causes;
    causes.push(cause);
    ms = cause.recoveryMs + plan.quietMs * between(random, 1, 1.75);
  }
}

function planCause(
  random: Random,
  { ops, isFamily, steady, untouched }: CausePlan,
  onsetMs: number,
  lastsMs: number,
): Cause {
  const open = ops.map((_, i) => i).filter((i) => !untouched.includes(i));
  const first = isFamily ? 1 : oneOf(random, open);
  const op = ops[first] as Operation;
  const kind = chooseKind(random, op, steady.includes(first));
  const hit: readonly (readonly [number, number])[] = isFamily
    ? [
        [1, 1],
        [0, between(random, 0.5, 0.85)],
      ]
    : [[first, 1]];
  const recoveryMs = Math.round(onsetMs + lastsMs);
  const make = EFFECTS[kind](random, op, lastsMs);
  return {
    kind,
    onsetMs,
    recoveryMs,
    effects: hit.flatMap(([index, part]) => make(onsetMs, recoveryMs, part).map((each) => ({ ...each, ops: [index] }))),
  };
}

function chooseKind(random: Random, { shape, ratePerS }: Operation, isSteady: boolean): RegressionKind {
  if (shape.isCache && !isSteady && chance(random, 0.35)) return 'cache';
  // A rare operation seldom lacks calls for long enough to tell.
  const choices = WEIGHTS.filter(([kind]) => !(isSteady && ['scale', 'tail', 'ramp'].includes(kind))).filter(
    ([kind]) => !(ratePerS < 0.1 && ['stop', 'hang'].includes(kind)),
  );
  let left = random() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of choices) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'errors';
}

/** Effects of a cause from onset to recovery; `part` is how much of it an operation feels, 0..1. */
type Make = (onsetMs: number, recoveryMs: number, part: number) => Effect[];

const weaker = (scale: number, part: number): number => 1 + (scale - 1) * part;

const EFFECTS: Readonly<Record<RegressionKind, (random: Random, op: Operation, lastsMs: number) => Make>> = {
  scale: (random) => {
    const scale = chance(random, 0.85) ? logBetween(random, 1.2, 6) : logBetween(random, 10, 25);
    return (from, to, part) => [effect('scale', [], [from, to], { scaleFrom: weaker(scale, part) })];
  },
  tail: (random) => {
    const share = between(random, 0.02, 0.08);
    const scale = logBetween(random, 5, 15);
    return (from, to, part) => [effect('tail', [], [from, to], { scaleFrom: scale, share: share * part })];
  },
  cache: (random, { shape }) => {
    const before = shape.components[1]?.weight ?? 0;
    const missRatio = before + (1 - before) * between(random, 0.2, 0.9);
    return (from, to) => [effect('cache', [], [from, to], { missRatio })];
  },
  errors: (random, { errorRatio }) => {
    const ratio = oneOf(
      random,
      [0.02, 0.05, 0.2, 1].filter((each) => each > 3 * errorRatio),
    );
    return (from, to, part) => [effect('errors', [], [from, to], { errorRatio: ratio * part })];
  },
  stop: () => (from, to) => [effect('stop', [], [from, to], { rateFrom: 0 })],
  hang: () => (from, to) => [effect('hang', [], [from, to], { hangs: true })],
  ramp: (random, _, lastsMs) => {
    const growsMs = Math.min(between(random, 3, 10) * MINUTE, lastsMs * 0.75);
    const scale = between(random, 2, 4);
    return (from, to, part) => {
      const top = weaker(scale, part);
      const topMs = Math.round(from + growsMs);
      return [
        effect('ramp', [], [from, topMs], { scaleFrom: 1, scaleTo: top }),
        effect('ramp', [], [topMs, to], { scaleFrom: top }),
      ];
    };
  },
};
