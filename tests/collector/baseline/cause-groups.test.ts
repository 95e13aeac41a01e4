// Groups of violations as they grow, one violation after another.
import { describe, expect, it } from 'vitest';
import { CallGraph, type Calls } from '../../../collector/src/baseline/call-graph.ts';
import { operationOf } from '../../../collector/src/baseline/violation-group.ts';
import { Violations } from '../../../collector/src/baseline/violations.ts';
import { begun, callsOf, cameTo, edge, idsOf, subjectNamed } from '../../support/causes.ts';

/** @param expected groups of members, the likely cause first */
function check(
  violations: readonly string[],
  edges: readonly string[],
  expected: readonly (readonly string[])[],
): void {
  expect(cameTo(violations, callsOf(edges, violations))).toEqual(expected);
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

  it('are one cause with what they call as long as that goes on, however late they come', () => {
    check(['pay/POST@0', 'web/GET@300'], CHAIN, [['pay/POST', 'web/GET']]);
    check(['web/GET@0', 'pay/POST@300'], CHAIN, [['web/GET'], ['pay/POST']]);
    // What begins with the late one did not begin with its cause.
    check(['pay/POST@0', 'web/GET@300', 'web/PUT@301'], CHAIN, [['pay/POST', 'web/GET'], ['web/PUT']]);
    check(
      ['pay/POST@0', 'mail/SEND@290', 'web/GET@300'],
      [...CHAIN, 'web/GET>mail/SEND'],
      [['pay/POST'], ['mail/SEND', 'web/GET']],
    );
  });

  it('put first what explains most of the others', () => {
    check(
      ['web/GET@0', 'web/POST@1', 'mail/SEND@2', 'pay/POST@20', 'api/GET@3'],
      ['web/GET>pay/POST', 'web/POST>pay/POST', 'api/GET>pay/POST', 'web/GET>mail/SEND'],
      [['pay/POST', 'mail/SEND', 'web/POST', 'api/GET', 'web/GET']],
    );
  });

  it('are not connected by what was hardly ever seen', () => {
    const violations = ['web/GET@0', 'pay/POST@1'];
    const rare = callsOf([edge('web/GET>pay/POST', 1), edge('api/GET>pay/POST', 1000)], violations);
    expect(cameTo(violations, rare)).toHaveLength(2);
  });

  it('are sorted out by the thousand', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `s${i % 50}/op${i}@${i % 40}`);
    const edges = many.slice(1).map((_, i) => `s${i % 50}/op${i}>s${(i + 1) % 50}/op${i + 1}`);
    expect(cameTo(many, callsOf(edges, many)).flat()).toHaveLength(5000);
  });
});

describe('violations of which it is not known who calls them', () => {
  it('are of one cause when they began together', () => {
    expect(cameTo(['web/GET@0', 'mail/SEND@1', 'pay/POST@61'], callsOf([], []))).toEqual([
      ['web/GET', 'mail/SEND'],
      ['pay/POST'],
    ]);
  });

  it('go with the nearest of what they may have to do with, and with what they are known to rather than that', () => {
    const known = callsOf(CHAIN, ['web/GET@', 'mail/SEND@', 'api/GET@']);
    expect(cameTo(['web/GET@0', 'mail/SEND@20', 'disk@18'], known)).toEqual([['web/GET'], ['disk', 'mail/SEND']]);
    expect(cameTo(['mail/SEND@0', 'web/GET@20', 'api/GET@1'], known)).toEqual([['mail/SEND'], ['api/GET', 'web/GET']]);
    expect(cameTo(['disk@0', 'mail/SEND@1', 'web/GET@2'], known)).toEqual([['disk', 'mail/SEND'], ['web/GET']]);
  });
});

