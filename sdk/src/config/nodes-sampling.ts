// Samplers of the file.
import {
  choice,
  empty,
  type Fields,
  list,
  node,
  noted,
  ratio,
  type Shape,
  text,
  titled,
  checkedText,
  word,
} from './shapes.ts';

/** Parts of consistent samplers name each other, so the fields of two are filled in below. */
const parentThreshold: Record<string, Shape> = {};
const rule: Record<string, Shape> = {
  attribute_values: node({ key: text, values: list(text, 1) }, 'key', 'values'),
  attribute_patterns: node({ key: text, included: list(text, 1), excluded: list(text, 1) }, 'key'),
  span_kinds: list(word('internal', 'server', 'client', 'producer', 'consumer'), 1),
  parent: list(word('none', 'remote', 'local'), 1),
};
const composable = titled(
  'ComposableSampler',
  choice({
    always_on: empty,
    always_off: empty,
    probability: node({ ratio }),
    parent_threshold: node(parentThreshold, 'root'),
    rule_based: node({ rules: list(node(rule, 'sampler'), 1) }),
  }),
);
parentThreshold['root'] = composable;
rule['sampler'] = composable;

const url = checkedText((value) =>
  URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? undefined : 'must be an http or https URL',
);

/** Samplers name each other, so the fields of some are filled in below. */
const parentBased: Record<string, Shape> = {};
const alwaysRecord: Record<string, Shape> = {};
const remote: Record<string, Shape> = {
  endpoint: noted('Over HTTP, at its path `/sampling`; Jaeger also serves gRPC, which is not asked.', url),
  // The sampler asks no more often.
  interval: { kind: 'number', min: 1000, max: 2 ** 31 - 1 },
};

/** Every sampler but those that are parts of others. */
export const sampler = titled(
  'Sampler',
  choice({
    always_on: empty,
    always_off: empty,
    always_record: node(alwaysRecord, 'root'),
    trace_id_ratio_based: noted(
      'As `probability/development`: spans tell the threshold they were kept at.',
      node({ ratio }),
    ),
    'probability/development': node({ ratio }),
    'composite/development': composable,
    'jaeger_remote/development': noted(
      'Spans with a parent follow it once there is an answer.',
      node(remote, 'endpoint', 'initial_sampler'),
    ),
    parent_based: node(parentBased),
  } satisfies Fields),
);
alwaysRecord['root'] = sampler;
remote['initial_sampler'] = sampler;
for (const parent of [
  'root',
  ...['remote', 'local'].flatMap((at) => [`${at}_parent_sampled`, `${at}_parent_not_sampled`]),
]) {
  parentBased[parent] = sampler;
}
