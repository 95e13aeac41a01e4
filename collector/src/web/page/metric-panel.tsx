// One metric: its attributes by the values they have, and what was folded into what.
import type { ComponentChildren } from 'preact';
import { Budget } from './cardinality-table.tsx';
import { foldText, type Metric, sinceText } from './cardinality-figures.ts';
import { count, counted } from './format.ts';
import { Mark } from './mark.tsx';

export function MetricPanel({ metric, isDryRun }: { metric: Metric; isDryRun: boolean }): ComponentChildren {
  const { folds, absorbedPoints } = metric;
  return (
    <section class="panel" aria-label="Selected metric">
      <div class="panel-head">
        <h2>
          {metric.metric} <span class="quiet-text">{metric.service}</span>
        </h2>
        <p>
          {counted(metric.series, 'series', 'series')}, {counted(metric.newPerMinute, 'new one', 'new ones')} in the
          last minute
        </p>
      </div>
      <Budget metric={metric} />
      {folds.length === 0 ? (
        <p>All of its series are within the budget; nothing is folded.</p>
      ) : (
        <>
          <h3>{isDryRun ? 'What would be folded' : 'What was folded'}</h3>
          <ul class="offenders">
            {folds.map((fold) => (
              <li key={`${fold.into} ${fold.key}`}>
                {sinceText(fold) === '' ? '' : `Since ${sinceText(fold)} `}
                {foldText(fold, isDryRun)}.
              </li>
            ))}
          </ul>
          <p class="note">
            {counted(absorbedPoints, 'data point')} {isDryRun ? 'would have gone' : 'went'} to a series they share.
          </p>
        </>
      )}
      <Attributes metric={metric} />
    </section>
  );
}

function Attributes({ metric }: { metric: Metric }): ComponentChildren {
  if (metric.attributes.length === 0) return <p class="note">It has no attributes, and so one series.</p>;
  return (
    <div class="sideways" tabIndex={0} role="region" aria-label="Attributes">
      <table>
        <caption class="hidden">Attributes by their number of values</caption>
        <thead>
          <tr>
            <th scope="col">Attribute, and some of its values</th>
            <th scope="col" class="number">
              Values, about
            </th>
          </tr>
        </thead>
        <tbody>
          {[...metric.attributes]
            .sort((a, b) => b.distinctValues - a.distinctValues)
            .map(({ key, distinctValues, isOffender, examples }) => (
              <tr key={key}>
                <th scope="row">
                  <code>{key}</code>
                  {isOffender && <Mark class="doubtful">brings most series</Mark>}
                  <span class="below examples">
                    {examples.map((example) => (
                      <code key={example}>{example}</code>
                    ))}
                  </span>
                </th>
                <td class="number">{count(distinctValues)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
