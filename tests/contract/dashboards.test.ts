// Grafana's dashboards and the sidecar agree: each query is PromQL and names only metrics and labels that are exposed.
import { parser } from '@prometheus-io/lezer-promql';
import { expect, test } from 'vitest';
import { sampleName } from '../../collector/src/export/prometheus-naming.ts';
import { CALLS, DURATION } from '../../collector/src/measure/names.ts';
import { METRIC } from '../../sdk/src/names.ts';
import { dashboards } from '../support/dashboards.ts';

const calls = sampleName({ name: CALLS, unit: '', kind: 'counter' });
const duration = sampleName({ name: DURATION, unit: 's', kind: 'histogram' });

/** Series on the metrics page, by name, with their labels. */
const LABELS = ['service_name', 'span_name', 'span_kind', 'status_code'];
const SERIES: Readonly<Record<string, readonly string[]>> = {
  [calls]: LABELS,
  [`${duration}_bucket`]: [...LABELS, 'le'],
  [`${duration}_sum`]: LABELS,
  [`${duration}_count`]: LABELS,
  // Of objectives: what the SDK counts, and what the sidecar makes of it.
  [sampleName(METRIC.operationCalls)]: ['job', 'evenkeel_operation_name', 'evenkeel_slo_met', 'evenkeel_slo_objective'],
  evenkeel_target_value: ['target', 'subject'],
};

interface Named {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

/** Names in a query. @throws where it is no PromQL */
function namesIn(expression: string): Named {
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(expression).iterate({
    enter(node) {
      const text = expression.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      if (node.name === 'Identifier') metrics.push(text);
      if (node.name === 'LabelName') labels.push(text);
    },
  });
  return { metrics, labels };
}

const queries = dashboards({}).flatMap(({ file, queries: own }) =>
  own.map(({ title, expression }) => ({ name: `${file}: ${title}`, expression })),
);

test('there is a dashboard with queries', () => {
  expect(queries.length).toBeGreaterThan(5);
});

test.each(queries)('$name names only exposed metrics and labels: $expression', ({ expression }) => {
  const { metrics, labels } = namesIn(expression);
  expect(metrics).not.toEqual([]);
  for (const metric of metrics) expect(Object.keys(SERIES)).toContain(metric);
  const known = metrics.flatMap((metric) => SERIES[metric] ?? []);
  for (const label of labels) expect(known).toContain(label);
});

test('a query that is no PromQL is refused', () => {
  for (const wrong of ['sum(rate(x[5m])', 'rate(x{a=~}[5m])', 'x by (y)'])
    expect(() => namesIn(wrong)).toThrow('no PromQL');
});
