import { expect, it } from 'vitest';
import { Trail, TRAIL_HEADER } from '../../../collector/src/pipeline/trail.ts';
import { ManualClock } from '../../support/clock.ts';

const MINUTE_MS = 60_000;
const mark = (n: number): string => n.toString(16).padStart(16, '0');

function trailOf(n: number): { trail: Trail; clock: ManualClock; sent: () => string } {
  const clock = new ManualClock();
  const trail = new Trail(mark(n), clock);
  return { trail, clock, sent: () => trail.headers()[TRAIL_HEADER] ?? '' };
}

it('knows what it sent itself, directly and by way of others', () => {
  const [a, b, c] = [trailOf(1), trailOf(2), trailOf(3)];
  expect(a.trail.read(undefined)).toBe('elsewhere');
  expect(a.trail.read(a.sent())).toBe('here');
  expect(b.trail.read(a.sent())).toBe('elsewhere');
  expect(c.trail.read(b.sent())).toBe('elsewhere');
  expect(c.sent()).toBe([3, 2, 1].map(mark).join());
  expect(a.trail.read(c.sent())).toBe('here');
  expect(a.sent()).toBe(mark(1));
});

it('takes no notice of what is no mark', () => {
  const { trail, sent } = trailOf(1);
  for (const header of ['', ',', 'x'.repeat(100_000), `${mark(2)}0`, mark(10).toUpperCase(), ','.repeat(100_000)])
    expect(trail.read(header)).toBe('elsewhere');
  expect(sent()).toBe(mark(1));
  expect(trail.read(`nonsense, ${mark(1)}`)).toBe('here');
});

it('forgets a sidecar a quarter of an hour after its last request', () => {
  const { trail, clock, sent } = trailOf(1);
  trail.read(mark(2));
  trail.read(mark(3));
  clock.advance(10 * MINUTE_MS);
  trail.read(mark(2));
  clock.advance(5 * MINUTE_MS - 1);
  expect(sent()).toBe([1, 2, 3].map(mark).join());
  clock.advance(1);
  expect(sent()).toBe([1, 2].map(mark).join());
});

it('names sixteen sidecars before it, says where there are more, and takes one where another is forgotten', () => {
  const { trail, clock, sent } = trailOf(1);
  for (let n = 2; n < 18; n++) expect(trail.read(mark(n))).toBe('elsewhere');
  clock.advance(1);
  expect(trail.read(mark(18))).toBe('untold');
  expect(trail.read(mark(5))).toBe('elsewhere');
  expect(sent().split(',')).toHaveLength(17);
  clock.advance(15 * MINUTE_MS - 1);
  expect(trail.read(mark(18))).toBe('elsewhere');
  expect(sent()).toBe([1, 5, 18].map(mark).join());
});
