// Books of data points over made-up telemetry: points take random ways through the rooms, and every account balances at
// every moment; a single point that is lost anywhere shows in the account it was lost in, and in no other.
import { describe, expect, it } from 'vitest';
import type { Instruments } from '../../../collector/src/pipeline/contract.ts';
import { Telemetry } from '../../../collector/src/pipeline/telemetry.ts';
import type { PointBooks } from '../../../collector/src/web/api.ts';
import { type MetricRooms, readPointBooks } from '../../../collector/src/web/point-books.ts';
import { seeded } from '../../support/random.ts';

const counter = { kind: 'counter', unit: '{point}', description: '' } as const;
const gauge = { ...counter, kind: 'gauge' } as const;
const REASONS = ['late', 'too_many'] as const;
const room = {
  passed: counter,
  absorbed: counter,
  emitted: counter,
  dropped: { ...counter, attributes: { reason: REASONS } },
};
const exporter = { exporter: 'config' } as const;

const DECLARED: Readonly<Record<string, Instruments>> = {
  receive: { points: counter, rejected_points: counter },
  scrape: { points: counter },
  monitoring: { points: { ...counter, attributes: { component: ['cpu', 'disk'] } } },
  limit: room,
  aggregate: { ...room, held: gauge },
  export: {
    points_taken: counter,
    points_left_out: { ...counter, attributes: { reason: ['stale'] } },
    points_pushed: { ...counter, attributes: exporter },
    points_delivered: { ...counter, attributes: exporter },
    points_rejected: { ...counter, attributes: exporter },
    points_failed: { ...counter, attributes: { ...exporter, reason: ['stop', 'queue_full'] } },
    points_queued: { ...gauge, attributes: exporter },
  },
};

const EXPORTERS = ['near', 'far'];

/** Rooms that do at random what rooms may do, and count it. */
class Rooms {
  readonly telemetry = new Telemetry();
  readonly #on: MetricRooms;
  readonly #random: () => number;

  constructor(on: MetricRooms, random: () => number) {
    this.#on = on;
    this.#random = random;
    for (const [stage, instruments] of Object.entries(DECLARED)) this.telemetry.declare(stage, instruments);
  }

