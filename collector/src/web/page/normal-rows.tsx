// What is normal for what is in violation, and what of it would be seen how soon: beside what is measured now.
import type { ComponentChildren } from 'preact';
import type { BaselineAnswer } from '../api.ts';
import { useAnswer } from './answer.ts';
import { learnedText, seasonText, sightsText } from './baseline-words.ts';
import { percent, perSecond } from './format.ts';

/** Rows of `dl.facts`; none of a resource, or where it is not known (any more). Asked for once. */
export function NormalRows({ subjectKey }: { subjectKey: string }): ComponentChildren {
  const { answer } = useAnswer<BaselineAnswer>(`api/baselines/${encodeURIComponent(subjectKey)}`, () => false);
  const learned = answer?.learned;
  if (learned === undefined) return null;
  const { quantiles, errorRatio, callsPerSecond, sight } = learned;
  const season = answer?.detail?.season;
  return (
    <>
      <div>
        <dt>Normally</dt>
        <dd>
          {quantiles.map(learnedText).join(', ')}; {percent(errorRatio)} errors, {perSecond(callsPerSecond)} calls/s
        </dd>
      </div>
      {season !== undefined && (
        <div>
          <dt>Season</dt>
          <dd>{seasonText(season)}</dd>
        </div>
      )}
      <div>
        <dt>Would be seen</dt>
        <dd>{sightsText(sight)}</dd>
      </div>
    </>
  );
}
