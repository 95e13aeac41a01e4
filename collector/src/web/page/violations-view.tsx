// Violations: what left its baseline and is not back yet, the worst first; below it what is over.
import type { ComponentChildren } from 'preact';
import type {
  AccessAnswer,
  BaselinesAnswer,
  GroupSummary,
  TargetsAnswer,
  ViolationGroupAnswer,
  ViolationsAnswer,
} from '../api.ts';
import type { Desk } from './alert-panel.tsx';
import { shownAlerts } from './alert-words.ts';
import { useAnswer } from './answer.ts';
import { bySeverity, lastedText, openText, watchedText } from './baseline-words.ts';
import { Waiting } from './empty-state.tsx';
import type { LiveFeed } from './feed.ts';
import { counted, dateTime } from './format.ts';
import { useFeed } from './hooks.ts';
import { LearningTable } from './learning-table.tsx';
import { NotRefreshed } from './not-refreshed.tsx';
import { linkTo, type ViolationsRoute } from './route.ts';
import { SilencesPanel } from './silences-panel.tsx';
import { TargetsTable } from './targets-table.tsx';
import { ViolationPanel } from './violation-panel.tsx';

/** Of those that are still learning; the rest is a number. */
const LEARNING_SHOWN = 20;

export function ViolationsView({ route, feed }: { route: ViolationsRoute; feed: LiveFeed }): ComponentChildren {
  return route.group === '' ? <AllViolations feed={feed} /> : <OneGroup id={route.group} feed={feed} />;
}

function AllViolations({ feed }: { feed: LiveFeed }): ComponentChildren {
  const { violations, alerts, phase } = useFeed(feed);
  const desk = useDesk(feed);
  const watched = useAnswer<BaselinesAnswer>(
    `api/baselines?state=learning&limit=${LEARNING_SHOWN}`,
    () => phase !== 'paused',
  );
  const targets = useAnswer<TargetsAnswer>('api/targets', () => phase !== 'paused');
  return (
    <>
      <h1>Violations</h1>
      {watched.status === 404 ? <BaselinesOff /> : <NotRefreshed loaded={watched} />}
      {violations === undefined && watched.status !== 404 && <Waiting>Asking what left its baseline…</Waiting>}
      {violations !== undefined && <Groups answer={violations} desk={desk} nowMs={feed.nowMs()} />}
      {targets.answer !== undefined && <TargetsTable targets={targets.answer.targets} nowMs={feed.nowMs()} />}
      {alerts !== undefined && <SilencesPanel answer={alerts} access={desk.access} nowMs={feed.nowMs()} />}
      {watched.answer !== undefined && <Watched answer={watched.answer} />}
    </>
  );
}

/** What the panels of alerts share; whether something may be changed is asked once. */
function useDesk(feed: LiveFeed): Desk {
  const { alerts } = useFeed(feed);
  const access = useAnswer<AccessAnswer>('api/access', () => false);
  return { alerts: shownAlerts(alerts), feedback: alerts?.feedback ?? [], access: access.answer };
}

function BaselinesOff(): ComponentChildren {
  return (
    <section class="empty">
      <h2>Baselines are off</h2>
      <p>
        Nothing is learned and nothing is watched, because the configuration says <code>baseline: false</code> or{' '}
        <code>measure: false</code>. Take it out to be told here when an operation becomes slower, fails more often or
        stops.
      </p>
    </section>
  );
}

interface GroupsProps {
  readonly answer: ViolationsAnswer;
  readonly desk: Desk;
  readonly nowMs: number;
}

function Groups({ answer, desk, nowMs }: GroupsProps): ComponentChildren {
  const open = bySeverity(answer.groups);
  const past = answer.groups.filter(({ severity }) => severity === 'none');
  const left = answer.groupCount - answer.groups.length;
  return (
    <>
      {open.length === 0 ? (
        <section class="empty">
          <h2>Nothing is in violation</h2>
          <p>Every operation whose baseline is known is within what is normal for it.</p>
        </section>
      ) : (
        <p class="totals">
          {openText(answer.open)}, of {counted(open.length, 'cause')}
        </p>
      )}
      {open.map((group) => (
        <ViolationPanel key={group.id} group={group} desk={desk} nowMs={nowMs} />
      ))}
      {past.length > 0 && <Past groups={past} nowMs={nowMs} />}
      {left > 0 && (
        <p class="note">
          {counted(left, 'earlier group')} not shown here; <code>/api/violations?limit=500</code> lists them.
        </p>
      )}
    </>
  );
}

function Past({ groups, nowMs }: { groups: readonly GroupSummary[]; nowMs: number }): ComponentChildren {
  return (
    <section class="panel">
      <h2>Over</h2>
      <div class="sideways" tabIndex={0} role="region" aria-label="Violations that are over">
        <table>
          <caption class="hidden">Violations that are over, the latest first</caption>
          <thead>
            <tr>
              <th scope="col">Began</th>
              <th scope="col">What</th>
              <th scope="col">At its worst</th>
              <th scope="col" class="number">
                Lasted
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={group.id}>
                <td class="moment">{dateTime(group.onsetMs).slice(0, 19)}</td>
                <th scope="row">
                  <a href={linkTo({ view: 'violations', group: group.id })}>{namesOf(group)}</a>
                </th>
                <td>{group.peak}</td>
                <td class="number">{lastedText(group, nowMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function namesOf({ members, memberCount }: GroupSummary): string {
  const [first] = members;
  const more = memberCount - 1;
  return `${first?.subject.name ?? ''}${more > 0 ? ` and ${counted(more, 'other')}` : ''}`;
}

function Watched({ answer }: { answer: BaselinesAnswer }): ComponentChildren {
  return (
    <section class="panel">
      <h2>What is watched</h2>
      <p>
        {watchedText(answer.counts)} What each one is known for, and how soon a change of it would be seen, stands with
        the <a href={linkTo({ view: 'operations' })}>operations</a>.
      </p>
      {answer.baselines.length > 0 && <LearningTable lines={answer.baselines} of={answer.found} />}
    </section>
  );
}

function OneGroup({ id, feed }: { id: string; feed: LiveFeed }): ComponentChildren {
  const { phase } = useFeed(feed);
  const desk = useDesk(feed);
  const loaded = useAnswer<ViolationGroupAnswer>(`api/violations/${id}`, () => phase !== 'paused');
  const { answer, problem } = loaded;
  return (
    <>
      <p class="crumb">
        <a href={linkTo({ view: 'violations', group: '' })}>All violations</a>
      </p>
      <h1>Violation</h1>
      <NotRefreshed loaded={loaded} />
      {answer === undefined && problem === '' && <Waiting>Asking for it…</Waiting>}
      {answer !== undefined && <ViolationPanel group={answer} desk={desk} nowMs={feed.nowMs()} />}
    </>
  );
}
