// What counts as a change of a service, and which is named for a violation.
import { describe, expect, it } from 'vitest';
import { Releases } from '../../../collector/src/baseline/releases.ts';

const AT_MS = 1_800_000_000_000;

/** Sees a program, so many seconds in. */
function saw(
  releases: Releases,
  second: number,
  service: string,
  version = '',
  instance = '',
  schemaUrl = '',
): boolean {
  return releases.see({ service, version, instance, schemaUrl }, AT_MS + second * 1000);
}

function texts(releases: Releases, service: string): string[] {
  return releases.changesOf(service).map(({ timeMs, text }) => `${(timeMs - AT_MS) / 1000}: ${text}`);
}

describe('changes', () => {
  it('are a new version, one that comes back, a new instance and another schema', () => {
    const releases = new Releases();
    expect(saw(releases, 0, 'orders', '1.4.1', 'a')).toBe(false);
    expect(saw(releases, 1, 'orders', '1.4.1', 'a')).toBe(false);
    expect(saw(releases, 5, 'orders', '1.4.1', 'b')).toBe(true);
    expect(saw(releases, 10, 'orders', '1.4.2', 'c')).toBe(true);
    // The old ones run beside it for a while.
    expect(saw(releases, 11, 'orders', '1.4.1', 'a')).toBe(false);
    expect(saw(releases, 20, 'orders', '1.4.1', 'd')).toBe(true);
    expect(saw(releases, 30, 'orders', '1.4.1', 'd', 'https://opentelemetry.io/schemas/1.27.0')).toBe(true);
    expect(texts(releases, 'orders')).toEqual([
      '5: a new instance of orders 1.4.1 first seen',
      '10: orders 1.4.2 (after 1.4.1) first seen',
      '20: orders 1.4.1 (after 1.4.2) seen again',
      '30: orders with schema https://opentelemetry.io/schemas/1.27.0 first seen',
    ]);
    expect([releases.versionOf('orders'), releases.versionOf('other')]).toEqual(['1.4.1', undefined]);
  });

  it('are none while a service that says neither version nor instance is seen again', () => {
    const releases = new Releases();
    saw(releases, 0, 'plain');
    expect(saw(releases, 9, 'plain')).toBe(false);
    expect(releases.versionOf('plain')).toBeUndefined();
    expect(releases.near(['plain'], AT_MS)).toBeUndefined();
  });

  it('are named where they lie near the onset, what explains most first, two services at most', () => {
    const releases = new Releases();
    for (const service of ['orders', 'payments', 'stock']) saw(releases, 0, service, '1', `${service} 1`);
    saw(releases, 100, 'orders', '1', 'orders 2');
    saw(releases, 160, 'payments', '2', 'payments 2');
    saw(releases, 170, 'stock', '1', 'stock 2');
    const near = (second: number, ...services: string[]): string | undefined =>
      releases.near(services, AT_MS + second * 1000);
    expect(near(200, 'payments')).toBe('payments 2 (after 1) first seen 40 s before');
    expect(near(200, 'orders', 'payments', 'stock')).toBe(
      'payments 2 (after 1) first seen 40 s before; a new instance of stock 1 first seen 30 s before',
    );
    expect(near(110, 'payments')).toBe('payments 2 (after 1) first seen 50 s after');
    expect(near(460, 'payments')).toBe('payments 2 (after 1) first seen 5 min before');
    expect([near(99, 'payments'), near(761, 'payments')]).toEqual([undefined, undefined]);
  });

  it('of the sidecar itself are another configuration or version, and are named for every service', () => {
    const releases = new Releases();
    const run = (fingerprint: string, version: string): boolean => releases.run({ fingerprint, version }, AT_MS);
    expect([run('aa', '1.0'), run('aa', '1.0')]).toEqual([false, false]);
    expect(releases.near(['orders'], AT_MS)).toBeUndefined();
    expect(run('bb', '1.0')).toBe(true);
    expect(releases.near(['orders'], AT_MS + 5000)).toBe('this sidecar started with another configuration 5 s before');
    expect(run('bb', '1.1')).toBe(true);
    expect(releases.near([], AT_MS)).toMatch(/this sidecar started/);
  });

  it('are bounded, however many programs and versions there are, and keep what tells most', () => {
    const releases = new Releases();
    saw(releases, 0, 'busy', '1', 'first');
    saw(releases, 1, 'busy', '2', 'second');
    for (let i = 0; i < 300; i++) saw(releases, 2 + i, 'busy', '2', `replica ${i}`);
    const found = texts(releases, 'busy');
    expect([found.length, found[0]]).toEqual([16, '1: busy 2 (after 1) first seen']);
    for (let i = 0; i < 2500; i++) saw(releases, 400, `service ${i}`, 'x'.repeat(5000));
    const { changed, forgotten } = releases.unsaved();
    expect([changed.length, forgotten.length]).toEqual([2000, 501]);
    expect(changed[0]?.versions).toEqual(['x'.repeat(100)]);
  });
});

describe('after a restart', () => {
  it('what was seen before is not new, and changes of before are named', () => {
    const before = new Releases();
    saw(before, 0, 'orders', '1', 'a');
    saw(before, 5, 'orders', '2', 'b');
    before.run({ fingerprint: 'aa', version: '1' }, AT_MS);
    const { changed } = before.unsaved();
    expect(before.unsaved().changed).toEqual([]);
    const after = new Releases();
    // It was seen before it was read.
    saw(after, 10, 'orders', '2', 'b');
    after.restore(changed);
    expect([saw(after, 11, 'orders', '2', 'b'), saw(after, 12, 'orders', '1', 'a')]).toEqual([false, false]);
    expect(after.near(['orders'], AT_MS + 9000)).toBe('orders 2 (after 1) first seen 4 s before');
    expect(after.run({ fingerprint: 'bb', version: '1' }, AT_MS)).toBe(true);
  });
});
