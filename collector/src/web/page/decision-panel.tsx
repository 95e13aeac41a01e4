// The decision on one trace: what each policy made of it, and since when decisions are known.
import type { ComponentChildren } from 'preact';
import type { DecisionAnswer, DecisionJson, PolicyFinding } from '../api.ts';
import { FINDINGS } from '../finding-words.ts';
import { useAnswer } from './answer.ts';
import { Waiting } from './empty-state.tsx';
import { count, dateTime, duration, percent } from './format.ts';
import { linkTo } from './route.ts';

const TITLES: Readonly<Record<DecisionAnswer['state'], string>> = {
  kept: 'Why it was kept',
  dropped: 'Why it was dropped',
  pending: 'Not decided yet',
  unseen: 'Not seen',
};

/** @param folded shows the title only, until it is asked for more */
export function DecisionPanel({ traceId, folded }: { traceId: string; folded: boolean }): ComponentChildren {
  const { answer, problem } = useAnswer<DecisionAnswer>(
    `api/traces/${traceId}/decision`,
    // What is decided stays so.
    (shown) => shown === undefined || shown.state === 'pending' || shown.state === 'unseen',
  );
  if (answer === undefined)
    return problem === '' ? <Waiting>Asking for the decision…</Waiting> : <p class="notice warn">Why: {problem}.</p>;
  const title = TITLES[answer.state];
  if (folded)
    return (
      <details class="panel">
        <summary>{title}</summary>
        <Decision answer={answer} />
      </details>
    );
  return (
    <section class="panel">
      <h2>{title}</h2>
      <Decision answer={answer} />
    </section>
  );
}

function Decision({ answer }: { answer: DecisionAnswer }): ComponentChildren {
  const { traceId, state, summary, decision, policies, horizon } = answer;
  return (
    <>
      <p>{summary}</p>
      {/* What is decided stays so. */}
      {(state === 'pending' || state === 'unseen') && (
        <p>
          <a href={linkTo({ view: 'sampling', service: '', operation: '', traceId })}>Keep this trace</a>, should it be
          decided soon.
        </p>
      )}
      {decision !== undefined && <Inputs decision={decision} />}
      {policies.length > 0 && <Policies policies={policies} />}
      <p class="note">
        Every decision since {dateTime(horizon.sinceMs)} is known
        {horizon.earlier
          .map(({ fromMs, toMs }) => `, and those from ${dateTime(fromMs)} to ${dateTime(toMs)}`)
          .join('')}
        .
      </p>
    </>
  );
}

function Inputs({ decision }: { decision: DecisionJson }): ComponentChildren {
  const { threshold, ratio, randomness, keptFromRatio, rootMs, spanCount, hasError, foundIn, linkedFrom } = decision;
  const facts = [
    ['Decided', `${dateTime(decision.decidedMs)}, found ${foundIn === 'disk' ? 'on disk' : 'in memory'}`],
    ['Spans', `${count(spanCount)}${hasError ? ', with an error' : ', none failed'}`],
    ['Entry span', `${duration(decision.longestEntryMs)} at most`],
    ['Root span', rootMs === undefined ? 'had not come' : duration(rootMs)],
    ['Threshold', threshold === '' ? 'none was compared' : `${threshold}, keeps ${percent(ratio)}`],
    ['Randomness', `${randomness}, kept by a share from ${percent(keptFromRatio)} up`],
  ];
  return (
    <dl class="facts">
      {linkedFrom !== undefined && (
        <div>
          <dt>Linked from</dt>
          <dd>
            <a href={linkTo({ view: 'trace', traceId: linkedFrom })}>{linkedFrom}</a>
          </dd>
        </div>
      )}
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Policies({ policies }: { policies: readonly PolicyFinding[] }): ComponentChildren {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Policies">
      <table>
        <caption class="hidden">What each policy made of the trace</caption>
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col">Finding</th>
            <th scope="col">Because</th>
          </tr>
        </thead>
        <tbody>
          {policies.map(({ name, finding, decided, text }) => (
            <tr key={name}>
              <th scope="row">
                {name} {decided && <span class="mark">decided</span>}
              </th>
              <td>{FINDINGS[finding]}</td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
