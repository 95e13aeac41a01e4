// nestjs-otel: its decorator `Span`, applied to the descriptor of a method as TypeScript's legacy rules do.
import nestjsOtel from 'nestjs-otel';
import { register } from './provider.mjs';
import { watching } from './spans.mjs';

export function subject(processor) {
  return {
    ...watching(register(processor)),
    name: 'nestjs-otel Span',
    wrap(name, fn) {
      const descriptor = { value: fn, writable: true, configurable: true, enumerable: false };
      nestjsOtel.Span(name)({}, fn.name, descriptor);
      return descriptor.value;
    },
  };
}
