// Streams without the attribute that tells replicas apart.
import { type Attribute, attributeOf, type Attributes } from '../model/attributes.ts';
import { type Metric, metricOf, resourceOf } from '../model/data-point.ts';

/** Identity of a metric that all replicas have in common. */
export function keyWithout(metric: Metric, replicaKey: string): string {
  const { resource, key } = metric;
  if (attributeOf(resource.attributes, replicaKey) === undefined) return key;
  return metricOf({ ...metric, resource: resourceOf(lacking(resource.attributes, replicaKey), resource.schemaUrl) })
    .key;
}

/** Leaves one attribute out. @returns the same list where it is not there */
export function lacking(attributes: Attributes, key: string): Attributes {
  return attributes.some(([name]: Attribute) => name === key)
    ? attributes.filter(([name]) => name !== key)
    : attributes;
}
