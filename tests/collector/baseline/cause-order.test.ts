import { describe, expect, it } from 'vitest';
import { type CauseOrder, orderByCause } from '../../../collector/src/baseline/cause-order.ts';
import { operationOf } from '../../../collector/src/baseline/violation-group.ts';
import { callsOf, subjectNamed } from '../../support/causes.ts';

interface Member {
  readonly id: string;
  readonly operation: string;
  readonly rank: number;
  readonly onsetMs: number;
  readonly ratio: number;
}

function member(text: string, ratio = 2, rank = 1): Member {
  const [id = '', onset = '0'] = text.split('@');
  return { id, operation: operationOf(subjectNamed(id)), rank, onsetMs: Number(onset) * 1000, ratio };
}

describe('members of a group', () => {
  it('go by onset, then by how far off they are, where operations call each other', () => {
    const both = callsOf(['a/x>b/y', 'b/y>a/x'], []);
    expect(orderByCause([member('a/x@5'), member('b/y@4')], both).members[0].id).toBe('b/y');
    expect(orderByCause([member('a/x@5', 2), member('b/y@5', 9)], both).members[0].id).toBe('b/y');
  });

  it('say why the first is first', () => {
    const calls = callsOf(['web/GET>api/GET', 'api/GET>pay/POST'], []);
    const of = (...ids: string[]): CauseOrder<Member> => {
      return orderByCause(
        ids.map((id) => member(id)),
        calls,
      );
    };
    expect(of('web/GET', 'api/GET', 'pay/POST').because).toBe('2 of 2 others call it, and it calls none of them');
    expect(of('web/GET', 'pay/POST').because).toBe('the other one calls it, and is not called by it');
    expect(of('web/GET', 'web/POST').because).toContain('it began first');
    const worse = orderByCause([member('web/GET@0'), member('web/POST@9', 6, 2)], calls);
    expect([worse.members[0].id, worse.because]).toEqual(['web/POST', expect.stringMatching(/; it is the worst$/)]);
    const exporter = { ...member('exporter@9', 1, 3), operation: '' };
    expect(orderByCause([member('web/GET'), exporter], calls).because).toBe('it is the worst');
    expect(of('web/GET').because).toBe('');
  });
});
