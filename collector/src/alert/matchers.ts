// Whether a silence or a maintenance window means a violation. Pure.
import type { Violation, ViolationGroup } from '../baseline/contract.ts';
import { isLike } from '../model/glob.ts';
import type { Matchers } from './schedule-config.ts';

/** Tells whether everything that goes on in a group is meant by one of the matchers: the rest would still be news. */
export function coversAll(matchers: readonly Matchers[], { members }: ViolationGroup): boolean {
  if (matchers.length === 0) return false;
  return members.every((member) => member.severity === 'none' || matchers.some((each) => covers(each, member)));
}

function covers({ attributes, kinds, severities }: Matchers, { subject, kind, severity }: Violation): boolean {
  if (kinds.length > 0 && !kinds.includes(kind)) return false;
  if (severities.length > 0 && !(severities as readonly string[]).includes(severity)) return false;
  return Object.entries(attributes).every(([name, wanted]) => {
    const value = Object.hasOwn(subject.attributes, name) ? subject.attributes[name] : undefined;
    return value !== undefined && isLike(wanted, value);
  });
}