describe('groups', () => {
  function following(): { all: Violations; learn(calls: Calls): void } {
    let calls = callsOf([], ['web/GET@', 'mail/SEND@', 'pay/POST@']);
    let id = 0;
    const all = new Violations(
      () => `id-${++id}`,
      () => calls,
    );
    return { all, learn: (more) => (calls = more) };
  }
  const [web, mail, pay] = ['web/GET', 'mail/SEND', 'pay/POST'].map(subjectNamed);
  const edges = ['web/GET>pay/POST', 'mail/SEND>pay/POST'];

  it('become one with what shows that they have one cause: the worse goes on, or else the older', () => {
    const { all, learn } = following();
    learn(callsOf(edges, ['web/GET@', 'mail/SEND@', 'pay/POST@']));
    const older = all.take(web, begun(0), []).groupId;
    const worse = all.take(mail, begun(5, 'critical'), []).groupId;
    expect(worse).not.toBe(older);
    expect(all.take(pay, begun(9), []).groupId).toBe(worse);
    expect(idsOf(all)).toEqual([['pay/POST', 'mail/SEND', 'web/GET']]);
    expect(all.joined()).toMatchObject([{ id: older, severity: 'none', joined: worse, members: [{ subject: web }] }]);
    expect(all.joined()).toEqual([]);
    expect(all.openBySeverity()).toEqual({ info: 0, warning: 2, critical: 1, emergency: 0 });
    expect(all.unsaved()).toMatchObject({ changed: [{ id: worse }], forgotten: [older] });
    // Each of them ends where it is now.
    for (const subject of [web, mail, pay])
      expect(all.take(subject, begun(0, 'none'), []).groupId, subject.name).toBe(worse);
    expect(all.groups()).toMatchObject([{ id: worse, severity: 'none' }]);
  });

  it('become one when it is learned later that one calls the other', () => {
    const { all, learn } = following();
    const [older, younger] = [web, pay].map((subject) => all.take(subject, begun(3), []).groupId);
    expect(younger).not.toBe(older);
    all.relate(pay, 'latency');
    expect(idsOf(all)).toHaveLength(2);
    learn(callsOf(edges, ['web/GET@', 'pay/POST@']));
    all.relate(pay, 'latency');
    expect(idsOf(all)).toEqual([['pay/POST', 'web/GET']]);
    expect(all.joined()).toMatchObject([{ id: younger, joined: older }]);
  });

  it('stay together when it is learned later that nothing connects them', () => {
    const { all, learn } = following();
    learn(callsOf([], []));
    const [one, other] = [web, mail].map((subject) => all.take(subject, begun(0), []).groupId);
    expect(other).toBe(one);
    learn(callsOf(CHAIN, ['web/GET@', 'mail/SEND@']));
    all.relate(mail, 'latency');
    expect(all.take(mail, begun(0, 'critical'), []).groupId).toBe(one);
    expect(idsOf(all)).toHaveLength(1);
  });

  it('are returned to, however late, as long as they go on', () => {
    const { all } = following();
    const first = all.take(web, begun(0), []).groupId;
    all.take(subjectNamed('web/POST'), begun(1), []);
    all.take(web, begun(0, 'none'), []);
    const back = all.take(web, begun(300), []);
    expect([back.groupId, back.isNew]).toEqual([first, true]);
    // What began later than its group is something else.
    expect(all.take(subjectNamed('web/PUT'), begun(300), []).groupId).not.toBe(first);
  });

  it('are the same after a restart, in the same order, before it is known again who calls whom', () => {
    const before = following();
    before.learn(callsOf(edges, ['web/GET@', 'mail/SEND@', 'pay/POST@']));
    for (const [onsetS, subject] of [pay, web].entries()) before.all.take(subject, begun(onsetS * 300), []);
    const [saved] = before.all.unsaved().changed;
    expect(saved.because).toContain('the other one calls it');
    const { all, learn } = following();
    learn(callsOf([], []));
    all.restore([structuredClone(saved)]);
    expect(all.groups()).toEqual(before.all.groups());
    expect(all.take(web, begun(300, 'critical'), []).groupId).toBe(saved.id);
    expect(all.take(mail, begun(2), []).groupId).toBe(saved.id);
    expect(all.take(subjectNamed('web/PUT'), begun(301), []).groupId).not.toBe(saved.id);
    all.take(subjectNamed('web/PUT'), begun(301, 'none'), []);
    expect(all.groups()[0].because).toBe(saved.because);
    expect(idsOf(all)).toContainEqual(['pay/POST', 'web/GET', 'mail/SEND']);
  });
});

describe('who calls whom', () => {
  it('is asked for by operation, whichever way its kind is written', () => {
    const graph = new CallGraph([edge('web/GET>pay/POST')], new Set([operationOf(subjectNamed('web/GET'))]));
    expect([...graph.calleesOf(operationOf(subjectNamed('web/GET')))]).toEqual([operationOf(subjectNamed('pay/POST'))]);
    expect(graph.isPlaced(operationOf(subjectNamed('web/GET')))).toBe(true);
    expect(graph.isPlaced(operationOf(subjectNamed('pay/POST')))).toBe(false);
  });
});
