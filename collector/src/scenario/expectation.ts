// Holds decisions against what a test expects of them.
import type { DecisionAnswer } from '../web/api.ts';
import type { Expectation, ExpectedCount } from './format.ts';

/** Stands for the policy where none had a say, and for the wait where there is no name to tell. */
const NONE = 'none';

type ExpectedDecision = Extract<Expectation, { decision: string }>;
type ExpectedCounts = Exclude<Expectation, ExpectedDecision>;

/**
 * Names what differs.
 *
 * @param answers why the trace, or each of its copies, was kept or dropped
 */
export function unmet(expected: Expectation, answers: readonly DecisionAnswer[]): string[] {
  return 'decision' in expected ? unmetDecision(expected, answers) : unmetCounts(expected, answers);
}

function unmetDecision(expected: ExpectedDecision, answers: readonly DecisionAnswer[]): string[] {
  if (answers.length > 1) return [`has ${answers.length} copies, so expect counts, as in { kept: 10 }`];
  const [answer] = answers;
  if (answer?.decision === undefined) return [answer?.summary ?? 'was not seen'];
  const { threshold, cause, wait = NONE } = answer.decision;
  const found = { decision: answer.state, policy: policyOf(answer), threshold, cause, wait };
  const differing = (['decision', 'policy', 'threshold', 'cause', 'wait'] as const).flatMap((key) => {
    const wanted = expected[key];
    return wanted === undefined || wanted === found[key] ? [] : `${key} ${wanted} instead of ${found[key] || 'none'}`;
  });
  return differing.length === 0 ? [] : [`expected ${differing.join(', ')}. ${answer.summary}`];
}

function unmetCounts({ kept, policies }: ExpectedCounts, answers: readonly DecisionAnswer[]): string[] {
  const byPolicy = Object.groupBy(
    answers.filter(({ state }) => state === 'kept'),
    policyOf,
  );
  const counts = Object.entries(byPolicy).map(([policy, list = []]) => [policy, list.length] as const);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const detail = `Of ${answers.length} copies ${[`${total} were kept`, ...counts.map(([policy, count]) => `${count} by ${policy}`)].join(', ')}.`;
  const wrong = Object.entries(policies).filter(([policy, count]) => !isWithin(byPolicy[policy]?.length ?? 0, count));
  const problems = wrong.map(([policy, count]) => `expected ${countText(count)} kept by ${policy}. ${detail}`);
  if (kept !== undefined && !isWithin(total, kept)) problems.push(`expected ${countText(kept)} kept. ${detail}`);
  return problems;
}

function policyOf({ decision }: DecisionAnswer): string {
  return decision?.policy === undefined || decision.policy === '' ? NONE : decision.policy;
}

function isWithin(value: number, expected: ExpectedCount): boolean {
  if (typeof expected === 'number') return value === expected;
  return value >= expected.min && value <= expected.max;
}

function countText(expected: ExpectedCount): string {
  return typeof expected === 'number' ? String(expected) : `${expected.min} to ${expected.max}`;
}
