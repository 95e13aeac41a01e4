// Operations of which too little is known yet, and how far each is.
import type { ComponentChildren } from 'preact';
import type { BaselineLine } from '../api.ts';
import { progressRatio, progressText } from './baseline-words.ts';
import { count } from './format.ts';

export function LearningTable({ lines, of }: { lines: readonly BaselineLine[]; of: number }): ComponentChildren {
  return (
    <>
      <div class="sideways" tabIndex={0} role="region" aria-label="Operations that are still being learned">
        <table>
          <caption class="hidden">Operations that are still being learned</caption>
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">Learned so far</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.key}>
                <th scope="row">
                  {line.operation} <span class="service">{line.service}</span>
                </th>
                <td>
                  <LearningProgress line={line} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {of > lines.length && (
        <p class="note">
          {count(lines.length)} of {count(of)} are shown.
        </p>
      )}
    </>
  );
}

export function LearningProgress({ line }: { line: BaselineLine }): ComponentChildren {
  return (
    <span class="budget">
      <span class="budget-bar" aria-hidden="true">
        <span style={{ width: `${100 * progressRatio(line)}%` }} />
      </span>
      {progressText(line)}
    </span>
  );
}
