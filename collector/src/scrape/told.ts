// Samples that say something of the target or its libraries, and are no series of their own.
// @see OpenTelemetry specification, Prometheus and OpenMetrics Compatibility, Instrumentation Scope
import { type Attributes, canonical } from '../model/attributes.ts';
import { scopeId } from './target-context.ts';

/** What a sample says of the target or one of its libraries. */
export interface Told {
  /** `undefined` for the target. */
  readonly scope: string | undefined;
  readonly attributes: Attributes;
}

/** What `target_info` or `otel_scope_info` says; undefined for every other sample. @param labels after relabelling */
export function toldBy(labels: ReadonlyMap<string, string>): Told | undefined {
  const name = labels.get('__name__');
  if (name !== 'target_info' && name !== 'otel_scope_info') return undefined;
  const isScope = name === 'otel_scope_info';
  const [scopeName = '', version = ''] = [labels.get('otel_scope_name'), labels.get('otel_scope_version')];
  const rest = [...labels].filter(([key]) => !NAMING.has(key));
  return { scope: isScope ? scopeId(scopeName, version) : undefined, attributes: canonical(rest) };
}

const NAMING = new Set(['__name__', 'job', 'instance', 'otel_scope_name', 'otel_scope_version']);
