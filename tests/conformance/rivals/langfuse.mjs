// Langfuse: `observe`, with inputs and outputs not recorded, which passes more rows than with them.
import { observe } from '@langfuse/tracing';
import { register } from './provider.mjs';
import { watching } from './spans.mjs';

export function subject(processor) {
  return {
    ...watching(register(processor)),
    name: 'Langfuse observe',
    wrap: (name, fn) => observe(fn, { name, captureInput: false, captureOutput: false }),
  };
}
