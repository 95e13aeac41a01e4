// A field that narrows a table; `/` leads to it from anywhere on the page.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { count } from './format.ts';

interface FilterProps {
  readonly text: string;
  readonly placeholder: string;
  readonly onChange: (text: string) => void;
  readonly found: number;
  readonly of: number;
}

export function SearchFilter({ text, placeholder, onChange, found, of }: FilterProps): ComponentChildren {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return (
    <div class="filters" role="search">
      <label>
        Filter <kbd>/</kbd>
        <input
          ref={input}
          type="search"
          value={text}
          placeholder={placeholder}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      </label>
      {text !== '' && (
        <span class="found">
          {count(found)} of {count(of)}
        </span>
      )}
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement
  );
}
