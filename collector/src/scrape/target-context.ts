// Resource and scopes of one target's series: from its address, its `target_info` and what it says of its libraries.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, Resource Attributes
import { type Attribute, type Attributes, attributesKey, canonical, NO_ATTRIBUTES } from '../model/attributes.ts';
import { type Metric, metricOf, type Resource, resourceOf, type Scope, scopeOf } from '../model/data-point.ts';
import { type Family, ucumOf } from './families.ts';
import type { Series, SeriesLabels } from './series.ts';
import { portOf, type Target } from './targets.ts';

/** Beyond it metrics are made anew, so that a target whose descriptions change for ever holds no more. */
const MAX_METRICS = 20_000;

export class TargetContext {
  readonly #target: Target;
  readonly #resources = new Map<string, Resource>();
  readonly #scopes = new Map<string, Scope>();
  readonly #metrics = new Map<string, Metric>();
  #info: Attributes = NO_ATTRIBUTES;
  #scopeInfo: ReadonlyMap<string, Attributes> = new Map();
  #key = '';
  /** Another object whenever metrics have to be made anew. */
  #version = {};

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Takes what a scrape said of target and libraries.
   *
   * @param scopes attributes by name and version, as `scopeId` joins them
   */
  update(info: Attributes, scopes: ReadonlyMap<string, Attributes>): void {
    if (scopes.size === 0 && this.#scopeInfo.size === 0 && info === this.#info) return;
    const told = [...scopes].map(([id, attributes]) => `${id}\0${attributesKey(attributes)}`);
    const key = [attributesKey(info), ...told.sort()].join('\n');
    if (key === this.#key) return;
    this.#key = key;
    this.#info = info;
    this.#scopeInfo = scopes;
    this.#clear();
  }

  #clear(): void {
    this.#version = {};
    this.#resources.clear();
    this.#scopes.clear();
    this.#metrics.clear();
  }

  /** The target itself, as its own series name it. */
  get own(): Resource {
    return this.#resource(this.#target.jobLabel, this.#target.instance);
  }

  /** The metric of a series, shared by all that have the same. */
  metricOf(series: Series): Metric {
    const { metric, family } = series;
    if (metric !== undefined && series.metricOf === this.#version && series.metricFamily === family) return metric;
    const made = this.#make(series, family);
    series.metric = made;
    series.metricOf = this.#version;
    series.metricFamily = family;
    return made;
  }

  #make({ place, labels }: Series, family: Family | undefined): Metric {
    const resource = this.#resource(labels.job, labels.instance);
    const scope = this.#scope(labels);
    const { type = 'unknown', help = '', unit = '' } = family ?? {};
    const key = [resource.key, scope.key, type, unit, place.kind, place.isMonotonic, place.name, help].join('\0');
    let metric = this.#metrics.get(key);
    if (metric !== undefined) return metric;
    if (this.#metrics.size >= MAX_METRICS) this.#metrics.clear();
    metric = metricOf({
      resource,
      scope,
      name: place.name,
      unit: ucumOf(unit),
      description: help,
      kind: place.kind,
      temporality: 'cumulative',
      isMonotonic: place.isMonotonic,
      metadata: [['prometheus.type', type === 'untyped' ? 'unknown' : type]],
    });
    this.#metrics.set(key, metric);
    return metric;
  }

  #resource(job: string, instance: string): Resource {
    const key = `${job}\0${instance}`;
    let resource = this.#resources.get(key);
    if (resource !== undefined) return resource;
    const { url } = this.#target;
    const own: Attribute[] = [
      ['service.name', job],
      ['service.instance.id', instance],
      ['server.address', url.hostname.replace(/^\[|\]$/g, '')],
      ['server.port', BigInt(portOf(url))],
      ['url.scheme', url.protocol.slice(0, -1)],
    ];
    resource = resourceOf(canonical([...this.#info, ...own]));
    if (this.#resources.size >= MAX_METRICS) this.#clear();
    this.#resources.set(key, resource);
    return resource;
  }

  #scope({ scopeName, scopeVersion, scopeSchemaUrl, scopeAttributes }: SeriesLabels): Scope {
    const id = scopeId(scopeName, scopeVersion);
    const key = `${id}\0${scopeSchemaUrl}\0${attributesKey(scopeAttributes)}`;
    let scope = this.#scopes.get(key);
    if (scope !== undefined) return scope;
    const attributes = canonical([...(this.#scopeInfo.get(id) ?? []), ...scopeAttributes]);
    scope = scopeOf({ name: scopeName, version: scopeVersion, schemaUrl: scopeSchemaUrl, attributes });
    if (this.#scopes.size >= MAX_METRICS) this.#clear();
    this.#scopes.set(key, scope);
    return scope;
  }
}

/** Names a scope by what its metrics carry. */
export function scopeId(name: string, version: string): string {
  return `${name}\0${version}`;
}
