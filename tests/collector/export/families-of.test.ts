import { describe, expect, it } from 'vitest';
import { familiesOf, familyOf, targetFamily, targetLabels } from '../../../collector/src/export/families-of.ts';
import { type Metric, metricOf, resourceOf } from '../../../collector/src/model/data-point.ts';
import { canonical } from '../../../collector/src/model/attributes.ts';
import { dataPoint, exponentialOf, histogramOf, type PointShape } from '../../support/data-points.ts';

const OWN = resourceOf(canonical([['service.name', 'evenkeel']]));

function pointsOf(...shapes: PointShape[]) {
  return familiesOf(shapes.map(dataPoint), OWN).flatMap(({ points }) => [...points]);
}

it('tells kinds by what OpenTelemetry knows, and by what it was in Prometheus', () => {
  const check = (shape: PointShape, kind: string, was?: string): void => {
    const { metric } = dataPoint(shape);
    const metadata: Metric['metadata'] = was === undefined ? [] : [['prometheus.type', was]];
    expect(familyOf(metricOf({ ...metric, metadata })).kind).toBe(kind);
  };
  check({}, 'counter');
  check({ isMonotonic: false }, 'gauge');
  check({ kind: 'gauge' }, 'gauge');
  check({ value: exponentialOf([1], 0) }, 'histogram');
  check({ value: histogramOf([1], []) }, 'histogram');
  check({ kind: 'gauge' }, 'unknown', 'unknown');
  check({ isMonotonic: false }, 'info', 'info');
  check({ kind: 'gauge' }, 'gauge', 'gauge');
  check({}, 'counter', 'counter');
});

describe('labels', () => {
  it('are the attributes as text, then scope and source', () => {
    const attributes = { text: 'é', flag: true, whole: 2n ** 60n, list: [1.5, 'a'], nothing: null };
    expect(pointsOf({ attributes, scopeName: 'lib', instance: 'i1' })[0]?.attributes).toEqual({
      flag: 'true',
      list: '[1.5,"a"]',
      nothing: 'null',
      text: 'é',
      whole: '1152921504606846976',
      otel_scope_name: 'lib',
      job: 'shop',
      instance: 'i1',
    });
  });

  it('keep a label that is called as what every object has', () => {
    const [point] = pointsOf({ attributes: { ['__proto__']: 'mine', toString: 'too' } });
    expect(Object.entries(point?.attributes ?? {})).toEqual([
      ['__proto__', 'mine'],
      ['toString', 'too'],
      ['job', 'shop'],
    ]);
  });

  it('name no source of what is our own, for who scrapes names us', () => {
    const point = dataPoint({});
    const own = { ...point, metric: metricOf({ ...point.metric, resource: OWN }) };
    expect([...(familiesOf([own], OWN)[0]?.points ?? [])][0]?.attributes).toEqual({});
  });

  it('join namespace and name of a service', () => {
    const labels = (attributes: Record<string, string>) =>
      targetLabels(resourceOf(canonical(Object.entries(attributes))));
    expect(labels({ 'service.name': 'shop', 'service.namespace': 'eu' })).toEqual({ job: 'eu/shop' });
    expect(labels({ 'service.instance.id': 'i' })).toEqual({ instance: 'i' });
    expect(labels({ 'host.name': 'h' })).toEqual({});
  });
});

it('keeps values as they are, and a histogram without buckets as one that holds all', () => {
  const exponential = exponentialOf([1, 2], 3);
  expect(pointsOf({ value: exponential })[0]).toMatchObject({ exponential });
  expect(pointsOf({ value: 2 ** 53 })[0]).toMatchObject({ value: 2 ** 53 });
  const empty = { ...histogramOf([1, 2], []), counts: [] };
  expect(pointsOf({ value: empty })[0]).toMatchObject({ histogram: { bounds: [], counts: [2], sum: 3 } });
  expect(pointsOf({ value: { ...empty, sum: undefined } })[0]?.histogram?.sum).toBeNaN();
});

it('joins what has one name, unit and kind, and tells of each source once', () => {
  const shapes: PointShape[] = [{ service: 'a' }, { service: 'b' }, { unit: 's' }, { kind: 'gauge' }];
  expect(
    familiesOf(shapes.map(dataPoint), OWN).map(({ kind, unit, points }) => [kind, unit, [...points].length]),
  ).toEqual([
    ['counter', '', 2],
    ['counter', 's', 1],
    ['gauge', '', 1],
  ]);
  const of = (instance: string, name: string) =>
    dataPoint({ instance, resource: { 'host.name': name } }).metric.resource;
  const sources = [of('a', 'h1'), of('b', 'h2'), of('a', 'h3')];
  const [target] = targetFamily([...sources, OWN, dataPoint().metric.resource], OWN);
  expect([...(target?.points ?? [])].map(({ attributes }) => attributes)).toEqual([
    { 'host.name': 'h3', job: 'shop', instance: 'a' },
    { 'host.name': 'h2', job: 'shop', instance: 'b' },
  ]);
});
