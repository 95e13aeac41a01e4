// A name with what it stands for, or with a number and a few words on what that means; stands in `dl.facts`.
import type { ComponentChildren } from 'preact';

interface FactProps {
  readonly name: string;
  readonly value?: string;
  readonly children: ComponentChildren;
}

export function Fact({ name, value, children }: FactProps): ComponentChildren {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value !== undefined && <span class="value">{value}</span>}
        {value !== undefined && ' '}
        {children}
      </dd>
    </div>
  );
}
