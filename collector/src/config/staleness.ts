// Whoever keeps silent while nothing moves must speak before others take its series for gone.
import { HEARTBEAT_MS } from '../scrape/steadiness.ts';
import type { CrossProblem } from './cross-checks.ts';
import type { Config } from './schema.ts';

/** A key, and the milliseconds it stands for. */
type Span = readonly [key: string, ms: number];

/** Finds heartbeats and intervals that series do not outlive. */
export function staleProblems(config: Config): CrossProblem[] {
  const later = patient(config);
  // What monitoring reads has places of its own, which are not freed.
  const limited: Span[] = config.limit === false ? [] : [['limit.ttl', config.limit.ttl]];
  return [
    ...beats(config).flatMap((silence) => problems(silence, later)),
    ...scrapes(config).flatMap((silence) => problems(silence, [...later, ...limited])),
  ];
}

function problems([path, silentMs]: Span, all: readonly Span[]): CrossProblem[] {
  const [who, ms] = all.reduce((least, each) => (each[1] < least[1] ? each : least), ['', Infinity]);
  if (silentMs < ms) return [];
  return [
    { path, message: `is not below ${who} (${ms / 1000}s), so its series would be gone before their next point` },
  ];
}

/** Where series are forgotten. */
function patient({ export: { stale_after }, aggregate }: Config): Span[] {
  const all: Span[] = [['export.stale_after', stale_after]];
  if (aggregate === false || aggregate.rules.length === 0) return all;
  const ofRules = aggregate.rules.flatMap(({ stale_after: own }, i): Span[] =>
    own === undefined ? [] : [[`aggregate.rules[${i}].stale_after`, own]],
  );
  return [...all, ['aggregate.stale_after', aggregate.stale_after], ...ofRules];
}

function beats({ monitoring }: Config): Span[] {
  return monitoring === false ? [] : [['monitoring.heartbeat', monitoring.heartbeat * 1000]];
}

function scrapes({ scrape: { jobs } }: Config): Span[] {
  return jobs.map(({ interval, adaptive }, i) =>
    adaptive === false
      ? [`scrape.jobs[${i}].interval`, interval]
      : [`scrape.jobs[${i}].adaptive.max_interval`, Math.max(adaptive.max_interval, HEARTBEAT_MS)],
  );
}
