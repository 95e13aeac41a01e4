// The public surface of the entry for test runners: a matcher that holds an operation against its baseline. Loads no test
// runner; any whose `expect.extend` takes such matchers will do.
import { type BaselineOptions, type Operation, textOf, withinBaseline } from './within-baseline.ts';

export type { BaselineOptions, Operation, Verdict } from './within-baseline.ts';
export { withinBaseline } from './within-baseline.ts';

/** What a matcher answers. */
export interface MatcherAnswer {
  readonly pass: boolean;
  readonly message: () => string;
  readonly actual?: unknown;
  readonly expected?: unknown;
}

/**
 * Asserts that an operation takes no longer than its baseline allows; see {@link BaselineOptions}. To be awaited.
 *
 * @throws Error where there is nothing to judge, whether negated or not
 */
export async function toStayWithinBaseline(received: unknown, options: BaselineOptions = {}): Promise<MatcherAnswer> {
  const isOperation = typeof received === 'function' || typeof received === 'string' || Array.isArray(received);
  if (!isOperation) throw new TypeError('toStayWithinBaseline takes a function, durations, or the name of spans');
  const verdict = await withinBaseline(received as Operation, options);
  return { pass: verdict.isWithin, message: () => textOf(verdict) };
}

/** For `expect.extend`. */
export const baselineMatchers = { toStayWithinBaseline };

/**
 * Adds the matcher to the types of `expect`; how many parameters `Matchers` has depends on the version of the test runner.
 *
 * @example declare module '…' { interface Matchers<R, T> extends BaselineMatchers {} }
 */
export interface BaselineMatchers {
  /** Asserts that an operation takes no longer than its baseline allows. To be awaited. */
  toStayWithinBaseline(options?: BaselineOptions): Promise<void>;
}
