// An account: a total, its parts, and whether they agree.
import type { ComponentChildren } from 'preact';
import { count, words } from './format.ts';

interface Term {
  readonly name: string;
  readonly value: number;
}

interface EquationProps {
  readonly total: Term;
  readonly parts: readonly Term[];
  readonly balanced: boolean;
}

export function Equation({ total, parts, balanced }: EquationProps): ComponentChildren {
  return (
    <div class="equation">
      <TermBox name={total.name} text={count(total.value)} />
      {parts.map((part, i) => (
        <span key={part.name} class="term-group">
          <span class="sign">{i === 0 ? (balanced ? '=' : '≠') : '+'}</span>
          <TermBox name={part.name} text={count(part.value)} />
        </span>
      ))}
      <span class={balanced ? 'verdict balanced' : 'verdict unbalanced'}>
        {balanced ? '✓ balances' : '✕ does not balance'}
      </span>
    </div>
  );
}

/** One term with its name below. */
export function TermBox({ name, text }: { name: string; text: string }): ComponentChildren {
  return (
    <span class="term">
      <span class="value">{text}</span> <span class="name">{name}</span>
    </span>
  );
}

interface ReasonsProps {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly none: string;
}

/** Counts by reason, those that never struck left out. */
export function Reasons({ title, counts, none }: ReasonsProps): ComponentChildren {
  const struck = Object.entries(counts).filter(([, value]) => value > 0);
  if (struck.length === 0) return <p class="quiet-text">{none}</p>;
  return (
    <table class="reasons">
      <caption>{title}</caption>
      <tbody>
        {struck.map(([reason, value]) => (
          <tr key={reason}>
            <th scope="row">{words(reason)}</th>
            <td class="number">{count(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
