// A start at which there is much to read.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { baselineConfig } from '../../../collector/src/baseline/config.ts';
import { baselineInstruments } from '../../../collector/src/baseline/instruments.ts';
import { Operation, type WatchOptions } from '../../../collector/src/baseline/operation.ts';
import { encodeSaved } from '../../../collector/src/baseline/saved.ts';
import { baseline, type BaselineStage } from '../../../collector/src/baseline/stage.ts';
import { subjectOf } from '../../../collector/src/baseline/watched.ts';
import type { StateDocument, StateStore } from '../../../collector/src/store/contract.ts';
import { Seconds } from '../../support/steps.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';

const OPTIONS: WatchOptions = {
  stepMs: 1000,
  seasonMs: 86_400_000,
  learnUntilMs: undefined,
  secondsPerFalseAlarm: 24 * 86_400,
};

function learned(service: string, name: string, usedMs: number): StateDocument {
  const operation = new Operation(OPTIONS);
  new Seconds(1).run(660, {}, (step) => operation.take(step));
  const kind = 'SPAN_KIND_SERVER';
  const body = encodeSaved({ service, name, kind, usedMs, operation: operation.snapshot() });
  return { key: `operation ${subjectOf(service, name, kind).key}`, body };
}

interface Scene {
  readonly stage: BaselineStage;
  readonly own: TestHost<typeof baselineInstruments>;
  readonly saved: string[];
  /** Lets the next page be read. */
  readonly release: () => Promise<void>;
}

/** @param pages that come one by one */
function scene(pages: readonly (readonly StateDocument[])[], config: object = {}): Scene {
  const own = testHost('baseline', baselineInstruments);
  const gates = pages.map(() => Promise.withResolvers<void>());
  const saved: string[] = [];
  const store: StateStore = {
    async save(room, documents) {
      if (room === 'baseline') saved.push(...documents.map(({ key }) => key));
      return true;
    },
    async *load(room) {
      if (room !== 'baseline') return;
      for (const [i, page] of pages.entries()) {
        await gates[i]?.promise;
        yield page;
      }
    },
  };
  const stage = baseline.create(baselineConfig.parse(config), own.host, { consume: async () => {} });
  stage.stateStore = store;
  onTestFinished(() => stage.stop());
  let released = 0;
  const release = async (): Promise<void> => {
    gates[released++]?.resolve();
    await nextTurn();
  };
  return { stage, own, saved, release };
}

const namesOf = (stage: BaselineStage): string[] => [...stage.operations()].map(({ subject }) => subject.name);

describe('a start', () => {
  it('waits five seconds for what was learned, and takes the rest while it runs', async () => {
    const { stage, own, saved, release } = scene([
      [learned('shop', 'GET /a', 1_800_000_000_000)],
      [learned('shop', 'GET /b', 1_800_000_000_000)],
    ]);
    let isStarted = false;
    const starting = stage.start().then(() => (isStarted = true));
    await release();
    expect([isStarted, namesOf(stage)]).toEqual([false, ['shop GET /a']]);
    own.clock.advance(5000);
    await starting;
    // Nothing is written before all is read: it might be written over.
    own.clock.advance(400_000);
    await nextTurn();
    expect(saved).toEqual([]);
    await release();
    expect(namesOf(stage)).toEqual(['shop GET /a', 'shop GET /b']);
    expect([...stage.operations()].map(({ operation }) => operation.version)).toEqual([1, 1]);
    own.clock.advance(2_000_000);
    await nextTurn();
    expect(saved.length).toBeGreaterThan(0);
  });

  it('takes no more than are watched, and forgets what was not called for too long', async () => {
    const nowMs = 1_800_000_000_000;
    const documents = [
      learned('shop', 'GET /a', nowMs),
      learned('shop', 'GET /b', 0),
      learned('shop', 'GET /c', nowMs),
    ];
    const { stage, own, release } = scene([documents], { max_operations: 2 });
    const starting = stage.start();
    await release();
    await starting;
    expect([namesOf(stage), own.counts('lost_states')]).toEqual([['shop GET /a', 'shop GET /b'], { limit: 1 }]);
    own.clock.advance(60_000);
    expect(namesOf(stage)).toEqual(['shop GET /a']);
  });

  it('that is stopped reads no further, writes nothing, and ends nothing', async () => {
    const { stage, own, saved, release } = scene([[learned('shop', 'GET /a', 0)], [learned('shop', 'GET /b', 0)]]);
    let resumed = 0;
    stage.resumed = () => void resumed++;
    const starting = stage.start();
    await release();
    own.clock.advance(5000);
    await starting;
    await stage.stop();
    await release();
    expect([namesOf(stage), saved, resumed]).toEqual([['shop GET /a'], [], 0]);
  });
});
