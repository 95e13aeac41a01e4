// Where the id of any trace can be pasted, to learn why it was kept or dropped.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { linkTo, traceIdIn } from './route.ts';

export function WhyBox(): ComponentChildren {
  const [text, setText] = useState('');
  const [isRefused, setRefused] = useState(false);
  const ask = (event: Event): void => {
    event.preventDefault();
    const traceId = traceIdIn(text);
    setRefused(traceId === undefined);
    if (traceId !== undefined) location.assign(linkTo({ view: 'trace', traceId }));
  };
  return (
    <form class="filters" onSubmit={ask}>
      <label>
        Why was a trace kept or dropped?
        <input
          type="search"
          placeholder="paste its id or a traceparent"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={isRefused}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Why?</button>
      {isRefused && <span role="alert">A trace id has 32 hexadecimal digits.</span>}
    </form>
  );
}
