// A word that sets a row apart.
import type { ComponentChildren } from 'preact';

interface MarkProps {
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Mark({ class: className = '', children }: MarkProps): ComponentChildren {
  // The space lets it wrap, and keeps it apart from the name where the text is copied or read aloud.
  return (
    <>
      {' '}
      <span class={`mark ${className}`}>{children}</span>
    </>
  );
}
