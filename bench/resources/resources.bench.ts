// What watching resources takes and tells: how often a host on which nothing is wrong is said to have left its normal, how
// much of what does leave it is found, and the memory and time of a series.
import type { Change } from '../../collector/src/baseline/contract.ts';
import { resourceConfig } from '../../collector/src/resource/config.ts';
import { LEAST_STEPS } from '../../collector/src/resource/rule.ts';
import { Series, type SeriesOptions } from '../../collector/src/resource/series.ts';
import { dataPoint } from '../../tests/support/data-points.ts';
import { bounded } from '../bounds.ts';
import { cpuSeconds, type Figure } from '../figure.ts';
import { readCorpus } from '../nab/corpus.ts';
import { quietHost, type QuietSeries, STEP_MS } from './quiet-host.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const HOSTS = IS_QUICK ? 1 : 4;
/** Seeds from here on; thresholds were chosen on those from 1 to 6. */
const FIRST_SEED = 101;
const DAY = 1440;
const DAYS = IS_QUICK ? 7 : 28;
/** A Monday. */
const START_MS = Date.UTC(2026, 0, 5);
const LEARN_DAYS = resourceConfig.parse(undefined).learn_for / (DAY * STEP_MS);
/** Violations that began so near each other are told of as one. */
const SAME_ONSET_MS = 60_000;
/** As most of what others have recorded. */
const RECORDED_STEP_MS = 300_000;
/** What becomes this many times as much for two hours. */
const FACTORS = [2, 3, 5] as const;
const LASTS = 120;
/** After a release, whatever is said is of it for so long. */
const OF_RELEASE = 180;

/** The brief of the room: a host of sixty series is to be called in at most about once a week. */
const BOUNDS = { falsePerSeriesDay: 0.01, alertsPerHostWeek: 1, bytes: 24 * 1024, microseconds: 40 };

const OPTIONS: SeriesOptions = {
  stepMs: STEP_MS,
  holdMs: 150_000,
  learnSteps: LEARN_DAYS * DAY,
  saturation: { warning: 0.8, critical: 0.95, sustainedMs: 60_000, busySustainedMs: 900_000 },
};

export async function run(): Promise<Figure[]> {
  const quiet = falseAlarms(false);
  const released = falseAlarms(true);
  return [
    bounded(plain('false violations a series-day on quiet hosts', quiet.violations / quiet.seriesDays, '1/d'), {
      atMost: BOUNDS.falsePerSeriesDay,
    }),
    bounded(plain('alerts a host-week on quiet hosts', quiet.alerts / quiet.hostWeeks, '1/wk'), {
      atMost: BOUNDS.alertsPerHostWeek,
    }),
    plain('false violations in all', quiet.violations, '1'),
    plain('of them worse than info', quiet.worse, '1'),
    plain('quiet series-days', quiet.seriesDays, 'd'),
    plain('false violations with releases', released.violations, '1'),
    plain('releases', released.releases, '1'),
    plain('violations of a release', released.ofReleases / Math.max(1, released.releases), '1'),
    ...FACTORS.map((factor) => plain(`said of what is ${factor} times as much for two hours`, recall(factor), '1')),
    ...recorded(),
    ...costs(),
  ];
}

/**
 * What is said of series that others have recorded, outside of what they call out of order: machines and traffic of the
 * Numenta benchmark (bench/nab), where NAB_DIR names it. They are of days, so nothing is learned before the first.
 */
function recorded(): Figure[] {
  const directory = process.env['NAB_DIR'];
  if (directory === undefined) return [];
  let [violations, days] = [0, 0];
  for (const { name, times, timesMs, values, windows } of readCorpus(directory)) {
    if (!/^real(AWS|Known|Traffic)/.test(name)) continue;
    const options = { ...OPTIONS, stepMs: RECORDED_STEP_MS, learnSteps: DAY / 5 };
    const series = seriesOf({ name, leastChange: 0 }, undefined, options);
    let isOpen = false;
    values.forEach((value, i) => {
      const time = times[i] ?? '';
      for (const { severity } of series.take(pointOf(value, 0, timesMs[i]), '', timesMs[i] ?? 0)) {
        const isIn = windows.some(([from, to]) => time >= from && time <= to);
        if (severity !== 'none' && !isOpen && !isIn) violations++;
        isOpen = severity !== 'none';
      }
    });
    days += ((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)) / (DAY * STEP_MS) - 1;
  }
  return [
    plain('recorded series-days (NAB)', days, 'd'),
    plain('violations a recorded series-day outside of its windows', violations / days, '1/d'),
  ];
}

interface Counted {
  violations: number;
  alerts: number;
  worse: number;
  ofReleases: number;
  releases: number;
  seriesDays: number;
  hostWeeks: number;
}

