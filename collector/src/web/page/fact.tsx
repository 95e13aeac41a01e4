// A number with its name and a few words on what it means; stands in `dl.facts`.
import type { ComponentChildren } from 'preact';

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly children: ComponentChildren;
}

export function Fact({ name, value, children }: FactProps): ComponentChildren {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span> {children}
      </dd>
    </div>
  );
}
