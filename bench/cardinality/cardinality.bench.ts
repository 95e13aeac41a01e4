// A million values of one attribute through the limit stage: memory, disk and time it takes, and whether totals are exact.
import { bounded } from '../bounds.ts';
import type { Figure } from '../figure.ts';
import { startChild } from '../peers/child.ts';
import type { FloodMethods, Outcome } from './flood.ts';
import { SHAPES } from './shapes.ts';

const STREAMS = process.env['BENCH_QUICK'] === '1' ? 50_000 : 1_000_000;
const MIB = 1024 * 1024;
/** Issue 5, done when. */
const GROWTH_MIB = 64;
/** A window of the limiter's own counts. */
const FIRST_WINDOW_S = 60;
/** The most of a metric, by default, with what Evenkeel adds for gauges. */
const MAX_EXPOSED = 1100;

export async function run(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of Object.keys(SHAPES)) {
    const child = startChild<FloodMethods>(`${import.meta.dirname}/flood.ts`);
    const outcome = await child.call('run', { name, streams: STREAMS });
    child.stop();
    // A shape takes minutes; who waits sees that it goes on.
    console.error(`${name}: ${JSON.stringify(outcome)}`);
    figures.push(...figuresOf(name, outcome));
  }
  return figures;
}

function figuresOf(name: string, outcome: Outcome): Figure[] {
  const figure = (what: string, value: number, unit: string): Figure => ({
    name: `${name}: ${what}`,
    value,
    unit,
    spread: 0,
  });
  const holds = (what: string, isSo: boolean): Figure => bounded(figure(what, isSo ? 1 : 0, ''), { atLeast: 1 });
  return [
    bounded(figure('resident memory it adds', outcome.growthBytes / MIB, 'MiB'), { atMost: GROWTH_MIB }),
    figure('last values in memory', outcome.memoryBytes / MIB, 'MiB'),
    figure('disk a stream', outcome.diskBytes / STREAMS, 'By'),
    figure('CPU a point', outcome.microseconds, 'us'),
    bounded(figure('series exposed', outcome.exposedSeries, '{series}'), { atMost: MAX_EXPOSED }),
    holds('what is exposed is what was sent', outcome.isExact),
    bounded(figure('until the attribute is named', outcome.namedAfterMs / 1000, 's'), { atMost: FIRST_WINDOW_S }),
    holds('the log names it', outcome.isLogged),
    holds('the metric beside it passes as it came', outcome.isSteadyUntouched),
    holds('its places are free after the TTL', outcome.isBudgetBack),
  ];
}