  receive(): void {
    const points = this.#upTo(20);
    const source = this.#upTo(2);
    if (source === 0) this.telemetry.add('receive', 'points', points);
    else if (source === 1) this.telemetry.add('scrape', 'points', points);
    else this.telemetry.add('monitoring', 'points', points, { component: this.#random() < 0.5 ? 'cpu' : 'disk' });
    this.telemetry.add('receive', 'rejected_points', this.#upTo(2));
    this.#end(this.#through('aggregate', this.#through('limit', points)));
  }

  /** What an aggregation held becomes something else, or goes on. */
  flush(): void {
    if (!this.#on.aggregate) return;
    const { telemetry } = this;
    const some = this.#upTo(telemetry.read('aggregate', 'held'));
    telemetry.set('aggregate', 'held', telemetry.read('aggregate', 'held') - some);
    telemetry.add('aggregate', 'absorbed', some);
    const made = this.#upTo(3);
    telemetry.add('aggregate', 'emitted', made);
    this.#end(made);
  }

  deliver(): void {
    for (const name of EXPORTERS) {
      const queued = this.telemetry.read('export', 'points_queued', { exporter: name });
      const gone = this.#upTo(queued);
      this.telemetry.set('export', 'points_queued', queued - gone, { exporter: name });
      const outcome = this.#upTo(3);
      if (outcome === 0) this.telemetry.add('export', 'points_rejected', gone, { exporter: name });
      else if (outcome === 1) this.telemetry.add('export', 'points_failed', gone, { exporter: name, reason: 'stop' });
      else this.telemetry.add('export', 'points_delivered', gone, { exporter: name });
    }
  }

  books(): PointBooks {
    return readPointBooks(this.telemetry, this.#on, EXPORTERS);
  }

  #through(stage: 'limit' | 'aggregate', points: number): number {
    if (!this.#on[stage]) return points;
    const absorbed = this.#upTo(points);
    const dropped = this.#upTo(points - absorbed);
    const held = stage === 'aggregate' ? this.#upTo(points - absorbed - dropped) : 0;
    const passed = points - absorbed - dropped - held;
    const emitted = this.#upTo(2);
    this.telemetry.add(stage, 'passed', passed);
    this.telemetry.add(stage, 'absorbed', absorbed);
    this.telemetry.add(stage, 'dropped', dropped, { reason: REASONS[this.#upTo(1)] ?? 'late' });
    this.telemetry.add(stage, 'emitted', emitted);
    if (held > 0) this.telemetry.set(stage, 'held', this.telemetry.read(stage, 'held') + held);
    return passed + emitted;
  }

  #end(points: number): void {
    this.telemetry.add('export', 'points_taken', points);
    this.telemetry.add('export', 'points_left_out', Math.min(points, this.#upTo(1)), { reason: 'stale' });
    for (const name of EXPORTERS) {
      const own = this.#upTo(2);
      this.telemetry.add('export', 'points_pushed', points + own, { exporter: name });
      const queued = this.telemetry.read('export', 'points_queued', { exporter: name });
      this.telemetry.set('export', 'points_queued', queued + points + own, { exporter: name });
    }
  }

  /** A whole number from 0 to `most`. */
  #upTo(most: number): number {
    return Math.floor(this.#random() * (most + 1));
  }
}

/** Names of the accounts that do not balance. */
function unbalanced({ limit, aggregate, exported, exporters }: PointBooks): string[] {
  const accounts = [
    ['limit', limit?.balanced],
    ['aggregate', aggregate?.balanced],
    ['end', exported.balanced],
    ...exporters.map(({ name, balanced }) => [name, balanced] as const),
  ] as const;
  return accounts.filter(([, balanced]) => balanced === false).map(([name]) => name);
}

const SWITCHES: readonly MetricRooms[] = [
  { limit: true, aggregate: true },
  { limit: true, aggregate: false },
  { limit: false, aggregate: true },
  { limit: false, aggregate: false },
];

function busy(on: MetricRooms, seed: number, look: (rooms: Rooms) => void = () => {}): Rooms {
  const random = seeded(seed);
  const rooms = new Rooms(on, random);
  for (let step = 0; step < 300; step++) {
    const what = random();
    if (what < 0.6) rooms.receive();
    else if (what < 0.8) rooms.flush();
    else rooms.deliver();
    look(rooms);
  }
  return rooms;
}

describe('the books of points', () => {
  it.each(SWITCHES)('balance at every moment, with limit=$limit and aggregate=$aggregate', (on) => {
    for (const seed of [1, 2]) {
      const books = busy(on, seed, (rooms) => expect(unbalanced(rooms.books())).toEqual([])).books();
      const { received, scraped, read } = books.sources;
      expect(books.accepted).toBe(received + scraped + read);
      expect(Math.min(received, scraped, read, books.rejected)).toBeGreaterThan(0);
      expect(books.exporters.map(({ name }) => name)).toEqual(EXPORTERS);
      expect([books.limit !== undefined, books.aggregate !== undefined]).toEqual([on.limit, on.aggregate]);
    }
  });

  it('show where a point was lost, and nowhere else', () => {
    const check = (stage: string, name: string, attributes: Record<string, string>, expected: string[]): void => {
      const rooms = busy({ limit: true, aggregate: true }, 3);
      rooms.telemetry.add(stage, name, 1, attributes);
      expect([stage, name, unbalanced(rooms.books())]).toEqual([stage, name, expected]);
    };
    check('receive', 'points', {}, ['limit']);
    check('monitoring', 'points', { component: 'disk' }, ['limit']);
    check('limit', 'absorbed', {}, ['limit']);
    check('limit', 'dropped', { reason: 'late' }, ['limit']);
    check('limit', 'emitted', {}, ['aggregate']);
    check('aggregate', 'held', {}, ['aggregate']);
    check('aggregate', 'emitted', {}, ['end']);
    check('export', 'points_taken', {}, ['end']);
    check('export', 'points_pushed', { exporter: 'far' }, ['far']);
    check('export', 'points_failed', { exporter: 'near', reason: 'queue_full' }, ['near']);
    check('export', 'points_left_out', { reason: 'stale' }, []);
  });

  it('know no room, no source and no exporter that does not count', () => {
    const books = readPointBooks(new Telemetry(), { limit: false, aggregate: false }, []);
    expect(books).toEqual({
      accepted: 0,
      sources: { received: 0, scraped: 0, read: 0 },
      rejected: 0,
      exported: { in: 0, taken: 0, leftOut: {}, balanced: true },
      exporters: [],
    });
  });
});
