// Our hand-written OTLP descriptor, on which oracle and fuzz stand, against the one of the stock Python package.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { OTLP_METRICS_MESSAGES } from '../support/otlp-metrics-schema.ts';
import { OTLP_TRACE_MESSAGES } from '../support/otlp-schema.ts';
import { describeWith, PROGRAMS, pythonEnvironment } from '../support/real-parts.ts';

const exec = promisify(execFile);

/** As descriptors.py prints them. */
type PrintedField = readonly [number: number, type: string, isRepeated: boolean, oneof: string | null];

/** Ours writes enums as the whole numbers they are on the wire. */
function ours([number, type, isRepeated, oneof]: PrintedField): unknown[] {
  return [number, type === 'enum' ? 'int32' : type, isRepeated ? 'repeated' : undefined, oneof ?? undefined];
}

describeWith(['python'], 'the OTLP descriptor of the tests', ({ python }) => {
  it('has every message, field, number and type of the stock package, and no other', async () => {
    const interpreter = await pythonEnvironment(python);
    const { stdout } = await exec(interpreter, [join(PROGRAMS, 'python/descriptors.py')]);
    const printed = JSON.parse(stdout) as Record<string, Record<string, PrintedField>>;
    const stock = mapFields(printed, ours);
    const own = { ...OTLP_TRACE_MESSAGES, ...OTLP_METRICS_MESSAGES };
    expect(mapFields(own, ([number, type, rule, oneof]) => [number, type, rule, oneof])).toEqual(stock);
  });
});

function mapFields<From, To>(
  messages: Readonly<Record<string, Readonly<Record<string, From>>>>,
  map: (field: From) => To,
) {
  const mapped = Object.entries(messages).map(([name, fields]) => {
    return [name, Object.fromEntries(Object.entries(fields).map(([field, from]) => [field, map(from)]))] as const;
  });
  return Object.fromEntries(mapped);
}
