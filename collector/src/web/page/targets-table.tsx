// Fixed targets, each with what is nearest to its bound or beyond it.
import type { ComponentChildren } from 'preact';
import type { TargetLine } from '../api.ts';
import { NONE } from './format.ts';
import { Mark } from './mark.tsx';
import { isJudged, missedFirst, stateText } from './target-words.ts';

interface TargetsTableProps {
  readonly targets: readonly TargetLine[];
  readonly nowMs: number;
}

export function TargetsTable({ targets, nowMs }: TargetsTableProps): ComponentChildren {
  if (targets.length === 0) return undefined;
  const judged = missedFirst(targets.filter(isJudged));
  const idle = targets.filter((target) => !isJudged(target));
  return (
    <section class="panel">
      <h2>Targets</h2>
      {judged.length > 0 && (
        <div class="sideways" tabIndex={0} role="region" aria-label="Targets">
          <table class="targets">
            <caption class="hidden">Targets, those that are missed first</caption>
            <thead>
              <tr>
                <th scope="col">Target</th>
                <th scope="col">Bound</th>
                <th scope="col">Nearest to it, or beyond</th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {judged.map((target) => (
                <Row key={target.name} target={target} nowMs={nowMs} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {idle.length > 0 && <p class="note">Nothing to judge yet: {idle.map(({ name }) => name).join(', ')}.</p>}
    </section>
  );
}

function Row({ target, nowMs }: { target: TargetLine; nowMs: number }): ComponentChildren {
  const { name, what, text, subjects } = target;
  const [first] = subjects;
  return (
    <tr>
      <th scope="row">
        {name} <span class="service">{what}</span>
      </th>
      <td class="moment">{text}</td>
      <td>{first === undefined || first.text === '' ? NONE : `${first.text}: ${first.name}`}</td>
      <td class="moment">
        {stateText(target, nowMs)}
        {first?.severity !== undefined && <Mark class={`severity-${first.severity}`}>{first.severity}</Mark>}
      </td>
    </tr>
  );
}
