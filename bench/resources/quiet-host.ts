// A host on which nothing is wrong, by the minute: what its sixty series do over weeks of noise, days, nights and weekends,
// bursts, backups, collections and restarts; and, where asked for, releases that move levels for good, each with its time.
import { type Random, seeded } from '../../tests/support/random.ts';

export const STEP_MS = 60_000;
const DAY = 1440;

/** One series, minute by minute. */
export interface QuietSeries {
  readonly name: string;
  /** What is no change worth a word, as the rooms' defaults have it for such a metric. */
  readonly leastChange: number;
  /** Whether it comes in bursts, as the rooms' defaults have it. */
  readonly isBursty?: boolean;
  /** @param minute from 0, in order */
  next(minute: number): number;
}

export interface QuietHost {
  readonly series: readonly QuietSeries[];
  /** Minutes at which a level was moved for good. */
  readonly changes: readonly number[];
}

/** @param releases whether there are any: one in about ten days, of which a third of the series move */
export function quietHost(seed: number, minutes: number, releases: boolean): QuietHost {
  const random = seeded(seed);
  const load = loadOf(random, minutes);
  const changes: number[] = [];
  if (releases)
    for (let at = 3 * DAY; (at += -Math.log(1 - random()) * 10 * DAY) < minutes;) changes.push(Math.floor(at));
  const restarts = [...changes];
  for (let at = 0; (at += -Math.log(1 - random()) * 4 * DAY) < minutes;) restarts.push(Math.floor(at));
  const series = KINDS.flatMap(([count, make]) =>
    Array.from({ length: count }, () => {
      const own = seeded(Math.floor(random() * 2 ** 32));
      const plain = make(own, load, new Set(restarts));
      const moves = new Map(changes.map((at) => [at, own() < 1 / 3 ? Math.exp(0.5 * normal(own)) : 1]));
      return moved(plain, moves);
    }),
  );
  return { series, changes };
}

/** Load of the host as a share of its usual peak: by the hour of the day, less at weekends, and what people do. */
function loadOf(random: Random, minutes: number): Float64Array {
  const load = new Float64Array(minutes);
  const noon = 12 + 3 * random();
  const depth = 0.9 * random();
  const weekend = 0.3 + 0.7 * random();
  let [wander, burst, left] = [0, 0, 0];
  for (let i = 0; i < minutes; i++) {
    const hour = (i / 60) % 24;
    const day = 1 - depth * (0.5 - 0.5 * Math.cos(((hour - noon) / 12) * Math.PI));
    const isWeekend = Math.floor(i / DAY) % 7 >= 5;
    wander = 0.97 * wander + 0.03 * normal(random);
    // Four bursts a day, of two minutes to an hour or so, up to some times the load.
    if (left <= 0 && random() < 4 / DAY)
      [burst, left] = [0.2 - 0.4 * Math.log(1 - random()), 2 - 15 * Math.log(1 - random())];
    load[i] = day * (isWeekend ? weekend : 1) * Math.exp(wander) + (left-- > 0 ? burst : 0);
  }
  return load;
}

type Make = (random: Random, load: Float64Array, restarts: ReadonlySet<number>) => QuietSeries;

const cpu: Make = (random, load) => {
  const share = 0.05 + 0.4 * random();
  return {
    name: 'cpu',
    leastChange: 0.1,
    next: (minute) =>
      Math.min(1, 0.01 + share * (load[minute] ?? 0) * Math.exp(0.15 * normal(random)) + cron(minute, random)),
  };
};

/** What runs at ten past three, not always as long. */
function cron(minute: number, random: Random): number {
  const of = minute % DAY;
  return of >= 190 && of < 190 + 10 + 20 * random() ? 0.15 : 0;
}

const traffic: Make = (random, load) => {
  const scale = Math.exp(10 + 4 * random());
  return {
    name: 'network',
    leastChange: 1.25e6,
    isBursty: true,
    next: (minute) =>
      scale * (load[minute] ?? 0) * Math.exp(0.3 * normal(random)) + (minute % DAY < 25 ? 3 * scale : 0),
  };
};

