// How a rule names what it makes.
import type { AggregateRule, OutputName } from './rule-config.ts';

/** An output alone that stands for the metric itself, and so has its name. */
const KEEPS_NAME: readonly OutputName[] = ['sum', 'increase', 'last', 'histogram'];

/** The template by which a rule names what it makes. */
export function nameTemplate({
  output_name,
  outputs,
  input,
}: Pick<AggregateRule, 'output_name' | 'outputs' | 'input'>): string {
  if (output_name !== undefined) return output_name;
  const [only] = outputs;
  const standsForInput = outputs.length === 1 && only !== undefined && KEEPS_NAME.includes(only);
  return standsForInput && input === 'replace' ? '{name}' : '{name}.{output}';
}
