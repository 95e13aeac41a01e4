// A rule made ready: what it takes, which series it makes, and how those are called.
import { type Attributes, NO_ATTRIBUTES } from '../model/attributes.ts';
import {
  type DataPoint,
  type Metric,
  metricOf,
  type Resource,
  resourceOf,
  type Scope,
  scopeOf,
  type Temporality,
} from '../model/data-point.ts';
import type { AggregateConfig } from './config.ts';
import { metricMatcher, pointMatcher } from './matching.ts';
import type { Output, OutputOptions, OutputShape } from './output.ts';
import { OUTPUTS } from './outputs.ts';
import type { PointClass } from './point-class.ts';
import { nameTemplate } from './name-template.ts';
import type { AggregateRule } from './rule-config.ts';

/** The library that measured, of everything made here. */
export const AGGREGATE_SCOPE: Scope = scopeOf({
  name: 'evenkeel.aggregate',
  version: '',
  attributes: NO_ATTRIBUTES,
  schemaUrl: '',
});

const DEFAULT_QUANTILES = [0.5, 0.9, 0.99];
const INSTANCE = 'service.instance.id';
/** What `by` keeps of a resource without being told. */
const ALWAYS_OF_RESOURCE = 'service.name';

/** One rule. */
export interface Rule {
  readonly name: string;
  matchesMetric(metric: Metric): boolean;
  /** Undefined where the metric tells enough. */
  readonly matchesPoint: ((point: DataPoint) => boolean) | undefined;
  readonly convertsTo: Temporality | undefined;
  readonly keepsInput: boolean;
  readonly windowMs: number;
  readonly lateMs: number;
  readonly staleAfterMs: number;
  /** Attribute that tells replicas apart. */
  readonly replicaKey: string | undefined;
  readonly temporality: Temporality;
  readonly outputOptions: OutputOptions;
  /** Those with a meaning for a class; none where its points pass. */
  outputsFor(pointClass: PointClass): readonly Output[];
  keptOfPoint(attributes: Attributes): Attributes;
  keptOfResource(resource: Resource): Resource;
  /** @param resource as it was kept */
  describe(output: Output, shape: OutputShape, metric: Metric, resource: Resource): Metric;
}

/** Makes a rule ready. @param shared what rules have that say nothing of their own */
export function compileRule(config: AggregateRule, shared: Omit<AggregateConfig, 'rules'>): Rule {
  const outputs = config.outputs.map((name) => OUTPUTS[name]);
  const template = nameTemplate(config);
  const without = new Set(config.without);
  const { deduplicate, temporality = 'cumulative' } = config;
  if (deduplicate !== undefined) without.add(deduplicate);
  const by = config.by === undefined ? undefined : new Set(config.by);
  const keeps = (key: string): boolean => (by === undefined || by.has(key)) && !without.has(key);
  const keepsOfResource = (key: string): boolean =>
    keeps(key) || (key === ALWAYS_OF_RESOURCE && !without.has(ALWAYS_OF_RESOURCE));
  return {
    name: config.name,
    matchesMetric: metricMatcher(config.match),
    matchesPoint: pointMatcher(config.match),
    convertsTo: config.convert,
    keepsInput: config.input === 'keep',
    windowMs: config.window ?? shared.window,
    lateMs: shared.late,
    staleAfterMs: config.stale_after ?? shared.stale_after,
    replicaKey: deduplicate,
    temporality,
    outputOptions: { quantiles: config.quantiles ?? DEFAULT_QUANTILES, uniqueCountOf: config.unique_count_of },
    outputsFor: (pointClass) => outputs.filter(({ classes }) => classes.includes(pointClass)),
    keptOfPoint: (attributes) => filtered(attributes, keeps),
    keptOfResource({ attributes, schemaUrl }) {
      return resourceOf(filtered(attributes, keepsOfResource), schemaUrl);
    },
    describe(output, { kind, isMonotonic, unit, says }, metric, resource) {
      const name = template
        .replaceAll('{name}', () => metric.name)
        .replaceAll('{output}', output.name)
        .replaceAll('{rule}', config.name);
      const { description, metadata } = metric;
      return metricOf({
        resource,
        scope: AGGREGATE_SCOPE,
        name,
        unit,
        description,
        kind,
        temporality: says === 'window' ? temporality : 'cumulative',
        isMonotonic,
        metadata,
      });
    },
  };
}

/**
 * Names the sidecar as the instance of series that lost theirs: else those of two sidecars would be one series with two
 * writers.
 */
export function asOwnInstance(kept: Resource, original: Resource, ownInstance: Attributes): Resource {
  const isInstance = ([key]: Attributes[number]): boolean => key === INSTANCE;
  if (kept.attributes.some(isInstance) || !original.attributes.some(isInstance)) return kept;
  const attributes = [...kept.attributes, ...ownInstance.filter(isInstance)];
  return resourceOf(
    attributes.sort(([a], [b]) => (a < b ? -1 : 1)),
    kept.schemaUrl,
  );
}

/** The same list where nothing goes. */
function filtered(attributes: Attributes, keeps: (key: string) => boolean): Attributes {
  return attributes.every(([key]) => keeps(key)) ? attributes : attributes.filter(([key]) => keeps(key));
}
