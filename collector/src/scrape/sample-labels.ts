// From name and labels as written to the series they mean: limits, our own labels, relabelling, what names the scope.
import { type Attribute, canonical } from '../model/attributes.ts';
import { type Head, numberOf } from './cursor.ts';
import { type Place, placeAlone, type Role } from './families.ts';
import { ScrapeFault } from './fault.ts';
import type { DroppedReason } from './instruments.ts';
import type { Labels, Relabel } from './relabel.ts';
import type { SeriesLabels } from './series.ts';
import type { Target } from './targets.ts';

export interface LabelRules {
  readonly target: Target;
  readonly honorLabels: boolean;
  readonly maxLabels: number;
  readonly maxLabelValue: number;
  readonly relabel: Relabel;
}

/**
 * Gives a sample the labels of its target and relabels it.
 *
 * @returns labels with `__name__`, or why it is dropped
 * @throws ScrapeFault beyond a limit
 */
export function sampleLabels({ name, labels }: Head, rules: LabelRules): Labels | DroppedReason {
  const { maxLabels, maxLabelValue, target } = rules;
  if (labels.length > maxLabels) throw new ScrapeFault('label_limit', `more than ${maxLabels} labels`);
  const all: Labels = new Map([['__name__', name]]);
  const seen = new Set<string>();
  for (const [key, value] of labels) {
    if (key.length > maxLabelValue || value.length > maxLabelValue)
      throw new ScrapeFault('label_limit', `a label longer than ${maxLabelValue} characters`);
    if (seen.has(key)) return 'duplicate_label';
    seen.add(key);
    // A label without a value is none.
    if (value !== '') all.set(key, value);
  }
  const own = [...target.labels, ['job', target.jobLabel] as const, ['instance', target.instance] as const];
  for (const [key, value] of own) addOwn(all, key, value, rules.honorLabels);
  if (!rules.relabel(all) || (all.get('__name__') ?? '') === '') return 'relabel';
  return all;
}

/** Theirs moves aside, unless it is to win. */
function addOwn(labels: Labels, key: string, value: string, honorLabels: boolean): void {
  const theirs = labels.get(key);
  if (theirs !== undefined) {
    if (honorLabels) return;
    let aside = `exported_${key}`;
    while (labels.has(aside)) aside = `exported_${aside}`;
    labels.set(aside, theirs);
  }
  labels.set(key, value);
}

/** Which part of which series a sample is. */
export interface Destination {
  readonly place: Place;
  readonly role: Role;
  readonly bound: number;
  readonly labels: SeriesLabels;
}

/**
 * Says where a sample belongs.
 *
 * @param labels after relabelling
 * @param place by the name it was written with, in the family of this name
 */
export function destination(
  labels: Labels,
  written: string,
  family: string,
  place: Place,
): Destination | DroppedReason {
  const name = labels.get('__name__') ?? '';
  const renamed = name === written ? place : renamedPlace(place, name, written.slice(family.length));
  const boundLabel = { bucket: 'le', quantile: 'quantile' }[renamed.role as string];
  const bound = boundLabel === undefined ? 0 : numberOf(labels.get(boundLabel) ?? '');
  if (bound === undefined || Number.isNaN(bound)) return renamed.role === 'bucket' ? 'bad_histogram' : 'bad_summary';
  // A histogram is one series whichever of its samples is asked.
  const whole: Place = renamed.kind === 'sum' || renamed.kind === 'gauge' ? { ...renamed, role: 'value' } : renamed;
  return { place: whole, role: renamed.role, bound, labels: seriesLabels(labels, boundLabel) };
}

/** A family that is renamed as a whole keeps its parts; a part that lost its ending stands alone. */
function renamedPlace(place: Place, name: string, suffix: string): Place {
  if (!name.endsWith(suffix) || name.length === suffix.length) return placeAlone(name);
  const family = name.slice(0, name.length - suffix.length);
  if (place.kind === 'histogram' || place.kind === 'summary') return { ...place, name: family };
  return { ...place, name: place.role === 'created' ? `${family}_total` : name };
}

function seriesLabels(labels: Labels, boundLabel: string | undefined): SeriesLabels {
  const read = (name: string): string => labels.get(name) ?? '';
  const attributes: Attribute[] = [];
  const scopeAttributes: Attribute[] = [];
  for (const [name, value] of labels) {
    if (name === '__name__' || name === 'job' || name === 'instance' || name === boundLabel) continue;
    if (!name.startsWith('otel_scope_')) attributes.push([name, value]);
    else if (!SCOPE_LABELS.has(name)) scopeAttributes.push([name.slice('otel_scope_'.length), value]);
  }
  return {
    job: read('job'),
    instance: read('instance'),
    scopeName: read('otel_scope_name'),
    scopeVersion: read('otel_scope_version'),
    scopeSchemaUrl: read('otel_scope_schema_url'),
    scopeAttributes: canonical(scopeAttributes),
    attributes: canonical(attributes),
  };
}

const SCOPE_LABELS = new Set(['otel_scope_name', 'otel_scope_version', 'otel_scope_schema_url']);
