// Which points a rule takes. What depends on the metric alone is asked once for many points.
import { compilePattern } from '../config/pattern.ts';
import { attributeOf, type Attributes, valueText } from '../model/attributes.ts';
import type { DataPoint, Metric } from '../model/data-point.ts';
import type { AggregateRule } from './rule-config.ts';

type Match = AggregateRule['match'];
type Test = (attribute: string | undefined) => boolean;

/** Prepares the tests of a metric's name and service. */
export function metricMatcher({ metrics, metric_pattern, services }: Match): (metric: Metric) => boolean {
  const names = metrics === undefined ? undefined : new Set(metrics);
  const isFound = metric_pattern === undefined ? undefined : compilePattern(metric_pattern);
  const wanted = services === undefined ? undefined : new Set(services);
  return ({ name, resource }) =>
    (names === undefined || names.has(name)) &&
    (wanted === undefined || wanted.has(textOf(resource.attributes, 'service.name') ?? '')) &&
    (isFound === undefined || isFound(name));
}

/** Prepares the tests of attributes; undefined where there are none. */
export function pointMatcher({ attributes }: Match): ((point: DataPoint) => boolean) | undefined {
  if (attributes.length === 0) return undefined;
  const tests = attributes.map((each) => ({ key: each.key, test: testOf(each) }));
  return (point) =>
    tests.every(({ key, test }) =>
      test(textOf(point.attributes, key) ?? textOf(point.metric.resource.attributes, key)),
    );
}

function testOf({ values, pattern, exists }: Match['attributes'][number]): Test {
  if (!exists) return (text) => text === undefined;
  if (values !== undefined) return (text) => text !== undefined && values.includes(text);
  if (pattern === undefined) return (text) => text !== undefined;
  const isFound = compilePattern(pattern);
  return (text) => text !== undefined && isFound(text);
}

function textOf(attributes: Attributes, key: string): string | undefined {
  const value = attributeOf(attributes, key);
  return value === undefined ? undefined : valueText(value);
}
