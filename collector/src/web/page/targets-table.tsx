// Fixed targets, each with what is nearest to its bound or beyond it.
import type { ComponentChildren } from 'preact';
import type { TargetsAnswer } from '../api.ts';
import { NONE } from './format.ts';
import { Mark } from './mark.tsx';
import { byState, stateText } from './target-words.ts';

export function TargetsTable({ answer, nowMs }: { answer: TargetsAnswer; nowMs: number }): ComponentChildren {
  return (
    <section class="panel">
      <h2>Targets</h2>
      <div class="sideways" tabIndex={0} role="region" aria-label="Targets">
        <table>
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
            {byState(answer.targets).map((target) => {
              const { name, what, text, subjects } = target;
              const [first] = subjects;
              return (
                <tr key={name}>
                  <th scope="row">
                    {name} <span class="service">{what}</span>
                  </th>
                  <td>{text}</td>
                  <td>{first === undefined || first.text === '' ? NONE : `${first.text}: ${first.name}`}</td>
                  <td>
                    {stateText(target, nowMs)}
                    {first?.severity !== undefined && (
                      <Mark class={`severity-${first.severity}`}>{first.severity}</Mark>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
