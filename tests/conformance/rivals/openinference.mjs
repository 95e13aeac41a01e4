// OpenInference: `withSpan`, with inputs and outputs not recorded, which passes more rows than with them.
import { withSpan } from '@arizeai/openinference-core';
import { register } from './provider.mjs';
import { watching } from './spans.mjs';

const nothing = () => ({});

export function subject(processor) {
  return {
    ...watching(register(processor)),
    name: 'OpenInference withSpan',
    wrap: (name, fn) => withSpan(fn, { name, processInput: nothing, processOutput: nothing }),
  };
}
