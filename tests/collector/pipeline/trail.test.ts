import { expect, it } from 'vitest';
import { Trail, TRAIL_HEADER } from '../../../collector/src/pipeline/trail.ts';
import { ManualClock } from '../../support/clock.ts';

const MINUTE_MS = 60_000;
const mark = (n: number): string => n.toString(16).padStart(16, '0');

function trailOf(n: number): { trail: Trail; clock: ManualClock; sent: () => string } {
  const clock = new ManualClock();
  const trail = new Trail(mark(n), clock);
  return { trail, clock, sent: () => trail.headers('traces')[TRAIL_HEADER] ?? '' };
}

it('knows what it sent itself, directly and by way of others', () => {
  const [a, b, c] = [trailOf(1), trailOf(2), trailOf(3)];
  expect(a.trail.read(undefined, 'traces')).toBe('elsewhere');
  expect(a.trail.read(a.sent(), 'traces')).toBe('here');
  expect(b.trail.read(a.sent(), 'traces')).toBe('elsewhere');
  expect(c.trail.read(b.sent(), 'traces')).toBe('elsewhere');
  expect(c.sent()).toBe([3, 2, 1].map(mark).join());
  expect(a.trail.read(c.sent(), 'traces')).toBe('here');
  expect(a.sent()).toBe(mark(1));
});

it('takes no notice of what is no mark', () => {
  const { trail, sent } = trailOf(1);
  for (const header of ['', ',', 'x'.repeat(100_000), `${mark(2)}0`, mark(10).toUpperCase(), ','.repeat(100_000)])
    expect(trail.read(header, 'traces')).toBe('elsewhere');
  expect(sent()).toBe(mark(1));
  expect(trail.read(`nonsense, ${mark(1)}`, 'traces')).toBe('here');
});

it('forgets a sidecar a quarter of an hour after its last request', () => {
  const { trail, clock, sent } = trailOf(1);
  trail.read(mark(2), 'traces');
  trail.read(mark(3), 'traces');
  clock.advance(10 * MINUTE_MS);
  trail.read(mark(2), 'traces');
  clock.advance(5 * MINUTE_MS - 1);
  expect(sent()).toBe([1, 2, 3].map(mark).join());
  clock.advance(1);
  expect(sent()).toBe([1, 2].map(mark).join());
});

it('names sixteen sidecars before it, says where there are more, and takes one where another is forgotten', () => {
  const { trail, clock, sent } = trailOf(1);
  for (let n = 2; n < 18; n++) expect(trail.read(mark(n), 'traces')).toBe('elsewhere');
  clock.advance(1);
  expect(trail.read(mark(18), 'traces')).toBe('untold');
  expect(trail.read(mark(5), 'traces')).toBe('elsewhere');
  expect(sent().split(',')).toHaveLength(17);
  clock.advance(15 * MINUTE_MS - 1);
  expect(trail.read(mark(18), 'traces')).toBe('elsewhere');
  expect(sent()).toBe([1, 5, 18].map(mark).join());
});

it('keeps the signals apart, as one does not become another', () => {
  const [a, b] = [trailOf(1).trail, trailOf(2).trail];
  const header = (trail: Trail, signal: 'traces' | 'metrics' | 'logs'): string =>
    trail.headers(signal)[TRAIL_HEADER] ?? '';
  expect(b.read(header(a, 'logs'), 'logs')).toBe('elsewhere');
  expect(header(b, 'logs')).toBe([2, 1].map(mark).join());
  for (const other of ['traces', 'metrics'] as const) {
    expect(header(b, other)).toBe(mark(2));
    expect(a.read(header(b, other), other)).toBe('elsewhere');
  }
  expect(a.read(header(b, 'logs'), 'logs')).toBe('here');
  // Each has room for as many.
  for (let n = 3; n < 20; n++) b.read(mark(n), 'metrics');
  expect(b.read(mark(20), 'logs')).toBe('elsewhere');
});
