// What no single field can tell: listeners that clash, exports to ourselves, sizes that do not fit the memory.
import { DEFAULT_AFTER_ROOT_SECONDS } from '../sample/config.ts';
import type { Locks } from './listener.ts';
import type { Machine } from './machine.ts';
import type { Config } from './schema.ts';
import { selfExports } from './self-exports.ts';

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
    ...overcommitted(config),
    ...waitProblems(config),
    ...remoteSamplingProblems(config),
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
  return listeners.flatMap(({ setting, port }, i) => {
    // Port 0 lets the system choose, so it clashes with nothing.
    const other = listeners.slice(0, i).find((earlier) => port !== 0 && earlier.port === port);
    return other === undefined
      ? []
      : [{ path: `${setting}.port`, message: `${port} is the port of ${other.setting}.port too` }];
  });
}

/** A decision in memory takes at most so much. */
const DECISION_BYTES = 64;

/** Sizes that were set by hand have to fit into the one number together. */
function overcommitted({ memory_limit, receive, sample, logs, store, export: { otlp } }: Config): CrossProblem[] {
  const sizes = [
    receive.http.max_in_flight ?? 0,
    sample === false ? 0 : (sample.max_pending ?? 0),
    sample === false ? 0 : (sample.max_decisions ?? 0) * DECISION_BYTES,
    logs === false || logs.mode === 'pass' ? 0 : (logs.max_held ?? 0),
    ...Object.values(otlp).map(({ max_queue = 0 }) => max_queue),
  ];
  // The store's queue has a default; it counts where anything else was set.
  const storeBytes = store === false ? 0 : store.max_queue;
  const sum = sizes.reduce((total, bytes) => total + bytes, 0);
  if (sum + storeBytes <= memory_limit || (sum === 0 && storeBytes <= memory_limit / 4)) return [];
  const message = `is less than max_pending, max_in_flight, max_decisions, max_held and the queues take together (${mebibytes(sum + storeBytes)})`;
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

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)}MiB`;
}
