// Functions that report by a callback.
import { readFile } from 'node:fs';
import { promisify } from 'node:util';
import { context, createContextKey, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { expectSpan, recordSpans } from '../../support/spans.ts';

const log = recordSpans();
const KEY = createContextKey('caller');

beforeEach(() => {
  log.take();
});

type Callback = (error: unknown, value?: string) => void;

const wrap = <F extends (...args: never) => unknown>(fn: F): F =>
  measurePerformance({ name: 'op', callback: true, recordResult: (value) => ({ high: { value: String(value) } }) }, fn);

describe('a function with a callback', () => {
  it('is over when it is called, with its result', async () => {
    let report: Callback = () => {};
    const begin = wrap((_id: string, callback: Callback): string => {
      report = callback;
      return 'begun';
    });
    const seen: unknown[] = [];
    expect(begin('a', (...all) => seen.push(all))).toBe('begun');
    expect(log.take()).toEqual([]);
    report(null, 'done');
    report(null, 'again');
    expect(seen).toEqual([
      [null, 'done'],
      [null, 'again'],
    ]);
    const spans = log.take();
    expect(spans.map(({ attributes }) => attributes)).toEqual([{ value: 'done' }]);
  });

  it('fails by its first argument, and by a throw', () => {
    wrap((callback: Callback) => callback(new Error('broken')))(() => {});
    expectSpan(log, 'op', 'error');
    const broken = wrap((_callback: Callback): void => {
      throw new Error('broken');
    });
    expect(() => broken(() => {})).toThrow('broken');
    expectSpan(log, 'op', 'error');
  });

  it('calls back in the context of its caller', () => {
    const outside = context.active().setValue(KEY, 'caller');
    let inside: unknown;
    const run = wrap((callback: Callback) => {
      expect(trace.getActiveSpan()).toBeDefined();
      callback(null);
    });
    context.with(outside, () =>
      run(() => {
        inside = [context.active().getValue(KEY), trace.getActiveSpan()];
      }),
    );
    expect(inside).toEqual(['caller', undefined]);
  });

  it('may be called without one, and be one of Node', async () => {
    expect(wrap((id: string) => id)('x')).toBe('x');
    expectSpan(log, 'op', 'unset');
    const read = promisify(wrap((path: string, callback: Callback) => readFile(path, 'utf8', callback)));
    await expect(read('/nowhere/at/all')).rejects.toThrow('ENOENT');
    expectSpan(log, 'op', 'error');
  });
});
