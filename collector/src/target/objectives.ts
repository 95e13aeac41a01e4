// What programs promise of their operations, as the SDK counts it (`slo`): every call by whether it kept the promise, with the
// share of calls that has to. Pure.
import type { DataPoint } from '../model/data-point.ts';
import type { Counted } from './tally.ts';
import { textOf } from './matching.ts';

const MET = 'evenkeel.slo.met';
const OBJECTIVE = 'evenkeel.slo.objective';
const OPERATION = 'evenkeel.operation.name';

/** Which points they are, and what tells operations apart. */
export const OBJECTIVES_ASKED = {
  metrics: ['evenkeel.operation.calls'],
  attributes: { [MET]: ['true', 'false'], [OBJECTIVE]: '*' },
  by: [OPERATION],
};

/**
 * Counts calls against how many of them may be bad: the rate at which those are used up is the ratio of the two.
 *
 * @returns undefined where the objective is no share between 0 and 1
 * @see Site Reliability Workbook, chapter 5, Alerting on SLOs
 */
export function burnOf(count: number, point: DataPoint): Counted | undefined {
  const mayBeBad = 1 - Number(textOf(point, OBJECTIVE));
  if (!(mayBeBad > 0 && mayBeBad < 1)) return undefined;
  return { count, part: textOf(point, MET) === 'false' ? count : 0, whole: count * mayBeBad };
}

/**
 * Names the span of such a call, by which its traces are found, it is sampled more, and its causes are: the SDK gives it the
 * name of the operation, and it is INTERNAL unless a program wants it otherwise.
 */
export function spanOf(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return { 'span.name': attributes[OPERATION] ?? '', 'span.kind': 'SPAN_KIND_INTERNAL' };
}
