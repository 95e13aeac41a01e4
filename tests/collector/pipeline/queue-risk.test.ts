// When a queue counts as about to lose what waits in it.
import { describe, expect, it } from 'vitest';
import { type QueueRisk, QueueWatch } from '../../../collector/src/pipeline/queue-risk.ts';

const BEGIN_MS = 1_800_000_000_000;

/** Looks once a second, at fills that follow from the second. */
class Looks {
  readonly watch: QueueWatch;
  #second = 0;

  constructor(isAtRisk = false) {
    this.watch = new QueueWatch(isAtRisk);
  }

  /** @returns the last answer, and how many seconds in something was at risk first */
  run(
    seconds: number,
    fillAt: (second: number) => number,
    isFailing = false,
  ): { readonly risk: QueueRisk | undefined; readonly after: number | undefined } {
    let after: number | undefined;
    let risk: QueueRisk | undefined;
    for (let s = 0; s < seconds; s++) {
      risk = this.watch.look(BEGIN_MS + this.#second++ * 1000, { fill: fillAt(s), isFailing });
      if (risk !== undefined) after ??= s;
    }
    return { risk, after };
  }
}

describe('a queue', () => {
  it('is at risk where it will be full within ten minutes', () => {
    // Full 500 s after it began.
    const { risk, after } = new Looks().run(240, (s) => s / 500);
    expect(after).toBe(125);
    expect(risk?.fullInMs).toBeCloseTo(260_000, -4);
  });

  it('is at risk where it is nearly full and nobody takes from it', () => {
    expect(new Looks().run(60, () => 0.85, true).after).toBe(0);
    expect(new Looks().run(60, () => 0.75, true).after).toBeUndefined();
  });

  it('is not at risk where it is steady, fills slowly or is a burst that is worked off', () => {
    expect(new Looks().run(600, () => 0.85).after).toBeUndefined();
    expect(new Looks().run(600, (s) => 0.25 + s / 5000).after).toBeUndefined();
    expect(new Looks().run(600, (s) => Math.max(0, 0.24 - (s % 60) / 100)).after).toBeUndefined();
    expect(new Looks().run(600, (s) => 0.4 + 0.35 * Math.sin(s)).after).toBeUndefined();
  });

  it('stays at risk until it is nearly empty and somebody takes from it', () => {
    const looks = new Looks();
    looks.run(1, () => 0.9, true);
    expect(looks.run(60, (s) => 0.9 - s / 90).risk).toEqual({ fill: 0.9 - 59 / 90, isFailing: false });
    expect(looks.run(1, () => 0.1, true).risk).toBeDefined();
    expect(looks.run(1, () => 0.1).risk).toBeUndefined();
  });

  it('goes on being at risk after a restart', () => {
    expect(new Looks(true).run(1, () => 0.3).risk).toBeDefined();
    expect(new Looks(true).run(1, () => 0).risk).toBeUndefined();
  });
});
