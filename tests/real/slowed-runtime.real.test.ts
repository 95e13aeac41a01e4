// The sidecar beside the reference runtime, both as a user starts them, in real time: a dependency of the runtime becomes
// slow and recovers, and those who are to be told are told once.
import { expect, it } from 'vitest';
import type { Subject } from '../../collector/src/baseline/contract.ts';
import type { BaselinesAnswer, GroupSummary, ViolationsAnswer } from '../../collector/src/web/api.ts';
import { type Hook, hookServer } from '../support/alert-rig.ts';
import { eventually } from '../support/eventually.ts';
import { mailServer } from '../support/mail-server.ts';
import { startAlertmanager } from '../support/real-alertmanager.ts';
import { describeWith, getJson } from '../support/real-parts.ts';
import { type RunningSidecar, startSidecar } from '../support/sidecar.ts';
import { startWorkflowRuntime } from '../support/workflow-runtime.ts';

/** Of each route: what is called as often as this is promised to be found within a minute. */
const CALLS_PER_SECOND = 6;
/** Each query is done so many times over: some milliseconds instead of a part of one. */
const SLOWDOWN = 150;
/** The operations of the slow dependency: what the table is asked for. */
const QUERY = /^workflow-runtime SELECT (package|finding)$/;
/** Some that wait for it. */
const CALLERS = ['GET /packages', 'GET /packages/:name'];
/** A provisional baseline takes three minutes; where the machine is busy, windows may be left out. */
const LEARNING_MS = 420_000;
/** What is promised of a violation: from the change until it is said, and from recovery until it is over. */
const PROMISED_MS = 60_000;
const OTHERS_MS = 300_000;

interface Told {
  readonly occasion: string;
  readonly severity: string;
  readonly group: { readonly id: string };
}

function told({ posted }: Hook): Told[] {
  return posted.map(({ body }) => JSON.parse(body) as Told);
}

/** What its API says now. */
function asking({ urls }: RunningSidecar) {
  const get = <T>(path: string): Promise<T | undefined> => getJson<T>(`${urls.page}/api/${path}`);
  return {
    get,
    /** Groups that go on. There is never more than one. */
    async open(): Promise<readonly GroupSummary[]> {
      const { groups = [] } = (await get<ViolationsAnswer>('violations?limit=50')) ?? {};
      const open = groups.filter(({ severity }) => severity !== 'none');
      expect(open.map(saying).slice(1), `beside ${open.slice(0, 1).map(saying).join('')}`).toEqual([]);
      return open;
    },
    /** What is known of operations, by name. */
    async states(...names: readonly string[]): Promise<string[]> {
      const { baselines = [] } = (await get<BaselinesAnswer>('baselines?limit=50')) ?? {};
      return names.map((name) => baselines.find(({ operation }) => operation === name)?.state ?? 'unknown');
    },
  };
}

function isOfTable({ name, attributes }: Subject): boolean {
  return QUERY.test(name) || CALLERS.includes(attributes['span.name'] ?? '');
}

/** For a failure to tell what was found. */
function saying({ members }: GroupSummary): string {
  return members.map(({ severity, explanation }) => `${severity}: ${explanation.summary}`).join('; ');
}

