// What is said of data that is lost or about to be, by a clock that the test moves and violations as they are kept.
import { describe, expect, it, onTestFinished } from 'vitest';
import { baselineInstruments } from '../../../collector/src/baseline/instruments.ts';
import { Saying } from '../../../collector/src/baseline/saying.ts';
import { DataLossWatch, type LossSource } from '../../../collector/src/pipeline/data-loss.ts';
import { testHost } from '../../support/test-host.ts';

interface Scene {
  /** Of the one source there is. */
  readonly now: { lost: number; fill: number; isFailing: boolean };
  /** Lets seconds pass. @returns what is open, by its summary without the time */
  pass(seconds: number, each?: () => void): string[];
  /** A new watch, as after a restart, of the sources given. */
  restart(keys?: readonly string[]): Promise<void>;
  readonly saying: Saying;
  readonly peaks: () => string[];
}

async function scene(quietMs?: number): Promise<Scene> {
  const own = testHost('baseline', baselineInstruments);
  const saying = new Saying(own.host, { consume: async () => {} });
  const now = { lost: 0, fill: 0, isFailing: false };
  const source = (key: string): LossSource => ({
    subject: { key, name: `exporter ${key}`, attributes: { exporter: key } },
    lost: () => now.lost,
    queue: () => now,
    says: 'gives up what it cannot deliver',
    advice: 'Bring its receiver back.',
    ...(quietMs === undefined ? {} : { quietMs }),
  });
  let watch: DataLossWatch | undefined;
  const restart = async (keys = ['backend']): Promise<void> => {
    await watch?.stop();
    watch = new DataLossWatch(own.clock, saying, keys.map(source));
    await watch.start();
  };
  await restart();
  onTestFinished(() => watch?.stop());
  return {
    now,
    saying,
    pass(seconds, each = () => {}) {
      for (let s = 0; s < seconds; s++) {
        each();
        own.clock.advance(1000);
      }
      return saying.open('data_loss').map(({ explanation }) => explanation.summary.replace(/ since [\d:]+/, ''));
    },
    restart,
    peaks: () => saying.violations.groups().flatMap(({ members }) => members.map(({ peak }) => peak)),
  };
}

const LOSES = 'exporter backend gives up what it cannot deliver. Bring its receiver back.';

describe('data loss', () => {
  it('is an emergency from the first loss until half a minute after the last', async () => {
    const { now, pass, peaks } = await scene();
    expect(pass(60)).toEqual([]);
    now.lost = 3;
    expect(pass(1)).toEqual([LOSES]);
    expect(peaks()).toEqual(['emergency']);
    expect(pass(20, () => now.lost++)).toEqual([LOSES]);
    expect(pass(29)).toEqual([LOSES]);
    expect(pass(1)).toEqual([]);
    expect(peaks()).toEqual(['emergency']);
  });

  it('lasts while the receiver does not answer, though little is lost meanwhile', async () => {
    const { now, pass } = await scene();
    now.lost = 1;
    now.isFailing = true;
    expect(pass(300)).toEqual([LOSES]);
    now.isFailing = false;
    expect(pass(1)).toEqual([]);
  });

  it('is said before it comes, and again once it has', async () => {
    const { now, pass, saying } = await scene();
    const filling = pass(130, () => (now.fill += 1 / 500));
    expect(filling).toEqual([
      'exporter backend has 25 % of its queue full, and all of it within 6 min. Bring its receiver back.',
    ]);
    const { changes } = saying;
    pass(60, () => (now.fill += 1 / 500));
    expect(saying.changes).toBe(changes);
    now.lost = 7;
    expect(pass(1)).toEqual([LOSES]);
    expect(saying.violations.groups()).toHaveLength(1);
  });

  it('is said of a queue nobody takes from', async () => {
    const { now, pass } = await scene();
    Object.assign(now, { fill: 0.83, isFailing: true });
    expect(pass(1)).toEqual([
      'exporter backend has 83 % of its queue full, and its receiver takes nothing. Bring its receiver back.',
    ]);
    Object.assign(now, { fill: 0.5, isFailing: false });
    expect(pass(10)).toHaveLength(1);
    now.fill = 0;
    expect(pass(1)).toEqual([]);
  });

  it('is over later where losses are seldom by their nature', async () => {
    const { now, pass } = await scene(90_000);
    now.lost = 1;
    pass(60);
    expect(pass(30)).toHaveLength(1);
    expect(pass(1)).toEqual([]);
  });

  it('goes on after a restart as one, and ends where its source is there no more', async () => {
    const { now, pass, restart, saying } = await scene();
    now.lost = 1;
    pass(1);
    const [before] = saying.open('data_loss');
    now.lost = 0;
    await restart();
    pass(20);
    expect(saying.open('data_loss')).toEqual([before]);
    expect(pass(15)).toEqual([]);
    expect(saying.violations.groups()).toHaveLength(1);
    now.lost = 1;
    pass(1);
    await restart(['other']);
    now.lost = 0;
    pass(1);
    const [last] = saying.violations.groups().flatMap(({ members }) => members);
    expect(last?.explanation.summary).toMatch(/^exporter backend is not watched any more after \d+ s$/);
  });
});
