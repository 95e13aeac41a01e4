// Which operations and points a target asks for. Pure.
import { attributeOf, type Attributes, valueText } from '../model/attributes.ts';
import type { DataPoint } from '../model/data-point.ts';
import { isLike } from '../model/glob.ts';
import type { MetricTargetConfig, OperationTargetConfig } from './config.ts';

/** Prepares patterns: one has to fit, and none that begins with `!`. What is not there is like the empty text alone. */
export function fits(patterns: string | readonly string[]): (text: string | undefined) => boolean {
  const all = typeof patterns === 'string' ? [patterns] : patterns;
  const not = all.filter((each) => each.startsWith('!')).map((each) => each.slice(1));
  const wanted = all.filter((each) => !each.startsWith('!'));
  const isOne = (among: readonly string[], text: string | undefined): boolean =>
    among.some((each) => (each === '' || text === undefined ? each === (text ?? '') : isLike(each, text)));
  return (text) => !isOne(not, text) && (wanted.length === 0 || isOne(wanted, text));
}

/** Prepares the test of an operation by the attributes of its subject. */
export function operationTest({ services, spans, kinds }: OperationTargetConfig) {
  const isService = fits(services);
  const isSpan = fits(spans);
  const wanted = new Set(kinds.map((kind) => `SPAN_KIND_${kind.toUpperCase()}`));
  return (attributes: Readonly<Record<string, string>>): boolean =>
    (wanted.size === 0 || wanted.has(attributes['span.kind'] ?? '')) &&
    isService(attributes['service.name']) &&
    isSpan(attributes['span.name']);
}

/** Prepares the test of a point by its attributes, then by those of its resource. */
export function pointTest(attributes: MetricTargetConfig['attributes']): (point: DataPoint) => boolean {
  const tests = Object.entries(attributes).map(([key, patterns]) => ({ key, isWanted: fits(patterns) }));
  return (point) => tests.every(({ key, isWanted }) => isWanted(textOf(point, key)));
}

/** Of a point, or of its resource where the point does not have it. */
export function textOf({ attributes, metric }: DataPoint, key: string): string | undefined {
  return textIn(attributes, key) ?? textIn(metric.resource.attributes, key);
}

function textIn(attributes: Attributes, key: string): string | undefined {
  const value = attributeOf(attributes, key);
  return value === undefined ? undefined : valueText(value);
}
