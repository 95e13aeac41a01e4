// What a target says of a value, in words. Pure.
import type { Target } from './target.ts';

/** A clause behind the name of a subject. @param unit of the value, UCUM */
export function says(target: Target, value: number, unit: string): string {
  const than = target.direction === 'max' ? 'more' : 'less';
  return `${clause(target, valueText(value, unit))}, ${than} than its target of ${valueText(target.bound, unit)}`;
}

function clause({ of, statistic }: Target, value: string): string {
  if (statistic === 'error_ratio') return `fails in a share of ${value} of its calls`;
  if (statistic === 'burn_rate') return `uses up the calls that may be bad ${value} times too fast`;
  if (statistic === 'rate')
    return of === 'operations' ? `is called ${value} times a second` : `is at ${perSecond(value)}`;
  const verb = of === 'operations' ? 'takes' : 'is';
  if (statistic === 'mean') return `${verb} ${value} in the mean`;
  return statistic === 'value' || statistic === 'ratio' ? `is ${value}` : `${verb} ${value} at ${statistic}`;
}

/** A value by itself, as in `1.2 s` or `40 a second`. */
export function shown({ statistic }: Target, value: number, unit: string): string {
  const text = valueText(value, unit);
  return statistic === 'rate' ? perSecond(text) : text;
}

function perSecond(value: string): string {
  return value.endsWith('/s') ? value : `${value} a second`;
}

/** Durations and bytes with the unit that fits, everything else as it is. */
function valueText(value: number, unit: string): string {
  if (unit === 's') return value >= 1 ? `${digits(value)} s` : `${digits(value * 1000)} ms`;
  if (unit === 'By' || unit === 'By/s') {
    const [name, size] = BYTES.find(([, each]) => value >= each) ?? ['B', 1];
    return `${digits(value / size)} ${name}${unit === 'By/s' ? '/s' : ''}`;
  }
  // A ratio has none, and what is in braces is only said.
  const plain = unit === '1' || unit.startsWith('{') ? '' : unit;
  return plain === '' ? digits(value) : `${digits(value)} ${plain}`;
}

const BYTES = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const;

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