/** Next to nothing, and bursts of a heavy tail. */
const disk: Make = (random, load) => {
  const scale = Math.exp(9 + 4 * random());
  let left = 0;
  let height = 0;
  return {
    name: 'disk',
    leastChange: 1e7,
    isBursty: true,
    next(minute) {
      if (left <= 0 && random() < 10 / DAY)
        [height, left] = [scale * 20 * (1 - random()) ** -0.7, 1 - 8 * Math.log(1 - random())];
      return scale * (load[minute] ?? 0) * Math.exp(0.6 * normal(random)) + (left-- > 0 ? height : 0);
    },
  };
};

/** Of a program: rises after each start, fills up by and by, is collected. */
const memory: Make = (random, load, restarts) => {
  const [base, cache, swing] = [2e8 + 2e9 * random(), 1e9 * random(), 5e7 * random()];
  const patience = (0.2 + 2 * random()) * DAY;
  let since = 0;
  let phase = 0;
  return {
    name: 'process memory',
    leastChange: 64 * 2 ** 20,
    next(minute) {
      if (restarts.has(minute)) since = 0;
      since++;
      phase = (phase + 0.01 + 0.05 * (load[minute] ?? 0)) % 1;
      return base + cache * (1 - Math.exp(-since / patience)) + swing * (phase + 0.2 * normal(random));
    },
  };
};

const memoryRatio: Make = (random, load, restarts) => {
  const inner = memory(random, load, restarts);
  return { name: 'memory', leastChange: 0.05, next: (minute) => Math.min(1, inner.next(minute) / 4e9) };
};

/** Files and connections: whole numbers that follow the load slowly. */
const counted: Make = (random, load) => {
  const scale = 5 * Math.exp(4 * random());
  let level = NaN;
  return {
    name: 'count',
    leastChange: 50,
    next(minute) {
      const to = 10 + scale * (load[minute] ?? 0);
      level = Number.isNaN(level) ? to : level + 0.2 * (to - level);
      return Math.max(0, Math.round(level + Math.sqrt(level) * normal(random)));
    },
  };
};

/** Fills slowly, and is cleaned up at night. */
const fileSystem: Make = (random) => {
  let used = 0.2 + 0.4 * random();
  const rate = (0.02 * random()) / DAY;
  return {
    name: 'file system',
    leastChange: 0.02,
    next(minute) {
      used += rate * (1 + normal(random));
      if (minute % DAY === 60) used -= 0.9 * rate * DAY;
      return used;
    },
  };
};

/** Milliseconds, with pauses. */
const delay: Make = (random, load) => ({
  name: 'delay',
  leastChange: 0.02,
  next: (minute) =>
    0.011 +
    0.002 * (load[minute] ?? 0) * Math.exp(0.6 * normal(random)) +
    (random() < 0.01 ? 0.02 * (1 - random()) ** -0.6 : 0),
});

/** Nothing, and now and then something. */
const errors: Make = (random) => ({
  name: 'errors',
  leastChange: 1,
  next: () => (random() < 0.003 ? random() * 3 : 0),
});

const constant: Make = (random) => {
  const value = Math.floor(100 * random());
  return { name: 'constant', leastChange: 20, next: () => value + (random() < 0.01 ? 1 : 0) };
};

const KINDS: readonly (readonly [count: number, make: Make])[] = [
  [8, cpu], [10, traffic], [10, disk], [6, memory], [4, memoryRatio], [8, counted], [4, fileSystem], [4, delay],
  [3, errors], [3, constant],
]; // prettier-ignore

function moved(plain: QuietSeries, moves: ReadonlyMap<number, number>): QuietSeries {
  let factor = 1;
  return {
    ...plain,
    next(minute) {
      factor *= moves.get(minute) ?? 1;
      return plain.next(minute) * factor;
    },
  };
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
