// Every name the SDK can write is one of the conventions, or has a reason not to be.
import { describe, expect, it } from 'vitest';
import { OPEN_SPAN } from '../../sdk/src/bound/open-spans.ts';
import type { MetricDefinition } from '../../sdk/src/metric-definition.ts';
import * as names from '../../sdk/src/names.ts';
import { faultOf, registrySize, valueFaultOf } from '../support/conventions.ts';
import { EXCEPTIONS, isExcepted } from '../support/convention-exceptions.ts';

const { GEN_AI_ATTRIBUTE, GEN_AI_OPERATION, MEMORY_OPERATION } = names;
/** Values of all tables whose name ends in a word. */
const ending = <T>(word: string): T[] =>
  Object.entries(names).flatMap(([name, table]) => (name.endsWith(word) ? (Object.values(table) as T[]) : []));
const attributes = [...ending<string>('ATTRIBUTE'), ...Object.values(OPEN_SPAN)];
const metrics = ending<MetricDefinition>('METRIC').map(({ name }) => name);
const operations = [...Object.values(GEN_AI_OPERATION), ...Object.values(MEMORY_OPERATION)];
const valued = operations.map((operation) => `${GEN_AI_ATTRIBUTE.genAiOperation}=${operation}`);

describe('names of the SDK', () => {
  it('are in the registry, or have a reason', () => {
    expect(registrySize.attributes).toBeGreaterThan(900);
    expect(registrySize.metrics).toBeGreaterThan(500);
    const faults = [
      ...attributes.filter((name) => !isExcepted(name)).map((name) => faultOf('attribute', name)),
      ...metrics.filter((name) => !isExcepted(name)).map((name) => faultOf('metric', name)),
      ...operations
        .filter((value) => !isExcepted(`${GEN_AI_ATTRIBUTE.genAiOperation}=${value}`))
        .map((value) => valueFaultOf(GEN_AI_ATTRIBUTE.genAiOperation, value)),
    ];
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('have no reason that nothing needs', () => {
    const needed = [
      ...attributes.map((name) => ['attribute', name] as const),
      ...metrics.map((name) => ['metric', name] as const),
    ]
      .filter(([kind, name]) => faultOf(kind, name) !== undefined)
      .map(([, name]) => name);
    const all = [...needed, ...valued];
    const unneeded = Object.keys(EXCEPTIONS).filter((known) => {
      // Values that others write are not in our tables.
      const isValue = known.includes('=') && !known.startsWith(`${GEN_AI_ATTRIBUTE.genAiOperation}=`);
      const start = known.replace(/\*$/, '');
      return (
        !isValue &&
        known !== 'package.path' &&
        !all.some((name) => (known.endsWith('*') ? name.startsWith(start) : name === known))
      );
    });
    expect(unneeded).toEqual([]);
  });
});
