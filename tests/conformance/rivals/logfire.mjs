// Logfire: `instrument`, with its defaults, which record neither arguments nor results.
import { instrument } from 'logfire';
import { register } from './provider.mjs';
import { watching } from './spans.mjs';

export function subject(processor) {
  return {
    ...watching(register(processor)),
    name: 'Logfire instrument',
    wrap: (name, fn) => instrument(fn, { message: name, spanName: name }),
  };
}
