// The alert rules for Prometheus and the sidecar agree: each is PromQL, and asks only for series, labels and values that are
// exposed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { sampleName } from '../../collector/src/export/prometheus-naming.ts';
import { processFamilies } from '../../collector/src/pipeline/own-metrics.ts';
import { ROOMS } from '../../collector/src/pipeline/rooms.ts';
import { METRIC } from '../../sdk/src/names.ts';
import { startCollector } from '../support/running-collector.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const FILE = join(import.meta.dirname, '../../otel-config/alerts.yml');
/** A series that Prometheus makes of others. */
interface Recorded {
  readonly record: string;
  readonly expr: string;
}

const { groups } = parse(readFileSync(FILE, 'utf8')) as { groups: { rules: (Rule | Recorded)[] }[] };
const all = groups.flatMap((group) => group.rules);
const rules = all.filter((rule) => 'alert' in rule);
const recorded = all.filter((rule) => 'record' in rule);

/** Labels that Prometheus adds to everything it scrapes. */
const ADDED = ['job', 'instance'];

/** Values of each label of each series; undefined where they are not known beforehand. */
type Labels = Readonly<Record<string, readonly string[] | undefined>>;
const SERIES = new Map<string, Labels>([['up', {}]]);
for (const { name: room, instruments } of ROOMS)
  for (const [name, { kind, unit, attributes = {} }] of Object.entries(instruments)) {
    const labels = Object.entries(attributes).map(([label, values]) => [
      label,
      values === 'config' ? undefined : values,
    ]);
    SERIES.set(sampleName({ name: `evenkeel.${room}.${name}`, unit, kind }), Object.fromEntries(labels) as Labels);
  }
for (const family of processFamilies(0)) SERIES.set(sampleName(family), {});
/** What a program with objectives sends, as the page shows it; no sidecar has it by itself. */
const PROMISED = sampleName(METRIC.operationCalls);
SERIES.set(PROMISED, {
  evenkeel_operation_name: undefined,
  evenkeel_slo_objective: undefined,
  evenkeel_slo_met: ['true', 'false'],
});
for (const { record } of recorded)
  SERIES.set(record, { evenkeel_operation_name: undefined, evenkeel_slo_objective: undefined });

interface Asked {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** What an expression asks for, and every label it names. @throws where it is no PromQL */
function askedBy(expression: string): { readonly selectors: readonly Asked[]; readonly labels: readonly string[] } {
  const selectors: (Asked & { matchers: Asked['matchers'][number][] })[] = [];
  const labels: string[] = [];
  let [label, operator] = ['', ''];
  parser.parse(expression).iterate({
    enter(node) {
      const text = expression.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      if (node.name === 'Identifier') selectors.push({ metric: text, matchers: [] });
      if (node.name === 'LabelName') labels.push((label = text));
      if (node.name === 'MatchOp') operator = text;
      if (node.name === 'StringLiteral') selectors.at(-1)?.matchers.push({ label, operator, value: text.slice(1, -1) });
    },
  });
  return { selectors, labels };
}

/** What is wrong with an expression; empty where nothing is. */
function wrongIn(expression: string): string[] {
  const { selectors, labels } = askedBy(expression);
  const wrong = selectors.flatMap(({ metric, matchers }) => {
    const known = SERIES.get(metric);
    if (known === undefined) return [`no series ${metric}`];
    return matchers.flatMap(({ label, operator, value }) => {
      if (ADDED.includes(label)) return [];
      if (!Object.hasOwn(known, label)) return [`no label ${label} of ${metric}`];
      const values = operator.includes('~') ? value.split('|') : [value];
      return values.filter((each) => known[label]?.includes(each) === false).map((each) => `no ${label} is ${each}`);
    });
  });
  const own = selectors.flatMap(({ metric }) => Object.keys(SERIES.get(metric) ?? {}));
  return [...wrong, ...labels.filter((each) => ![...ADDED, ...own].includes(each)).map((each) => `no label ${each}`)];
}

test('there are rules, each under its own name', () => {
  const names = rules.map(({ alert }) => alert);
  expect(names.length).toBeGreaterThan(15);
  expect(new Set(names).size).toBe(names.length);
});

test.each(rules)('$alert asks for what is exposed, and says what is the matter', ({ expr, labels, annotations }) => {
  expect(wrongIn(expr)).toEqual([]);
  expect(['info', 'warning', 'critical', 'emergency']).toContain(labels['severity']);
  expect(Object.keys(annotations)).toEqual(['summary', 'description']);
});

test.each(recorded)('$record is made of what is exposed, and is asked for', ({ record, expr }) => {
  expect(wrongIn(expr)).toEqual([]);
  const asked = all.flatMap(({ expr: other }) => askedBy(other).selectors.map(({ metric }) => metric));
  expect(asked).toContain(record);
});

test('labels that a description names are left by its expression', () => {
  for (const { alert, expr, annotations } of rules) {
    const named = [...(annotations['description'] ?? '').matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    const { selectors, labels } = askedBy(expr);
    // An expression that aggregates keeps what it names; else a series keeps all it has.
    const kept = expr.includes(' by (')
      ? labels
      : selectors.flatMap(({ metric }) => Object.keys(SERIES.get(metric) ?? {}));
    for (const label of named) expect([alert, [...ADDED, ...kept]]).toEqual([alert, expect.arrayContaining([label])]);
  }
});

test('what is wrong is found', () => {
  expect(wrongIn('evenkeel_export_failed > 0')).toEqual(['no series evenkeel_export_failed']);
  expect(wrongIn('evenkeel_receive_refused_total{reasons="loop"}')).toEqual([
    'no label reasons of evenkeel_receive_refused_total',
    'no label reasons',
  ]);
  expect(wrongIn('evenkeel_receive_refused_total{reason=~"loop|lop"}')).toEqual(['no reason is lop']);
  expect(wrongIn('sum by (exporter) (up)')).toEqual(['no label exporter']);
  expect(() => wrongIn('sum(rate(up[5m])')).toThrow('no PromQL');
});

test('a sidecar with an exporter shows every one of these series from the start', async () => {
  const { metrics } = await startCollector(
    'export: { otlp: { b: { endpoint: "http://127.0.0.1:9", signals: [traces, metrics] } } }',
  );
  const page = await metrics();
  const asked = rules.flatMap(({ expr }) => askedBy(expr).selectors.map(({ metric }) => metric));
  const others = ['up', PROMISED, ...recorded.map(({ record }) => record)];
  const own = [...new Set(asked)].filter((name) => !others.includes(name));
  const missing = own.filter((name) => !new RegExp(`^${name}[ {]`, 'm').test(page));
  expect(missing).toEqual([]);
});