function falseAlarms(releases: boolean): Counted {
  const counted = { violations: 0, alerts: 0, worse: 0, ofReleases: 0, releases: 0, seriesDays: 0, hostWeeks: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HOSTS; seed++) {
    const { series, changes } = quietHost(seed, DAYS * DAY, releases);
    const all = series.flatMap((each) => said(each, DAYS * DAY, () => 1));
    const isOfRelease = ({ timeMs }: Change): boolean =>
      changes.some((at) => timeMs >= timeOf(at) && timeMs < timeOf(at + OF_RELEASE));
    const wrong = all.filter((each) => !isOfRelease(each)).sort((a, b) => a.onsetMs - b.onsetMs);
    counted.violations += wrong.length;
    counted.worse += wrong.filter(({ severity }) => severity !== 'info').length;
    counted.alerts += wrong.filter(({ onsetMs }, i) => onsetMs - (wrong[i - 1]?.onsetMs ?? 0) > SAME_ONSET_MS).length;
    counted.ofReleases += all.length - wrong.length;
    counted.releases += changes.length;
    counted.seriesDays += series.length * (DAYS - LEARN_DAYS);
    counted.hostWeeks += (DAYS - LEARN_DAYS) / 7;
  }
  return counted;
}

/** Share of series that are told of, of those in which so much more is above what they call no change. */
function recall(factor: number): number {
  const minutes = 10 * DAY;
  let [found, all] = [0, 0];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + Math.ceil(HOSTS / 3); seed++)
    quietHost(seed, minutes, false).series.forEach((each, i) => {
      // At any time of day.
      const at = 8 * DAY + ((i * 197) % DAY);
      const isIn = (minute: number): boolean => minute >= at && minute < at + LASTS;
      let added = 0;
      const counted: QuietSeries = {
        ...each,
        next(minute) {
          const value = each.next(minute);
          if (isIn(minute)) added += (value * (factor - 1)) / LASTS;
          return value;
        },
      };
      const changes = said(counted, minutes, (minute) => (isIn(minute) ? factor : 1));
      if (added < each.leastChange) return;
      all++;
      if (changes.some(({ timeMs }) => timeMs >= timeOf(at) && timeMs <= timeOf(at + LASTS))) found++;
    });
  return found / all;
}

/** What was begun to be said of a series. */
function said(of: QuietSeries, minutes: number, factorAt: (minute: number) => number): Change[] {
  const series = seriesOf(of);
  const begun: Change[] = [];
  let isOpen = false;
  for (let minute = 0; minute < minutes; minute++)
    for (const change of series.take(pointOf(of.next(minute) * factorAt(minute), minute), '', timeOf(minute))) {
      if (change.severity !== 'none' && !isOpen) begun.push(change);
      isOpen = change.severity !== 'none';
    }
  return begun;
}

function costs(): Figure[] {
  const count = IS_QUICK ? 100 : 500;
  const steps = 2000;
  const sources = quietHost(1, steps, false).series;
  const before = heldBytes();
  const watched = Array.from({ length: count }, (_, i) => {
    const source = sources[i % sources.length];
    return source === undefined ? undefined : { source, series: seriesOf(source, 1e15) };
  }).filter((each) => each !== undefined);
  const values = sources.map((source) => Float64Array.from({ length: steps }, (_, minute) => source.next(minute)));
  const points = values.reduce((sum, each) => sum + each.byteLength, 0);
  const seconds = cpuSeconds(() => {
    for (let minute = 0; minute < steps; minute++)
      watched.forEach(({ series }, i) => {
        const value = values[i % sources.length]?.[minute] ?? 0;
        series.take(pointOf(value, minute), '', timeOf(minute));
      });
  });
  const bytes = (heldBytes() - before - points) / count;
  if (watched.some(({ series }) => series.now === undefined)) throw new Error('a series was not judged');
  return [
    bounded(plain('memory of a series with a limit', bytes, 'By'), { atMost: BOUNDS.bytes }),
    bounded(plain('CPU time of a step', (seconds / steps / count) * 1e6, 'µs'), { atMost: BOUNDS.microseconds }),
  ];
}

function seriesOf(
  { name, leastChange, isBursty }: Omit<QuietSeries, 'next'>,
  limit?: number,
  options = OPTIONS,
): Series {
  const identity = { subject: { key: name, name, attributes: {} }, metric: name, unit: '' };
  const rule = {
    quantity: 'value',
    direction: 'up',
    leastChange,
    leastSteps: isBursty === true ? 2 * LEAST_STEPS : LEAST_STEPS,
    isBusyness: false,
    ...(limit === undefined ? {} : { limit: { value: limit } }),
  } as const;
  return new Series(identity, rule, options, START_MS);
}

const TEMPLATE = dataPoint({ kind: 'gauge' });

function pointOf(value: number, minute: number, timeMs = timeOf(minute)): typeof TEMPLATE {
  return { ...TEMPLATE, timeMs, value: { type: 'number', value, isInteger: false } };
}

function timeOf(minute: number): number {
  return START_MS + minute * STEP_MS;
}

function heldBytes(): number {
  global.gc?.();
  global.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function plain(name: string, value: number, unit: string): Figure {
  return { name, value, spread: 0, unit };
}
