// A program that plays streams, one after the other, each in a time of its own, and scores what was said of them.
import { type SeedSet, specOf } from '../baselines/generate.ts';
import { scoreStream, type StreamScore } from '../baselines/score.ts';
import { truthOf } from '../baselines/truth.ts';
import { serve } from '../peers/child.ts';
import { play } from './play.ts';
import type { Layout } from './programs.ts';

/** Which stream, and whose calls its are. */
export interface Wanted {
  readonly set: SeedSet;
  readonly kind: string;
  readonly n: number;
  readonly layout: Layout;
}

/** What was said by scan that was told until when to learn, by scan that was not, and live, scored. */
export interface Scored {
  readonly told: StreamScore;
  readonly scan: StreamScore;
  readonly live: StreamScore;
  readonly spans: { readonly counted: number; readonly late: number };
}

export type PlayerMethods = { play(wanted: Wanted): Promise<Scored> };

/** Streams that count from zero are sent at a time of today: a whole number of days, so that their seconds and seasons stay. */
const TODAY_MS = 20_600 * 86_400_000;

serve({
  play: async ({ set, kind, n, layout }: Wanted): Promise<Scored> => {
    const given = specOf(set, kind, n);
    const spec = given.baseMs === 0 ? { ...given, baseMs: TODAY_MS } : given;
    const truth = truthOf(spec);
    const { told, scan, live, spans } = await play(spec, layout);
    return {
      told: scoreStream(truth, told),
      scan: scoreStream(truth, scan),
      live: scoreStream(truth, live),
      spans,
    };
  },
});
