// Which streams: --seeds tuning|exam, --kinds a,b, --count N of each kind.
import { countOf, KIND_NAMES, SEED_SETS, type SeedSet, specOf } from './generate.ts';
import type { StreamSpec } from './stream.ts';

export interface Choice {
  readonly seeds?: string | undefined;
  readonly kinds?: string | undefined;
  readonly count?: string | undefined;
}

/** The streams that are asked for. Without a count those of the exam, of the tuning seeds fewer. @throws on an unknown name */
export function chosenSpecs({ seeds = 'tuning', kinds, count }: Choice): StreamSpec[] {
  if (!Object.hasOwn(SEED_SETS, seeds))
    throw new Error(`no seeds ${seeds}; there are ${Object.keys(SEED_SETS).join()}`);
  const set = seeds as SeedSet;
  return (kinds?.split(',') ?? KIND_NAMES).flatMap((kind) =>
    Array.from({ length: count === undefined ? usualCount(set, kind) : Number(count) }, (_, n) => specOf(set, kind, n)),
  );
}

/** Tuning reads every stream again and again; the fifth of a kind is sound. */
const FOR_TUNING = 5;

function usualCount(set: SeedSet, kind: string): number {
  return set === 'exam' ? countOf(kind) : Math.min(FOR_TUNING, countOf(kind));
}
