// A change that is asked of the sidecar, and what became of it.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { send } from './answer.ts';

export interface Changed {
  readonly isGood: boolean;
  readonly text: string;
}

/** Says what became of a change. */
export function Outcome({ outcome }: { outcome: Changed | undefined }): ComponentChildren {
  if (outcome === undefined) return null;
  return (
    <p class={outcome.isGood ? 'granted' : 'refused'} role={outcome.isGood ? 'status' : 'alert'}>
      {outcome.text}
    </p>
  );
}

interface Changing {
  readonly outcome: Changed | undefined;
  /** @param done is said where it was taken */
  change(url: string, wish: object, done: string, method?: 'POST' | 'DELETE'): Promise<void>;
}

/** Sends a change, and holds what became of the last one. */
export function useChange(): Changing {
  const [outcome, setOutcome] = useState<Changed>();
  return {
    outcome,
    async change(url, wish, done, method) {
      const { problem } = await send(url, wish, method);
      setOutcome({ isGood: problem === '', text: problem === '' ? done : `Not done: ${problem}.` });
    },
  };
}
