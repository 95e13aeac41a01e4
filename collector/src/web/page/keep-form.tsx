// Asks the sidecar to keep something for a time.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OperationSummary } from '../api.ts';
import { send } from './answer.ts';
import { grantedText, TIMES, type TypedWish, wishOf } from './keep-wish.ts';
import type { SamplingRoute } from './route.ts';
import { distinct, MAX_SUGGESTIONS, namesOf } from './suggestions.ts';

interface KeepFormProps {
  /** What it begins with. */
  readonly route: SamplingRoute;
  readonly operations: readonly OperationSummary[];
}

interface Outcome {
  readonly isGood: boolean;
  readonly text: string;
}

export function KeepForm({ route, operations }: KeepFormProps): ComponentChildren {
  const [typed, setTyped] = useState<TypedWish>(() => typedFrom(route));
  const [outcome, setOutcome] = useState<Outcome>();
  useEffect(() => {
    setTyped((before) => ({ ...typedFrom(route), time: before.time }));
    setOutcome(undefined);
  }, [route.service, route.operation, route.traceId]);
  const change = (changed: Partial<TypedWish>): void => setTyped((before) => ({ ...before, ...changed }));
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wish = wishOf(typed);
    if (typeof wish === 'string') return setOutcome({ isGood: false, text: wish });
    const { problem } = await send('api/pins', wish);
    setOutcome({ isGood: problem === '', text: problem === '' ? grantedText(wish) : `Not kept: ${problem}.` });
  };
  return (
    <form class="keep" onSubmit={(event) => void keep(event)}>
      <Fields typed={typed} operations={operations} onChange={change} />
      <label>
        For
        <select value={typed.time} onChange={(event) => change({ time: event.currentTarget.value })}>
          {TIMES.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Keep</button>
      {outcome !== undefined && (
        <p class={outcome.isGood ? 'granted' : 'refused'} role={outcome.isGood ? 'status' : 'alert'}>
          {outcome.text}
        </p>
      )}
    </form>
  );
}

interface FieldsProps {
  readonly typed: TypedWish;
  readonly operations: readonly OperationSummary[];
  readonly onChange: (changed: Partial<TypedWish>) => void;
}

function Fields({ typed, operations, onChange }: FieldsProps): ComponentChildren {
  const services = distinct(operations.map(({ service }) => service));
  const names = namesOf(operations, typed.service);
  return (
    <>
      <Field
        label="Service"
        value={typed.service}
        suggestions={services}
        onInput={(service) => onChange({ service })}
      />
      <Field
        label="Operation"
        value={typed.operation}
        placeholder="empty for all"
        suggestions={names}
        onInput={(operation) => onChange({ operation })}
      />
      <Field
        label="or trace"
        value={typed.trace}
        placeholder="id or traceparent"
        suggestions={[]}
        onInput={(trace) => onChange({ trace })}
      />
    </>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly suggestions: readonly string[];
  readonly onInput: (text: string) => void;
}

function Field({ label, value, placeholder = '', suggestions, onInput }: FieldProps): ComponentChildren {
  const list = `keep ${label}`.replaceAll(' ', '-');
  return (
    <label>
      {label}
      <input
        type="search"
        list={list}
        value={value}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <datalist id={list}>
        {suggestions.slice(0, MAX_SUGGESTIONS).map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </label>
  );
}

function typedFrom({ service, operation, traceId }: SamplingRoute): TypedWish {
  return { service, operation, trace: traceId, time: '10m' };
}
