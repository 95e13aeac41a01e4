// A notice where an answer of the API is old or missing.
import type { ComponentChildren } from 'preact';
import type { Loaded } from './answer.ts';

export function NotRefreshed({ loaded }: { loaded: Loaded<unknown> }): ComponentChildren {
  const { answer, problem } = loaded;
  if (problem === '') return null;
  return (
    <p class="notice warn">
      Not refreshed: {problem}. {answer === undefined ? 'Trying again.' : 'The numbers below are from earlier.'}
    </p>
  );
}
