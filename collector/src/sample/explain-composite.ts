// Says which part of a composite policy a trace belonged to. What the part was kept at is told by the decision, if the
// policy decided; else it is not remembered.
import type { ConditionConfig } from './condition-config.ts';
import type { Condition } from './conditions.ts';
import { findCondition, type Finding } from './explain-condition.ts';
import type { DecisionRecord } from './ledger-record.ts';
import type { PolicyConfigOf } from './policy-config.ts';

/** @returns `isKnown` false where its share is not remembered */
export function findPart(
  { parts, rest }: PolicyConfigOf<'composite'>,
  decided: boolean,
  make: (config: ConditionConfig) => Condition,
  record: DecisionRecord,
): Finding & { readonly isKnown: boolean } {
  for (const [i, { name, when }] of parts.entries()) {
    const { holds, text } = findCondition(when, make, record);
    if (holds) return { holds, text: `it belongs to ${name ?? `part ${i + 1}`}: ${text}`, isKnown: decided };
  }
  if (rest !== undefined) return { holds: true, text: 'it belongs to the rest', isKnown: decided };
  // Durations are remembered in fewer digits than they had: whoever decided had a part for it.
  return { holds: decided, text: decided ? '' : 'it belongs to none of its parts', isKnown: true };
}
