// Every node a configuration file may have, as a table. What is not here is an unknown node; what is here as refused the
// standard has and this SDK does not honour. Both are errors: a setting that is read and ignored is worse than one refused.
import { commonLimits, logProcessors, reader, spanLimits, spanProcessors, view } from './nodes-export.ts';
import { instrumentation } from './nodes-instrumentation.ts';
import { sampler } from './nodes-sampling.ts';
import {
  any,
  checked,
  checkedText,
  choice,
  empty,
  type Fields,
  flag,
  list,
  node,
  noted,
  patterns,
  refused,
  type Shape,
  scalar,
  text,
  word,
} from './shapes.ts';

/** Severities a file may name; each may be followed by 2, 3 or 4. */
const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].flatMap((name) =>
  ['', '2', '3', '4'].map((suffix) => `${name}${suffix}`),
);

const configurator = (of: string, config: Fields): Shape =>
  node({ default_config: node(config), [of]: list(node({ name: text, config: node(config) }, 'name', 'config')) });

const pattern = checkedText((source) => {
  try {
    RegExp(source);
    return undefined;
  } catch {
    return 'is no regular expression';
  }
});

/** Types of resource attributes, and what their values, or the values of their lists, must be. */
const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isInteger(value),
  double: (value) => typeof value === 'number',
};
const types = Object.keys(TYPES).flatMap((type) => [type, `${type}_array`]);

function attributeProblem({ type, value }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof type !== 'string' || value === null || value === undefined) return undefined;
  const isList = type.endsWith('_array');
  const fits = TYPES[type.replace('_array', '')] ?? (() => true);
  const isRight = isList === Array.isArray(value) && [value].flat().every(fits);
  return isRight ? undefined : `must have a value of type ${type}`;
}

const PROPAGATORS = { tracecontext: empty, baggage: empty, b3: empty, b3multi: empty };
const otherPropagators = Object.fromEntries(
  ['jaeger', 'ottrace', 'xray'].map((name) => [name, refused(`this SDK has ${Object.keys(PROPAGATORS).join(', ')}`)]),
);
const propagators = checkedText((value) => {
  const names = value.split(',').map((name) => name.trim());
  const other = names.find((name) => name !== '' && name !== 'none' && !Object.hasOwn(PROPAGATORS, name));
  return other === undefined ? undefined : `has ${other}, but this SDK has ${Object.keys(PROPAGATORS).join(', ')}`;
});

/** The whole file. */
export const FILE: Shape = node(
  {
    file_format: noted('1.0 or 1.1.', text),
    disabled: flag,
    log_level: noted('Nothing is logged unless set; what counts is told on stderr in any case.', word(...severities)),
    resource: node({
      attributes: list(
        checked(node({ name: text, value: scalar, type: word(...types) }, 'name', 'value'), attributeProblem),
      ),
      attributes_list: text,
      schema_url: text,
      'detection/development': node({
        attributes: patterns,
        detectors: list(
          choice({
            container: empty,
            host: empty,
            process: noted('Without the command line, which has secrets.', empty),
            service: empty,
          }),
        ),
      }),
    }),
    attribute_limits: commonLimits,
    propagator: node({ composite: list(choice({ ...PROPAGATORS, ...otherPropagators })), composite_list: propagators }),
    tracer_provider: node(
      {
        processors: spanProcessors,
        limits: spanLimits,
        sampler,
        id_generator: choice({ random: empty }),
        'tracer_configurator/development': configurator('tracers', { enabled: flag }),
      },
      'processors',
    ),
    meter_provider: node(
      {
        readers: list(reader),
        views: list(view),
        exemplar_filter: word('always_on', 'always_off', 'trace_based'),
        'meter_configurator/development': configurator('meters', { enabled: flag }),
      },
      'readers',
    ),
    logger_provider: node(
      {
        processors: logProcessors,
        limits: commonLimits,
        'logger_configurator/development': configurator('loggers', {
          enabled: flag,
          minimum_severity: word(...severities),
          trace_based: flag,
        }),
      },
      'processors',
    ),
    'instrumentation/development': instrumentation,
    distribution: {
      kind: 'node',
      fields: {
        evenkeel: node({
          redaction: node({ enabled: flag, keys: list(text), values: list(pattern) }),
          runtime_metrics: flag,
        }),
      },
      required: [],
      others: noted('For another distribution.', any),
    },
  },
  'file_format',
);
