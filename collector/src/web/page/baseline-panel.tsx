// What is known of one operation, and what of it would be seen; part of the panel of that operation.
import type { ComponentChildren } from 'preact';
import type { BaselineAnswer, BaselineDetail, LearnedSummary } from '../api.ts';
import { useAnswer } from './answer.ts';
import { factor, learnedText, progressText, seasonText, seenSoon, sightText } from './baseline-words.ts';
import { DensityChart } from './density-chart.tsx';
import { dateTime, percent, perSecond } from './format.ts';
import { LearningProgress } from './learning-table.tsx';

/** Changes of a service that are listed; the rest is in the API. */
const MAX_CHANGES = 3;

interface BaselinePanelProps {
  readonly baselineKey: string;
  readonly isLive: boolean;
}

export function BaselinePanel({ baselineKey, isLive }: BaselinePanelProps): ComponentChildren {
  const { answer, problem, status } = useAnswer<BaselineAnswer>(
    `api/baselines/${encodeURIComponent(baselineKey)}`,
    () => isLive,
  );
  // Where nothing is watched there is nothing to say.
  if (status === 404) return null;
  return (
    <div class="baseline">
      <h3>Baseline {answer !== undefined && <span class={`mark baseline-${answer.state}`}>{answer.state}</span>}</h3>
      {answer === undefined && <p class="waiting">{problem === '' ? 'Asking what is normal…' : problem}</p>}
      {answer !== undefined && <Known answer={answer} />}
    </div>
  );
}

function Known({ answer }: { answer: BaselineAnswer }): ComponentChildren {
  const { learned, detail, state } = answer;
  if (learned === undefined)
    return (
      <>
        <LearningProgress line={answer} />
        <p class="note">A first, wider baseline is there after three minutes of traffic.</p>
      </>
    );
  return (
    <div class="columns">
      <div>
        <Normal learned={learned} />
        <p class="note">
          Learned until {dateTime(learned.learnedMs).slice(0, 19)} from {progressText(answer)}, confidence{' '}
          {percent(learned.confidence)}
          {learned.serviceVersion !== undefined && `, under version ${learned.serviceVersion}`}.
          {state === 'provisional' && ' Until more is known, only what is much slower is said.'}
          {detail !== undefined && ` Slower by less than ${factor(detail.guardRatio)} × is normal.`}
          {detail?.season !== undefined && ` ${seasonText(detail.season)}`}
        </p>
        {detail !== undefined && <Changes changes={detail.changes} />}
      </div>
      <Seen learned={learned} />
      {detail !== undefined && <DensityChart density={detail.density} quantiles={learned.quantiles} />}
    </div>
  );
}

/** What was changed of its service of late. */
function Changes({ changes }: Pick<BaselineDetail, 'changes'>): ComponentChildren {
  if (changes.length === 0) return null;
  return (
    <ul class="plain">
      {changes.slice(0, MAX_CHANGES).map(({ timeMs, text }) => (
        <li key={`${timeMs} ${text}`}>
          {dateTime(timeMs).slice(0, 19)} {text}
        </li>
      ))}
    </ul>
  );
}

function Normal({ learned }: { learned: LearnedSummary }): ComponentChildren {
  const { quantiles, errorRatio, callsPerSecond, levels } = learned;
  return (
    <ul class="plain">
      {quantiles.map((each) => (
        <li key={each.quantile}>{learnedText(each)}</li>
      ))}
      {quantiles.length < 3 && (
        <li class="quiet-text">too few calls to tell the p{quantiles.length < 2 ? '95' : '99'}</li>
      )}
      <li>
        {percent(errorRatio)} errors, {perSecond(callsPerSecond)} calls/s
      </li>
      {levels > 0 && <li>{levels === 1 ? 'one other level' : `${levels} other levels`} it alternates with</li>}
    </ul>
  );
}

function Seen({ learned }: { learned: LearnedSummary }): ComponentChildren {
  const soon = seenSoon(learned.sight);
  const rest = learned.sight.filter((each) => !soon.includes(each));
  return (
    <div>
      <h4>Would be seen within a minute</h4>
      {soon.length === 0 ? <p>Nothing: it is called too seldom.</p> : <SightList sight={soon} />}
      {rest.length > 0 && (
        <>
          <h4>Later</h4>
          <SightList sight={rest} />
        </>
      )}
    </div>
  );
}

function SightList({ sight }: { sight: LearnedSummary['sight'] }): ComponentChildren {
  return (
    <ul class="plain">
      {sight.map((each) => (
        <li key={`${each.kind} ${each.to}`}>{sightText(each)}</li>
      ))}
    </ul>
  );
}
