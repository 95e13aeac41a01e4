// Whatever begins, ends and is learned in whatever order: everything that is open is in one group, and what is told of
// groups adds up.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SavedGroup } from '../../../collector/src/baseline/saved.ts';
import { Violations } from '../../../collector/src/baseline/violations.ts';
import { begun, callsOf, subjectNamed } from '../../support/causes.ts';

const NAMES = ['web/GET', 'web/POST', 'api/GET', 'pay/POST', 'db/INSERT', 'mail/SEND', 'disk'];
const EDGES = [
  'web/GET>api/GET',
  'api/GET>pay/POST',
  'pay/POST>db/INSERT',
  'web/POST>mail/SEND',
  'mail/SEND>db/INSERT',
];

/** What happens: one begins or gets worse, ends, is looked into, or the program starts again; and how much is known then. */
const event = fc.record({
  name: fc.constantFrom(...NAMES),
  what: fc.constantFrom('warning', 'critical', 'none', 'relate', 'restart'),
  afterS: fc.integer({ min: 0, max: 70 }),
  edges: fc.subarray(EDGES),
  placed: fc.subarray(NAMES),
});

it('holds each open violation in one group, which only a join changes', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let [id, nowS] = [0, 0];
      let calls = callsOf([], []);
      const create = (): Violations =>
        new Violations(
          () => `id${++id}`,
          () => calls,
        );
      let all = create();
      const saved = new Map<string, SavedGroup>();
      /** Onsets of what is open, and the group each was last said to be in. */
      const open = new Map<string, { readonly onsetS: number; group: string }>();
      for (const { name, what, afterS, edges, placed } of events) {
        calls = callsOf(edges, placed);
        nowS += afterS;
        const subject = subjectNamed(name);
        if (what === 'relate') all.relate(subject, 'latency');
        else if (what === 'restart') {
          all = create();
          all.restore(structuredClone([...saved.values()]));
        } else if (what !== 'none' || open.has(name)) {
          const { onsetS } = open.get(name) ?? { onsetS: nowS };
          const { groupId } = all.take(subject, begun(onsetS, what), []);
          if (what === 'none') open.delete(name);
          else open.set(name, { onsetS, group: open.get(name)?.group ?? groupId });
        }
        const joined = new Map(all.joined().map((group) => [group.id, group.joined]));
        const { changed, forgotten } = all.unsaved();
        for (const group of changed) saved.set(group.id, group);
        for (const each of forgotten) saved.delete(each);
        const members = all.groups().flatMap((group) => group.members.map((member) => ({ member, group: group.id })));
        for (const [key, known] of open) {
          while (joined.has(known.group)) known.group = joined.get(known.group) ?? '';
          const found = members.filter(({ member }) => member.subject.key === key && member.severity !== 'none');
          expect(found.map(({ group }) => group)).toEqual([known.group]);
        }
        expect(Object.values(all.openBySeverity()).reduce((a, b) => a + b)).toBe(open.size);
        expect(new Set(saved.keys())).toEqual(new Set(all.groups().map((group) => group.id)));
      }
    }),
    { numRuns: 300 },
  );
});
