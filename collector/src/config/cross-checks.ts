// What no single field can tell: listeners that clash, exports to ourselves, sizes that do not fit the memory.
import { configuredSizes, memoryShares } from '../pipeline/memory.ts';
import { DEFAULT_AFTER_ROOT_SECONDS } from '../sample/defaults.ts';
import { isAddress, isUsualLoopback, isWildcard, plainHost } from './addresses.ts';
import type { Locks } from './listener.ts';
import { longestWaitMs } from './longest-wait.ts';
import type { Machine } from './machine.ts';
import type { Config } from './schema.ts';
import { selfExports, selfScrapes } from './self-exports.ts';
import { staleProblems } from './staleness.ts';

/** A problem by the path of the key that shows it. */
export interface CrossProblem {
  readonly path: string;
  readonly message: string;
}

/** A listener that is on. */
export interface Listener extends Locks {
  /** Its block, as in `receive.http`. */
  readonly setting: string;
  readonly host: string;
  readonly port: number;
}

/** Finds problems between fields that are sound by themselves. @param machine what is known of where it will run */
export function crossCheck(config: Config, machine: Machine): CrossProblem[] {
  const listeners = listenersOf(config);
  return [
    ...clashes(listeners),
    ...selfExports(config, listeners, machine),
    ...selfScrapes(config, listeners, machine),
    ...overcommitted(config),
    ...waitProblems(config),
    ...logsWaitProblems(config),
    ...remoteSamplingProblems(config),
    ...reportProblems(config),
    ...targetProblems(config),
    ...staleProblems(config),
    ...machine.fileProblems(config),
  ];
}

/** Lists every listener that is on. */
export function listenersOf({ receive, web, export: { prometheus } }: Config): Listener[] {
  const listeners: Listener[] = [{ setting: 'receive.http', ...receive.http }];
  if (receive.grpc !== false) listeners.push({ setting: 'receive.grpc', ...receive.grpc });
  if (web !== false) listeners.push({ setting: 'web', ...web });
  if (prometheus !== false) listeners.push({ setting: 'export.prometheus', ...prometheus });
  return listeners;
}

function clashes(listeners: readonly Listener[]): CrossProblem[] {
  return listeners.flatMap(({ setting, host, port }, i) => {
    // Port 0 lets the system choose, so it clashes with nothing.
    const other = listeners
      .slice(0, i)
      .find((earlier) => port !== 0 && earlier.port === port && meet(plainHost(earlier.host), plainHost(host)));
    return other === undefined
      ? []
      : [{ path: `${setting}.port`, message: `${port} is the port of ${other.setting}.port too` }];
  });
}

/** Tells whether two plain hosts may be one address. */
function meet(one: string, other: string): boolean {
  if (one === other || isWildcard(one) || isWildcard(other)) return true;
  // Which of its addresses localhost stands for is the system's to say.
  return isUsualLoopback(one) && isUsualLoopback(other) && !(isAddress(one) && isAddress(other));
}

/** Sizes that were set by hand have to fit into the one number together, beside the least that the others need. */
function overcommitted(config: Config): CrossProblem[] {
  const { totalBytes } = memoryShares(config.memory_limit, configuredSizes(config));
  if (totalBytes <= config.memory_limit) return [];
  const message = `is less than max_pending, max_in_flight, max_decisions, max_held, max_series and the queues take together (${mebibytes(totalBytes)}), those not set at their least`;
  return [{ path: 'memory_limit', message }];
}

/** A time that is never reached, because the whole wait is over before, is a mistake. */
function waitProblems({ sample }: Config): CrossProblem[] {
  if (sample === false) return [];
  const { decision_wait, after_root, after_error, waits } = sample;
  const problem = (path: string, ms: number | undefined, wait: number, whose: string): CrossProblem[] => {
    if (ms === undefined || ms <= wait) return [];
    return [{ path: `sample.${path}`, message: `is longer than ${whose} (${wait / 1000}s), so no trace waits for it` }];
  };
  const isDefault = after_root === DEFAULT_AFTER_ROOT_SECONDS * 1000;
  return [
    // Who only shortens decision_wait means no harm.
    ...(isDefault ? [] : problem('after_root', after_root, decision_wait, 'decision_wait')),
    ...problem('after_error', after_error, decision_wait, 'decision_wait'),
    ...waits.flatMap((wait, i) => {
      const whole = wait.decision_wait ?? decision_wait;
      const whose = wait.decision_wait === undefined ? 'sample.decision_wait' : 'its decision_wait';
      return [
        ...problem(`waits[${i}].after_root`, wait.after_root, whole, whose),
        ...problem(`waits[${i}].after_match`, wait.after_match, whole, whose),
      ];
    }),
  ];
}

/** Records that are given up before their trace can be decided do not follow it. */
function logsWaitProblems({ logs, sample }: Config): CrossProblem[] {
  if (logs === false || logs.mode === 'pass' || logs.max_wait === undefined) return [];
  const longest = longestWaitMs({ sample });
  if (logs.max_wait >= longest) return [];
  const message = `is less than the longest decision_wait (${longest / 1000}s), so records of traces that wait so long pass undecided`;
  return [{ path: 'logs.max_wait', message }];
}

/** A service cannot be told to sample and be known to send everything; nor be told anything without the page's port. */
function remoteSamplingProblems({
  web,
  sources: { unsampled },
  remote_sampling: { services },
}: Config): CrossProblem[] {
  const problems: CrossProblem[] = [];
  if (services.length > 0 && web === false)
    problems.push({ path: 'remote_sampling.services', message: 'are answered on the port of web, which is off' });
  services.forEach(({ name }, i) => {
    const other = unsampled.find((each) => each === name || each === '*' || name === '*');
    if (other === undefined) return;
    const message = `steers a service that sources.unsampled (${other}) says sends every span`;
    problems.push({ path: `remote_sampling.services[${i}].name`, message });
  });
  return problems;
}

/** Reports are mailed the way alerts are. */
function reportProblems({ report, alert }: Config): CrossProblem[] {
  const name = report === false ? undefined : report.email?.channel;
  const channel = alert === false || name === undefined ? undefined : alert.channels[name];
  if (name === undefined || (channel !== undefined && channel !== false && channel.type === 'email')) return [];
  return [{ path: 'report.email.channel', message: `${name} is no channel of type email in alert.channels` }];
}

/** What misses a target is kept and told by `baseline`, which counts what is measured. */
function targetProblems({ baseline, measure, targets }: Config): CrossProblem[] {
  const off = measure === false ? 'measure' : baseline === false ? 'baseline' : undefined;
  if (off === undefined) return [];
  return (['operations', 'metrics'] as const).flatMap((of) =>
    Object.entries(targets[of]).flatMap(([name, { enabled }]) =>
      enabled ? [{ path: `targets.${of}.${name}`, message: `is not judged, because ${off} is off` }] : [],
    ),
  );
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)}MiB`;
}
