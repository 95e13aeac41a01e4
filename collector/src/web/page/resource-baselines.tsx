// What is normal for each watched series, what it is now, and how near it is to its limit.
import type { ComponentChildren } from 'preact';
import type { ResourceLinesAnswer } from '../api.ts';
import { CountTable } from './count-table.tsx';
import { counted } from './format.ts';
import { limitWords, stateWords, usualWords, valueWords, whoseWords } from './resource-baseline-words.ts';

export function ResourceBaselines({ answer }: { answer: ResourceLinesAnswer }): ComponentChildren {
  const { series, leftOut } = answer;
  if (series.length === 0) return null;
  const telling = series.filter(({ severity }) => severity !== undefined).length;
  return (
    <details class="panel baselines" open={telling > 0}>
      <summary>
        Baselines of {counted(series.length, 'series', 'series')}
        {telling > 0 && <strong class="telling">, {telling} to be looked at</strong>}
      </summary>
      <CountTable
        caption="What is usual, and what is now"
        hidesCaption
        nameColumn="Series"
        columns={['Now', 'Usual', 'Limit', 'State']}
        rows={series.map((line) => ({
          id: line.key,
          name: (
            <>
              {line.metric}
              <span class="service below">{whoseWords(line)}</span>
            </>
          ),
          cells: [
            valueWords(line.current, line.unit),
            usualWords(line),
            limitWords(line),
            line.severity === undefined ? stateWords(line) : <strong class="telling">{stateWords(line)}</strong>,
          ],
        }))}
      />
      {leftOut > 0 && (
        <p class="note">
          {counted(leftOut, 'series', 'series')} found no room among those that are watched; raise{' '}
          <code>resources.max_series</code> to watch them.
        </p>
      )}
    </details>
  );
}
