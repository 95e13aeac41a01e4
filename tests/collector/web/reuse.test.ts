import { describe, expect, it } from 'vitest';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import type { KpisAnswer } from '../../../collector/src/web/api.ts';
import { readReuse } from '../../../collector/src/web/reuse.ts';
import { dataPoint, histogramOf, type PointShape } from '../../support/data-points.ts';

function reuseOf(...points: DataPoint[]): KpisAnswer['reuse'] {
  return readReuse({ newest: (name) => points.filter(({ metric }) => metric.name === name) });
}

/** A histogram with so many measurements. */
function times(name: string, count: number, shape: PointShape = {}): DataPoint {
  return dataPoint({
    name,
    value: histogramOf(
      Array.from({ length: count }, () => 1),
      [2],
    ),
    ...shape,
  });
}

const CREATE = 'db.client.connection.create_time';
const USE = 'db.client.connection.use_time';
const pool = (name: string): PointShape => ({ attributes: { 'db.client.connection.pool.name': name }, instance: '1' });

describe('reuse', () => {
  it('is what was used without being made, by pool and process', () => {
    const found = reuseOf(
      times(CREATE, 5, pool('orders')),
      times(USE, 100, pool('orders')),
      times(CREATE, 4, pool('users')),
      times(USE, 8, pool('users')),
    );
    const metric = `${CREATE}, ${USE}`;
    expect(found).toEqual([
      { service: 'shop', instance: '1', kind: 'connections', name: 'orders', metric, ratio: 0.95, uses: 100 },
      { service: 'shop', instance: '1', kind: 'connections', name: 'users', metric, ratio: 0.5, uses: 8 },
    ]);
  });

  it('adds up what differs in other attributes', () => {
    const http = { 'server.address': 'api.example', 'server.port': 443n };
    const found = reuseOf(
      times('http.client.connection.duration', 2, { attributes: http }),
      times('http.client.request.duration', 6, { attributes: { ...http, 'http.request.method': 'GET' } }),
      times('http.client.request.duration', 2, { attributes: { ...http, 'http.request.method': 'PUT' } }),
    );
    expect(found).toMatchObject([{ name: 'api.example:443', ratio: 0.75, uses: 8 }]);
  });

  it('is read from what our SDK reports', () => {
    const requests = (reused: boolean, value: number): DataPoint =>
      dataPoint({
        name: 'connection.requests',
        value,
        attributes: { 'connection.reused': reused, 'server.address': 'db' },
      });
    const taken = (reused: boolean, value: number): DataPoint =>
      dataPoint({
        name: 'object_pool.acquisitions',
        value,
        attributes: { 'object_pool.reused': reused, 'object_pool.name': 'parsers' },
      });
    expect(reuseOf(requests(true, 30), requests(false, 10), taken(true, 3), taken(false, 1))).toMatchObject([
      { kind: 'connections', name: 'db', ratio: 0.75, uses: 40 },
      { kind: 'objects', name: 'parsers', ratio: 0.75, uses: 4 },
    ]);
  });

  it('is read from a counter that tells reuses apart', () => {
    const requests = (reused: string, value: number): DataPoint =>
      dataPoint({ name: 'connection_requests', value, attributes: { service: 'redis', reused } });
    expect(reuseOf(requests('true', 30), requests('false', 10))).toMatchObject([
      { name: 'redis', ratio: 0.75, uses: 40 },
    ]);
    expect(reuseOf(requests('True', 30))).toMatchObject([{ ratio: 1, uses: 30 }]);
  });

  it('is taken as it is said, unless that makes no sense', () => {
    const rate = (value: number): DataPoint =>
      dataPoint({ name: 'object_pool_reuse_rate', kind: 'gauge', value, attributes: { pool: 'buffers' } });
    expect(reuseOf(rate(0.9))).toEqual([
      { service: 'shop', instance: '', kind: 'objects', name: 'buffers', metric: 'object_pool_reuse_rate', ratio: 0.9 },
    ]);
    expect(reuseOf(rate(90))).toEqual([]);
    expect(reuseOf(rate(-0.1))).toEqual([]);
  });

  it('is unknown where only half is told, and never below nothing', () => {
    expect(reuseOf()).toEqual([]);
    expect(reuseOf(times(USE, 100, pool('orders')))).toEqual([]);
    expect(reuseOf(times(CREATE, 100, pool('orders')))).toEqual([]);
    expect(reuseOf(times(CREATE, 9, pool('orders')), times(USE, 3, pool('orders')))).toMatchObject([
      { ratio: 0, uses: 3 },
    ]);
    const gone = { ...pool('orders'), hasNoValue: true };
    expect(reuseOf(times(CREATE, 1, gone), times(USE, 3, gone))).toEqual([]);
  });

  it('is told of at most 50 pools, those with most uses', () => {
    const many = Array.from({ length: 60 }, (_, i) => [
      times(CREATE, 1, pool(`p${i}`)),
      times(USE, i + 1, pool(`p${i}`)),
    ]);
    const found = reuseOf(...many.flat());
    expect(found).toHaveLength(50);
    expect(found.at(0)).toMatchObject({ name: 'p59', uses: 60 });
  });
});
