// The queries of every Grafana dashboard, ready to be sent to Prometheus: variables and built-in intervals filled in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../grafana/dashboards/', import.meta.url));

/** What Grafana fills in, for a page that is scraped each second. */
const BUILT_IN: Readonly<Record<string, string>> = {
  __rate_interval: '10s',
  __interval: '5s',
  __interval_ms: '5000',
  __range: '60s',
  __range_s: '60',
};

export interface Dashboard {
  readonly file: string;
  readonly queries: readonly { readonly title: string; readonly expression: string }[];
}

interface Panel {
  readonly title?: string;
  readonly targets?: readonly { readonly expr?: string }[];
  /** Of a collapsed row. */
  readonly panels?: readonly Panel[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query?: string };
}

/** Reads them all. @param values of variables by name; every other variable matches anything, as "All" does */
export function dashboards(values: Readonly<Record<string, string>>): Dashboard[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => {
    const { panels = [], templating } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as {
      panels?: readonly Panel[];
      templating?: { list?: readonly Variable[] };
    };
    const variables = templating?.list ?? [];
    const queries = [...panels.flatMap(panelQueries), ...variables.flatMap(variableQueries)];
    return {
      file,
      queries: queries.map(({ title, expression }) => ({ title, expression: fillIn(expression, values) })),
    };
  });
}

type Query = Dashboard['queries'][number];

function panelQueries({ title = '', targets = [], panels = [] }: Panel): Query[] {
  const own = targets.flatMap(({ expr }) => (expr === undefined ? [] : [{ title, expression: expr }]));
  return [...own, ...panels.flatMap(panelQueries)];
}

/** `label_values(selector, label)` has values where the series has the label; other variables ask nothing. */
function variableQueries({ name, type, query }: Variable): Query[] {
  if (type !== 'query') return [];
  const text = typeof query === 'string' ? query : (query?.query ?? '');
  const [, selector, label] = /^label_values\((.+),\s*(\w+)\)$/.exec(text) ?? [];
  if (selector === undefined || label === undefined) throw new Error(`variable ${name} asks in another way: ${text}`);
  return [{ title: `variable ${name}`, expression: `count by (${label}) (${selector})` }];
}

function fillIn(expression: string, values: Readonly<Record<string, string>>): string {
  return expression.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]/g, (_, a?: string, b?: string, c?: string) => {
    const name = a ?? b ?? c ?? '';
    return BUILT_IN[name] ?? values[name] ?? '.*';
  });
}
