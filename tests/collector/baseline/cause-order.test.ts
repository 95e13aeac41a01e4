import { describe, expect, it } from 'vitest';
import { groupByCause, type OpenViolation } from '../../../collector/src/baseline/cause-order.ts';
import type { OperationEdge } from '../../../collector/src/baseline/edges.ts';

/** `web/GET@10` began in second 10. */
function open(text: string, ratio = 2): OpenViolation {
  const [key = '', onset = '0'] = text.split('@');
  const service = key.includes('/') ? (key.split('/')[0] ?? '') : '';
  return { id: key, key, service, onsetMs: Number(onset) * 1000, ratio };
}

/** `web/GET>pay/POST`, seen a hundred times. */
function edge(text: string, count = 100): OperationEdge {
  const [parent = '', child = ''] = text.split('>');
  return { parent, child, count, lastSeenMs: 0 };
}

function check(
  violations: readonly string[],
  edges: readonly string[],
  expected: readonly (readonly string[])[],
): void {
  const groups = groupByCause(
    violations.map((each) => open(each)),
    edges.map((each) => edge(each)),
  );
  expect(groups.map(({ members }) => members.map(({ id }) => id))).toEqual(expected);
}

const CHAIN = ['web/GET>api/GET', 'api/GET>pay/POST', 'pay/POST>db/INSERT'];

describe('violations that are open together', () => {
  it('are one cause where one calls the other, the deepest callee first', () => {
    check(['web/GET@0', 'api/GET@3', 'db/INSERT@9', 'pay/POST@5'], CHAIN, [
      ['db/INSERT', 'pay/POST', 'api/GET', 'web/GET'],
    ]);
  });

  it('are one cause through callers that have not left their baselines', () => {
    check(['web/GET@0', 'db/INSERT@9'], CHAIN, [['db/INSERT', 'web/GET']]);
    check(['a/0@0', 'f/5@9'], ['a/0>b/1', 'b/1>c/2', 'c/2>d/3', 'd/3>e/4', 'e/4>f/5'], [['a/0'], ['f/5']]);
  });

  it('are one cause within a service, also without a known call', () => {
    check(['web/GET@0', 'web/POST@30', 'pay/POST@30'], [], [['web/GET', 'web/POST'], ['pay/POST']]);
  });

  it('are several causes where nothing connects them, or they began a minute apart', () => {
    check(['web/GET@0', 'mail/SEND@1'], CHAIN, [['web/GET'], ['mail/SEND']]);
    check(['web/GET@0', 'api/GET@61'], CHAIN, [['web/GET'], ['api/GET']]);
    check(['web/GET@0', 'web/POST@50', 'web/PUT@70'], [], [['web/GET', 'web/POST'], ['web/PUT']]);
  });

  it('are several causes where they have nothing, not even a service', () => {
    check(['memory@0', 'disk@1'], [], [['memory'], ['disk']]);
  });

  it('put first what explains most of the others', () => {
    check(
      ['web/GET@0', 'web/POST@1', 'mail/SEND@2', 'pay/POST@20', 'api/GET@3'],
      ['web/GET>pay/POST', 'web/POST>pay/POST', 'api/GET>pay/POST', 'web/GET>mail/SEND'],
      [['pay/POST', 'mail/SEND', 'web/POST', 'api/GET', 'web/GET']],
    );
  });

  it('are not connected by what was hardly ever seen', () => {
    const rare = [edge('web/GET>pay/POST', 1), edge('api/GET>pay/POST', 1_000)];
    expect(groupByCause([open('web/GET@0'), open('pay/POST@1')], rare)).toHaveLength(2);
  });

  it('go by onset, then by how far off they are, where operations call each other', () => {
    const both = [edge('a/x>b/y'), edge('b/y>a/x')];
    const [group] = groupByCause([open('a/x@5'), open('b/y@4')], both);
    expect(group?.members[0]?.id).toBe('b/y');
    const [same] = groupByCause([open('a/x@5', 2), open('b/y@5', 9)], both);
    expect(same?.members[0]?.id).toBe('b/y');
  });

  it('say why the first is first', () => {
    const edges = CHAIN.map((each) => edge(each));
    const of = (...ids: string[]): string | undefined =>
      groupByCause(
        ids.map((id) => open(id)),
        edges,
      )[0]?.because;
    expect(of('web/GET', 'api/GET', 'pay/POST')).toBe('2 of 2 others call it, and it calls none of them');
    expect(of('web/GET', 'web/POST')).toContain('it began first');
    expect(of('web/GET')).toBe('');
  });

  it('are sorted out by the thousand', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => `s${i % 50}/op${i}@${i % 40}`);
    const groups = groupByCause(
      many.map((each) => open(each)),
      many.slice(1).map((_, i) => edge(`s${i % 50}/op${i}>s${(i + 1) % 50}/op${i + 1}`)),
    );
    expect(groups.flatMap(({ members }) => members)).toHaveLength(5_000);
  });
});
