// One group of violations: what, since when, how far off, and what shows it.
import type { ComponentChildren } from 'preact';
import type { GroupSummary, Violation } from '../api.ts';
import { AlertPanel, type Desk } from './alert-panel.tsx';
import { chanceText, lastedText, quantilesText, ratioText, shareText } from './baseline-words.ts';
import { ago, counted, dateTime } from './format.ts';
import { Mark } from './mark.tsx';
import { NormalRows } from './normal-rows.tsx';
import { linkTo } from './route.ts';

interface GroupProps {
  readonly group: GroupSummary;
  readonly desk: Desk;
  readonly nowMs: number;
}

export function ViolationPanel({ group, desk, nowMs }: GroupProps): ComponentChildren {
  const [first, ...others] = group.members;
  const alert = desk.alerts.get(group.id);
  if (first === undefined) return null;
  const left = group.memberCount - group.members.length;
  return (
    <section class="panel violation" aria-label={first.explanation.summary}>
      <div class="panel-head">
        <h3>
          <Severity severity={first.severity} peak={first.peak} /> {first.explanation.summary}
        </h3>
        <p>
          <a href={linkTo({ view: 'violations', group: group.id })}>
            since <time dateTime={new Date(group.onsetMs).toISOString()}>{dateTime(group.onsetMs).slice(0, 19)}</time>
          </a>
          , for {lastedText(group, nowMs)}
          {group.severity !== first.severity && `, ${group.severity} at the worst of ${group.memberCount}`}
          {group.severity === 'none' && `, over ${ago(nowMs - group.changedMs)}`}
        </p>
      </div>
      <Evidence violation={first} because={group.because} />
      {others.length > 0 && (
        <>
          <h4>What moved with it</h4>
          <ul class="members">
            {others.map((member) => (
              <li key={member.id}>
                <Severity severity={member.severity} peak={member.peak} /> {member.explanation.summary}
                <Traces of={member} />
              </li>
            ))}
          </ul>
        </>
      )}
      {left > 0 && <p class="note">And {counted(left, 'further violation')}.</p>}
      {alert !== undefined && <AlertPanel alert={alert} cause={first} desk={desk} nowMs={nowMs} />}
    </section>
  );
}

function Severity({ severity, peak }: Pick<Violation, 'severity' | 'peak'>): ComponentChildren {
  if (severity === 'none') return <span class="mark">over, was {peak}</span>;
  return (
    <>
      <span class={`mark severity-${severity}`}>{severity}</span>
      {severity !== peak && <Mark>was {peak}</Mark>}
    </>
  );
}

/** Rows of what is known; what is not known has none. */
function Evidence({ violation, because }: { violation: Violation; because: string | undefined }): ComponentChildren {
  const { kind, ratio, explanation } = violation;
  const { quantiles, calls, oneInDays, bottleneck, change } = explanation;
  const isOperation = 'span.name' in violation.subject.attributes;
  return (
    <dl class="facts">
      {kind !== 'throughput' && kind !== 'hang' && kind !== 'data_loss' && (
        <Row name={RATIO_NAMES[kind]}>{ratioText(ratio)}</Row>
      )}
      {quantiles.length > 0 && <Row name="Quantiles moved">{quantilesText(quantiles)}</Row>}
      {calls > 0 && <Row name="Rests on">{counted(calls, kind === 'throughput' ? 'missing call' : 'call')}</Row>}
      {kind !== 'target' && kind !== 'data_loss' && <Row name="By chance alone">{chanceText(oneInDays)}</Row>}
      {kind !== 'target' && isOperation && <NormalRows subjectKey={violation.subject.key} />}
      {because !== undefined && <Row name="Likely the cause">{because}</Row>}
      {bottleneck !== undefined && (
        <Row name="Where the time goes">
          <strong>{bottleneck.operation}</strong> explains {shareText(bottleneck.share)}. {bottleneck.recommendation}
        </Row>
      )}
      {change !== undefined && <Row name="Changed nearby">{change}</Row>}
      {isOperation && (
        <Row name="Seen in">
          <Traces of={violation} none="No trace of it was kept yet." />
        </Row>
      )}
    </dl>
  );
}

const RATIO_NAMES: Readonly<Record<Violation['kind'], string>> = {
  latency: 'Durations',
  error: 'Failed calls',
  throughput: 'Calls',
  hang: 'Ends of calls',
  resource: 'Against its baseline',
  target: 'Against its target',
  data_loss: 'Against what may wait',
};

function Row({ name, children }: { name: string; children: ComponentChildren }): ComponentChildren {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Traces({ of, none = '' }: { of: Violation; none?: string }): ComponentChildren {
  const { traceIds } = of.explanation;
  if (traceIds.length === 0) return none;
  return traceIds.map((traceId, i) => (
    <span key={traceId}>
      {' '}
      <a href={linkTo({ view: 'trace', traceId })} aria-label={`Trace ${traceId}, number ${i + 1}`}>
        <code>{traceId.slice(0, 8)}</code>
      </a>
    </span>
  ));
}
