// What tests of whole sidecars do with metrics: hand points in at the door, ask the page's API.
import { expect } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { encodeMetrics } from '../../collector/src/otlp/encode-metrics.ts';
import { readSamples, type Sample } from './exposition-text.ts';
import { post, send } from './http.ts';
import type { RunningSidecar } from './sidecar.ts';

/** Sends points in protobuf; all must be taken. */
export async function handIn({ urls }: RunningSidecar, points: readonly DataPoint[]): Promise<void> {
  for (const { body } of encodeMetrics(points)) {
    const answer = await post(`${urls.otlpHttp}/v1/metrics`, body);
    expect([answer.status, answer.body.toString()]).toEqual([200, '']);
  }
}

/** Asks the API of the page. @param path as in `/api/books` */
export async function ask<T>({ urls }: RunningSidecar, path: string): Promise<T> {
  const { status, body } = await send(urls.page + path);
  expect(status).toBe(200);
  return JSON.parse(body.toString()) as T;
}

/** Everything on the metrics page. */
export async function pageSamples({ urls }: RunningSidecar): Promise<Sample[]> {
  return readSamples((await send(urls.metrics)).body.toString());
}
