// OpenTelemetry's registry of names, as its package holds it: what is known, what is deprecated, which values an attribute
// may have. The GenAI conventions moved to a repository of their own, which has no package: see the list of the test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const folder = dirname(createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions'));
const DECLARED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*declare const (\w+): "([^"]*)"/g;
/** The GenAI conventions have moved to a repository of their own, which does not make them wrong. */
const DEPRECATED = /^\s*\* @deprecated (?!Moved)/m;
/** Words that describe an attribute that ends in a key of the program's choice. */
const TEMPLATE_ATTRIBUTE = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*declare const (ATTR_\w+): \(key: string\) => string/g;

interface Declared {
  readonly constant: string;
  readonly value: string;
  readonly isDeprecated: boolean;
}

const texts = ['attributes', 'metrics', 'events'].flatMap((kind) =>
  ['stable', 'experimental'].map((stability) => {
    const file = join(folder, `${stability}_${kind}.d.mts`);
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  }),
);

const declared: readonly Declared[] = texts.flatMap((text) =>
  [...text.matchAll(DECLARED)].map(([, comment = '', constant = '', value = '']) => {
    return { constant, value, isDeprecated: DEPRECATED.test(comment) };
  }),
);

const templates = texts.flatMap((text) =>
  [...text.matchAll(TEMPLATE_ATTRIBUTE)].map(([, , constant = '']) => constant.slice('ATTR_'.length)),
);

const byName = (prefix: string): ReadonlyMap<string, Declared> =>
  new Map(declared.filter(({ constant }) => constant.startsWith(prefix)).map((each) => [each.value, each]));

const ATTRIBUTES = byName('ATTR_');
const METRICS = byName('METRIC_');

/** What is wrong with a name; undefined when nothing is. */
export function faultOf(kind: 'attribute' | 'metric', name: string): string | undefined {
  const known = (kind === 'attribute' ? ATTRIBUTES : METRICS).get(name);
  if (known?.isDeprecated === true) return `${kind} ${name} is deprecated`;
  if (known !== undefined) return undefined;
  const constant = name.toUpperCase().replaceAll('.', '_');
  const isOfTemplate = kind === 'attribute' && templates.some((template) => constant.startsWith(`${template}_`));
  return isOfTemplate ? undefined : `${kind} ${name} is unknown`;
}

/** What is wrong with the value of an attribute whose values are listed. */
export function valueFaultOf(name: string, value: unknown): string | undefined {
  const attribute = ATTRIBUTES.get(name);
  if (attribute === undefined || typeof value !== 'string') return undefined;
  const prefix = `${attribute.constant.slice('ATTR_'.length)}_VALUE_`;
  const values = declared.filter(({ constant }) => constant.startsWith(prefix));
  const known = values.find((each) => each.value === value);
  if (values.length === 0 || known?.isDeprecated === false) return undefined;
  return `attribute ${name} has the value ${value}, which is ${known === undefined ? 'unknown' : 'deprecated'}`;
}

/** How much was read: nothing found must not pass for nothing wrong. */
export const registrySize = { attributes: ATTRIBUTES.size, metrics: METRICS.size };
