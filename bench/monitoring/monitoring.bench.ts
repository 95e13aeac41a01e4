// Adaptive intervals against the same set read and pushed each second: points, CPU time, errors, and whether the stated
// error is true. Both run in turns within each second, so that they see the same machine.
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { resourceOf } from '../../collector/src/model/data-point.ts';
import { monitoringConfig } from '../../collector/src/monitoring/config.ts';
import { bounded } from '../bounds.ts';
import { type Figure, summary } from '../figure.ts';
import { startChild } from '../peers/child.ts';
import { adaptiveArm, type Arm, fixedArm } from './arms.ts';
import type { LoadMethods } from './load.ts';
import { bestFixed, coverage, errors, offOf, type Recorded, replay } from './replay.ts';
import type { SinkMethods } from './sink.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
/** Idle and loaded in turns; ten minutes in all. */
const PHASES = IS_QUICK ? 2 : 4;
const PHASE_S = IS_QUICK ? 60 : 150;
const SECOND_MS = 1000;

/** design.md, section 7, and issue 5. */
const BOUNDS = { saved: 0.96, cpuSaved: 0.8, ratio: 0.5, covered: 0.97, series: 5 };

type Growing = Pick<Recorded, 'name' | 'spec' | 'isDear'> & Record<'times' | 'values' | 'sentinels', number[]>;

export async function run(): Promise<Figure[]> {
  const sink = startChild<SinkMethods>(`${import.meta.dirname}/sink.ts`);
  const load = startChild<LoadMethods>(`${import.meta.dirname}/load.ts`);
  const url = await sink.call('listen', undefined);
  const resource = resourceOf([['service.name', 'bench']]);
  const series = new Map<number, Growing>();
  const fixed = fixedArm(url, resource, (timeMs, row, { spec, attributes }, value, sentinel) => {
    let own = series.get(row);
    if (own === undefined) {
      const name = `${spec.name} ${attributes.map(([, each]) => String(each)).join(' ')}`.trim();
      series.set(row, (own = { name, spec, isDear: spec.isDear === true, times: [], values: [], sentinels: [] }));
    }
    own.times.push(timeMs);
    own.values.push(value);
    // Connections have one.
    own.sentinels.push(spec.name.includes('connection') ? sentinel : NaN);
  });
  const adaptive = adaptiveArm(url, resource);
  await adaptive.start();
  await fixed.start();
  const cpu = { adaptive: 0, fixed: 0 };
  for (let phase = 0; phase < PHASES; phase++) {
    const loaded = phase % 2 === 1 ? load.call('run', { seconds: PHASE_S, seed: phase }) : undefined;
    await inTurns(adaptive, fixed, cpu);
    await loaded;
  }
  await adaptive.stop();
  await fixed.stop();
  load.stop();
  sink.stop();
  const records = [...series.values()];
  if (process.env['BENCH_RECORD'] !== undefined) writeFileSync(process.env['BENCH_RECORD'], JSON.stringify(records));
  return [...armFigures(adaptive, fixed, cpu), ...errorFigures(records)];
}

/** One phase: a slot of each arm in every second. */
async function inTurns(adaptive: Arm, fixed: Arm, cpu: { adaptive: number; fixed: number }): Promise<void> {
  const beganMs = performance.now();
  for (let second = 0; second < PHASE_S; second++) {
    await wait(Math.max(0, beganMs + second * SECOND_MS - performance.now()));
    cpu.adaptive += await cpuOf(() => adaptive.tick());
    await wait(Math.max(0, beganMs + (second + 0.5) * SECOND_MS - performance.now()));
    cpu.fixed += await cpuOf(() => fixed.tick());
  }
}

/** CPU seconds of this process, all threads, while a task runs alone. */
async function cpuOf(task: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function armFigures(adaptive: Arm, fixed: Arm, cpu: { adaptive: number; fixed: number }): Figure[] {
  const seconds = PHASES * PHASE_S;
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, spread: 0, unit });
  return [
    figure('points pushed, adaptive', adaptive.points, '{point}'),
    figure('points pushed, each 1 s', fixed.points, '{point}'),
    bounded(figure('points saved', 1 - adaptive.points / fixed.points, '1'), { atLeast: BOUNDS.saved }),
    figure('CPU, adaptive', (cpu.adaptive / seconds) * 1000, 'ms/s'),
    figure('CPU, each 1 s', (cpu.fixed / seconds) * 1000, 'ms/s'),
    bounded(figure('CPU saved', 1 - cpu.adaptive / cpu.fixed, '1'), { atLeast: BOUNDS.cpuSaved }),
  ];
}

/** Of the series that needed more than heartbeats, and of all that their statements hold. */
function errorFigures(records: readonly Recorded[]): Figure[] {
  const config = monitoringConfig.parse(undefined);
  const whole = records.filter(({ times }) => times.length > (PHASES * PHASE_S) / 2);
  const results = whole.map((recorded) => {
    const replayed = replay(recorded, config);
    const { points, beats } = replayed;
    const own = offOf(errors(recorded, points));
    const best = bestFixed(recorded, points.length);
    return {
      recorded,
      moved: points.length - beats,
      beats,
      p99: ratioOf(own.p99, best.p99),
      max: ratioOf(own.max, best.max),
      covered: coverage(recorded, replayed),
      // What a statement is worth: one that is always true because it is wide is worth nothing.
      looseness: (replayed.stated.at(-1) ?? NaN) / own.p99,
    };
  });
  // All of them, whatever comes out, but those the interval steers: most of their seconds are not read, by design.
  const moving = results.filter(({ recorded, moved, beats }) => !recorded.isDear && moved >= beats);
  if (process.env['BENCH_SERIES'] !== undefined)
    for (const each of results)
      if (each.moved > 0)
        console.error(
          [
            each.recorded.name,
            each.moved,
            each.beats,
            each.p99.toFixed(2),
            each.max.toFixed(2),
            each.covered.toFixed(3),
          ].join(' | '),
        );
  const covered = results.map((each) => each.covered);
  const worst = Math.max(...moving.map(({ max }) => max));
  const plain = (name: string, value: number, unit: string): Figure => ({ name, value, spread: 0, unit });
  const ratio = { atMost: BOUNDS.ratio };
  const median = { name: 'p99 error against the best fixed interval, median', unit: '1' };
  return [
    bounded(plain('series that need more than heartbeats', moving.length, '{series}'), { atLeast: BOUNDS.series }),
    bounded({ ...median, ...summary(moving.map(({ p99 }) => p99)) }, ratio),
    bounded(plain('largest error against the best fixed interval, worst series', worst, '1'), ratio),
    plain('series of which it is above half', moving.filter(({ max }) => max > BOUNDS.ratio).length, '{series}'),
    plain('stated error against p99 of errors, median', summary(moving.map((each) => each.looseness)).value, '1'),
    plain('seconds held out that are within the stated error, median', summary(covered).value, '1'),
    bounded(plain('seconds held out that are within the stated error, worst series', Math.min(...covered), '1'), {
      atLeast: BOUNDS.covered,
    }),
  ];
}

/** Nothing is never worse. */
function ratioOf(own: number, best: number): number {
  return own === 0 ? 0 : own / best;
}
