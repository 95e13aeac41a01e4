// Circuit breakers and their like, of opossum and of cockatiel: in which state they are, and how calls through them end.
import { type Attributes, trace } from '@opentelemetry/api';
import { EVENT, RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import { claim, type Undo } from './claims.ts';
import { isObject, listen, member, method, type Method, numberOf, replaceMethod, watchCall } from './methods.ts';
import { attempt, Readings, Totals } from './readings.ts';
import { state } from '../state.ts';

/** Options of {@link instrumentBreaker}. */
export interface BreakerOptions {
  /** Name of what is protected, one of few; that of the breaker, or `breaker`, unless set. */
  readonly name?: string;
}

type Outcome = 'success' | 'failure' | 'rejected' | 'timeout' | 'fallback';
type CircuitState = 'closed' | 'open' | 'half_open' | 'isolated';
type PolicyType = 'circuit_breaker' | 'retry' | 'timeout' | 'bulkhead' | 'fallback';

/** In the order in which cockatiel numbers them. */
const STATES: readonly CircuitState[] = ['closed', 'open', 'half_open', 'isolated'];

const readings = new Readings([RESOURCE_METRIC.circuitState, RESOURCE_METRIC.bulkheadSlots]);
const calls = new Totals(RESOURCE_METRIC.policyCalls);
const retries = new Totals(RESOURCE_METRIC.policyRetries);
const changes = new Totals(RESOURCE_METRIC.circuitStateChanges);

/**
 * Measures a circuit breaker of opossum, or a policy of cockatiel: circuit breaker, retry, timeout, bulkhead, fallback, or
 * several wrapped in each other, which are measured each.
 *
 * A change of state and a retry are events on the span of the call that caused them. An answer by a fallback is counted
 * beside the outcome that led to it.
 *
 * @returns the same breaker or policy
 */
export function instrumentBreaker<B extends object>(breaker: B, options: BreakerOptions = {}): B {
  return claim('breaker', breaker, (target) => {
    if (method(target, 'fire') !== undefined && method(target, 'on') !== undefined)
      return watchOpossum(target, options);
    if (method(target, 'execute') === undefined) return undefined;
    const wrapped = member(target, 'wrapped');
    if (Array.isArray(wrapped)) {
      for (const policy of wrapped as unknown[]) if (isObject(policy)) instrumentBreaker(policy, options);
      return [];
    }
    return method(target, 'onSuccess') === undefined ? undefined : watchPolicy(target, options);
  });
}

/** What one breaker or policy writes. */
class PolicyLog {
  readonly own: Attributes;

  constructor(type: PolicyType, name: string) {
    this.own = { [RESOURCE_ATTRIBUTE.policyName]: name, [RESOURCE_ATTRIBUTE.policyType]: type };
  }

  call(outcome: Outcome): void {
    calls.add({ ...this.own, [RESOURCE_ATTRIBUTE.policyOutcome]: outcome });
  }

  change(to: CircuitState): void {
    const attributes = { ...this.own, [RESOURCE_ATTRIBUTE.circuitState]: to };
    changes.add(attributes);
    trace.getActiveSpan()?.addEvent(EVENT.circuitStateChange, attributes);
  }

  retry(attemptNumber: number | undefined, delayMs: number | undefined): void {
    retries.add(this.own);
    trace.getActiveSpan()?.addEvent(EVENT.policyRetry, {
      ...this.own,
      ...(attemptNumber !== undefined && { [RESOURCE_ATTRIBUTE.retryAttempt]: attemptNumber }),
      ...(delayMs !== undefined && { [RESOURCE_ATTRIBUTE.retryDelay]: delayMs / 1000 }),
    });
  }
}

function readState(breaker: object, own: Attributes, stateOf: (target: object) => CircuitState | undefined): Undo {
  return readings.add(breaker, (target, report) => {
    const current = stateOf(target);
    if (current === undefined) return;
    for (const each of STATES)
      report(RESOURCE_METRIC.circuitState, each === current ? 1 : 0, {
        ...own,
        [RESOURCE_ATTRIBUTE.circuitState]: each,
      });
  });
}

function watchOpossum(breaker: object, { name }: BreakerOptions): (Undo | undefined)[] {
  const given = member(breaker, 'name');
  const log = new PolicyLog('circuit_breaker', name ?? (typeof given === 'string' && given !== '' ? given : 'breaker'));
  // A call that is late or locked out fails by the same error, too.
  const counted = new WeakSet<object>();
  const once = (outcome: Outcome, error: unknown): void => {
    // Forgotten then: a program may fail by the same error again and again.
    if (isObject(error) && counted.delete(error)) return;
    if (isObject(error) && (outcome === 'timeout' || outcome === 'rejected')) counted.add(error);
    log.call(outcome);
  };
  return [
    readState(breaker, log.own, opossumState),
    listen(breaker, 'success', (result) => once('success', result)),
    listen(breaker, 'timeout', (error) => once('timeout', error)),
    listen(breaker, 'semaphoreLocked', (error) => once('rejected', error)),
    listen(breaker, 'failure', (error) => once('failure', error)),
    listen(breaker, 'reject', () => log.call('rejected')),
    listen(breaker, 'fallback', () => log.call('fallback')),
    listen(breaker, 'open', () => log.change('open')),
    listen(breaker, 'close', () => log.change('closed')),
    listen(breaker, 'halfOpen', () => log.change('half_open')),
  ];
}

function opossumState(breaker: object): CircuitState | undefined {
  // Another one may have its name by now.
  if (member(breaker, 'isShutdown') === true) return undefined;
  if (member(breaker, 'opened') === true) return 'open';
  if (member(breaker, 'halfOpen') === true) return 'half_open';
  return member(breaker, 'closed') === true ? 'closed' : undefined;
}

function watchPolicy(policy: object, { name = 'breaker' }: BreakerOptions): (Undo | undefined)[] {
  const type = typeOf(policy);
  // It does nothing, which needs no counting.
  if (type === undefined) return [];
  const log = new PolicyLog(type, name);
  if (type === 'bulkhead') return watchBulkhead(policy, log);
  if (type === 'timeout') return [watchTimeouts(policy, log)];
  const succeeded = hear(policy, 'onSuccess', () => log.call('success'));
  const failed = (count: (isHandled: boolean) => void): Undo | undefined =>
    hear(policy, 'onFailure', (failure) => count(member(failure, 'handled') === true));
  if (type === 'fallback') return [succeeded, failed((isHandled) => log.call(isHandled ? 'fallback' : 'failure'))];
  if (type === 'retry') {
    return [
      succeeded,
      // A failure that is handled is tried again, or given up.
      failed((isHandled) => !isHandled && log.call('failure')),
      hear(policy, 'onRetry', (retry) => log.retry(numberOf(retry, 'attempt'), numberOf(retry, 'delay'))),
      hear(policy, 'onGiveUp', () => log.call('failure')),
    ];
  }
  return [
    succeeded,
    failed(() => log.call('failure')),
    readState(policy, log.own, (target) => STATES[numberOf(target, 'state') ?? -1]),
    hear(policy, 'onStateChange', (to) => log.change(STATES[Number(to)] ?? 'closed')),
    watchRejections(policy, log),
  ];
}

/** A call that is late fails by whatever error the function makes of its signal, so the signal is what tells. */
function watchTimeouts(policy: object, log: PolicyLog): Undo | undefined {
  return replaceMethod(
    policy,
    'execute',
    (execute) =>
      function (...args) {
        const [fn] = args;
        if (typeof fn !== 'function') return Reflect.apply(execute, this, args);
        let isLate = false;
        let isOver = false;
        const over = (): void => void (isOver = true);
        const heeded: Method = function (...passed) {
          const signal = member(passed[0], 'signal');
          // After the end it is aborted as well.
          if (signal instanceof AbortSignal)
            signal.addEventListener('abort', () => void (isLate = !isOver), { once: true });
          return watchCall(() => Reflect.apply(fn, this, passed) as unknown, over, over);
        };
        return watchCall(
          () => Reflect.apply(execute, this, [heeded, ...args.slice(1)]),
          () => log.call(isLate ? 'timeout' : 'success'),
          () => log.call(isLate ? 'timeout' : 'failure'),
        );
      },
  );
}

/** It has events for what it rejects alone. Calls that had to wait come by a second time. */
function watchBulkhead(policy: object, log: PolicyLog): (Undo | undefined)[] {
  return [
    hear(policy, 'onReject', () => log.call('rejected')),
    readings.add(policy, (target, report) =>
      report(RESOURCE_METRIC.bulkheadSlots, numberOf(target, 'executionSlots') ?? NaN, log.own),
    ),
    replaceMethod(
      policy,
      'execute',
      (execute) =>
        function (...args) {
          const { given, wasCalled } = noted(args);
          let isRunning = false;
          return watchCall(
            () => {
              const result: unknown = Reflect.apply(execute, this, given);
              isRunning = wasCalled();
              return result;
            },
            () => isRunning && log.call('success'),
            () => isRunning && log.call('failure'),
          );
        },
    ),
  ];
}

function typeOf(policy: object): PolicyType | undefined {
  if (method(policy, 'onStateChange') !== undefined) return 'circuit_breaker';
  if (method(policy, 'onRetry') !== undefined) return 'retry';
  if (method(policy, 'onTimeout') !== undefined) return 'timeout';
  if (method(policy, 'onReject') !== undefined) return 'bulkhead';
  return method(policy, 'value') === undefined ? undefined : 'fallback';
}

/** Listens to an event of cockatiel, which is a function that takes the listener. */
function hear(policy: object, event: string, listener: (value: unknown) => void): Undo | undefined {
  const subscription = attempt(() => {
    const add = method(policy, event);
    return add && Reflect.apply(add, policy, [(value: unknown) => void (state.isOn && attempt(() => listener(value)))]);
  });
  return subscription === undefined ? undefined : () => method(subscription, 'dispose')?.call(subscription);
}

/** Calls that an open circuit breaker does not let through are no event. */
function watchRejections(policy: object, log: PolicyLog): Undo | undefined {
  return replaceMethod(
    policy,
    'execute',
    (execute) =>
      function (...args) {
        const { given, wasCalled } = noted(args);
        return watchCall(
          () => Reflect.apply(execute, this, given),
          () => {},
          (thrown) => {
            const isRejected =
              member(thrown, 'isBrokenCircuitError') === true || member(thrown, 'isIsolatedCircuitError') === true;
            // The error of another one, which the function itself met, is none of this one.
            if (isRejected && !wasCalled()) log.call('rejected');
          },
        );
      },
  );
}

/** The arguments of `execute`, and whether its function was called. */
function noted(args: unknown[]): { given: unknown[]; wasCalled: () => boolean } {
  const [fn] = args;
  let isCalled = false;
  if (typeof fn !== 'function') return { given: args, wasCalled: () => true };
  const watched: Method = function (...passed) {
    isCalled = true;
    return Reflect.apply(fn, this, passed) as unknown;
  };
  return { given: [watched, ...args.slice(1)], wasCalled: () => isCalled };
}
