// Asks the sidecar to tell nobody of what matches, for a time; begins with what a violation is of.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { SilenceAnswer, Violation } from '../api.ts';
import { type Changed, Outcome } from './change.tsx';
import { send } from './answer.ts';
import { SILENCE_TIMES, silencedText, silenceOf, type TypedSilence, typedFor } from './silence-wish.ts';
import { byWho } from './who.ts';

const MAX_COMMENT = 500;

interface SilenceFormProps {
  readonly alertId: string;
  readonly cause: Violation;
  readonly nowMs: number;
}

export function SilenceForm({ alertId, cause, nowMs }: SilenceFormProps): ComponentChildren {
  const [typed, setTyped] = useState<TypedSilence>(() => typedFor(cause));
  const [outcome, setOutcome] = useState<Changed>();
  const change = (changed: Partial<TypedSilence>): void => setTyped((before) => ({ ...before, ...changed }));
  const silence = async (time: string | undefined): Promise<void> => {
    const wish = silenceOf(typed, { alertId, kind: cause.kind }, time, nowMs);
    if (typeof wish === 'string') return setOutcome({ isGood: false, text: wish });
    const { answer, problem } = await send<SilenceAnswer>('api/silences', { ...wish, ...byWho() });
    if (answer === undefined) return setOutcome({ isGood: false, text: `Not silenced: ${problem}.` });
    setOutcome({ isGood: true, text: silencedText(answer, alertId) });
  };
  return (
    <details class="silence">
      <summary>Silence…</summary>
      <form
        class="keep"
        onSubmit={(event) => {
          event.preventDefault();
          void silence(undefined);
        }}
      >
        <Matchers typed={typed} kind={cause.kind} onChange={change} />
        <label>
          Why
          <input
            value={typed.comment}
            maxLength={MAX_COMMENT}
            onInput={(event) => change({ comment: event.currentTarget.value })}
          />
        </label>
        <span role="group" aria-label="Silence for" class="actions">
          For
          {SILENCE_TIMES.map(({ value, text }) => (
            <button key={value} type="button" onClick={() => void silence(value)}>
              {text}
            </button>
          ))}
        </span>
        <label>
          or until
          <input
            type="datetime-local"
            value={typed.until}
            onInput={(event) => change({ until: event.currentTarget.value })}
          />
        </label>
        <button type="submit">Silence until then</button>
        <Outcome outcome={outcome} />
      </form>
    </details>
  );
}

interface MatchersProps {
  readonly typed: TypedSilence;
  readonly kind: Violation['kind'];
  readonly onChange: (changed: Partial<TypedSilence>) => void;
}

function Matchers({ typed, kind, onChange }: MatchersProps): ComponentChildren {
  const { attributes, meant } = typed;
  return (
    <>
      <label>
        What
        <select
          value={meant}
          onChange={(event) => onChange({ meant: event.currentTarget.value as TypedSilence['meant'] })}
        >
          <option value="matching">whatever happens to</option>
          <option value="kind">{kind} of</option>
          <option value="alert">this alert, and what joins it</option>
        </select>
      </label>
      {meant !== 'alert' &&
        Object.entries(attributes).map(([name, value]) => (
          <label key={name}>
            {name}
            <input
              value={value}
              placeholder="empty for any"
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => onChange({ attributes: { ...attributes, [name]: event.currentTarget.value } })}
            />
          </label>
        ))}
    </>
  );
}