describeWith(['alertmanager'], 'a dependency of the runtime that becomes slow', ({ alertmanager }) => {
  it(
    'is one violation within a minute, named and shown by traces, told once everywhere, and over within a minute',
    async () => {
      const [hook, behind, mails] = [await hookServer(), await hookServer(), await mailServer()];
      const fleet = await startAlertmanager(alertmanager, behind);
      const to = { from: 'evenkeel@example.com', to: ['ada@example.com'] };
      const channels = {
        fleet: { type: 'alertmanager', url: fleet.url, resend_interval: '1s' },
        ops: { type: 'webhook', url: hook.url, min_severity: 'critical' },
        mail: { type: 'email', host: '127.0.0.1', port: mails.port, security: 'none', ...to },
      };
      const config = { alert: { channels }, sources: { unsampled: ['workflow-runtime'] } };
      const sidecar = await startSidecar({ config: JSON.stringify(config) });
      const { get, open, states } = asking(sidecar);
      const runtime = await startWorkflowRuntime(sidecar.urls.otlpHttp);
      await runtime.keepBusy(CALLS_PER_SECOND);

      // Provisional baselines are enough: whole ones take ten minutes.
      let known: string[] = [];
      await eventually(
        () => `baselines: ${known.join(', ')}`,
        async () => {
          expect(await open()).toEqual([]);
          known = await states('SELECT package', ...CALLERS);
          return known.every((state) => state === 'provisional' || state === 'learned');
        },
        LEARNING_MS,
      );

      await runtime.slow('table', SLOWDOWN);
      let seen = 'nothing';
      const { id, because, members } = await eventually(
        () => `a violation with its evidence; found: ${seen}`,
        async () => {
          const [group] = await open();
          if (group === undefined) return undefined;
          seen = JSON.stringify(group);
          const [cause, ...others] = group.members;
          const isShown = QUERY.test(cause?.subject.name ?? '') && cause.explanation.traceIds.length >= 3;
          return group.severity === 'critical' && isShown && others.length > 0 && group;
        },
        PROMISED_MS,
      );
      expect(because).toMatch(/call it, and it calls none of them$|^the other one calls it/);
      for (const traceId of members[0]?.explanation.traceIds ?? []) {
        const trace = await get<{ spans: readonly { name: string }[] }>(`traces/${traceId}`);
        expect(trace?.spans.map(({ name }) => `workflow-runtime ${name}`)).toContainEqual(expect.stringMatching(QUERY));
      }
      await eventually('Alertmanager to show it', async () => {
        const alerts = await fleet.shown();
        return alerts[0]?.labels['severity'] === 'critical';
      });
      await Promise.all([hook.received(1), mails.received(1)]);
      // What waits for it leaves its baseline later, and is part of it.
      await eventually(
        'one that waits for it',
        async () => {
          await open();
          const group = await get<GroupSummary>(`violations/${id}`);
          const names = new Set(group?.members.map(({ subject }) => subject.attributes['span.name']));
          return CALLERS.some((name) => names.has(name));
        },
        PROMISED_MS,
      );
      expect((await fleet.shown()).map(({ labels }) => labels['group'])).toEqual([id]);

      await runtime.slow('table', 1);
      await eventually(
        () => `the queries and who waits for them to be over; open: ${seen}`,
        async () => {
          const left = (await open()).flatMap((each) => each.members).filter(({ severity }) => severity !== 'none');
          seen = JSON.stringify(left);
          return !left.some(({ subject }) => isOfTable(subject));
        },
        PROMISED_MS,
      );
      // Of other calls a few waited until a query was done; that none does any more takes many calls to tell.
      await eventually(
        () => `all to be over; open: ${seen}`,
        async () => {
          const left = await open();
          seen = JSON.stringify(left);
          return left.length === 0;
        },
        OTHERS_MS,
      );
      await Promise.all([hook.received(2), mails.received(2)]);
      await eventually('Alertmanager to show nothing', async () => (await fleet.shown()).length === 0);
      expect(told(hook).map(({ occasion, severity, group }) => `${occasion} ${severity} ${group.id}`)).toEqual([
        `firing critical ${id}`,
        `resolved critical ${id}`,
      ]);
      expect(mails.mails.map((mail) => mail.header('subject'))).toEqual([
        expect.stringMatching(/^\[critical\] workflow-runtime .*: latency [\d.]+×/),
        expect.stringMatching(/^\[resolved\] workflow-runtime /),
      ]);
    },
    LEARNING_MS + 4 * PROMISED_MS + OTHERS_MS,
  );
});
