// A stage of resources under test: the time stands still until it is told, and what is said is written down.
import type { Change, Subject, Violation, ViolationSink } from '../../collector/src/baseline/contract.ts';
import { resourceConfig } from '../../collector/src/resource/config.ts';
import { resourceInstruments } from '../../collector/src/resource/instruments.ts';
import { type ResourceStage, resources } from '../../collector/src/resource/stage.ts';
import type { LoadedDocument, StateStore } from '../../collector/src/store/contract.ts';
import { dataPoint, type PointShape } from './data-points.ts';
import { testHost, type TestHost } from './test-host.ts';

export interface Said extends Change {
  readonly name: string;
}

export interface ResourceRig {
  readonly stage: ResourceStage;
  readonly own: TestHost<typeof resourceInstruments>;
  /** All that was said, in order. */
  readonly said: Said[];
  /** Severities in order of what was said of them, `none` where it was over. */
  severities(): string[];
  /** Hands a point over, which is of now. A gauge unless it says otherwise. */
  give(shape: PointShape): Promise<void>;
  /** Hands over what `value` says, every so often, for so long. */
  run(seconds: number, everySeconds: number, value: (second: number) => PointShape): Promise<void>;
}

export interface RigOptions {
  readonly store?: StateStore;
  /** What was open before a restart; more may come. */
  readonly open?: readonly Violation[];
}

/** @param config beside that nothing is watched by default */
export function resourceRig(config: object, { store, open = [] }: RigOptions = {}): ResourceRig {
  const own = testHost('resources', resourceInstruments);
  const said: Said[] = [];
  const ended = new Set<string>();
  const sink: ViolationSink = {
    say(subject: Subject, changes) {
      said.push(...changes.map((change) => ({ ...change, name: subject.name })));
      if (changes.at(-1)?.severity === 'none') ended.add(subject.key);
    },
    open: () => open.filter(({ subject }) => !ended.has(subject.key)),
  };
  const stage = resources.create(resourceConfig.parse({ defaults: false, ...config }), own.host);
  stage.sink = sink;
  stage.stateStore = store;
  const give = (shape: PointShape): Promise<void> =>
    stage.consume({
      signal: 'metrics',
      points: [dataPoint({ kind: 'gauge', timeMs: own.clock.nowMs(), startMs: 0, ...shape })],
    });
  return {
    stage,
    own,
    said,
    severities: () => said.map(({ severity }) => severity),
    give,
    async run(seconds, everySeconds, value) {
      for (let second = 0; second < seconds; second += everySeconds) {
        await give(value(second));
        own.clock.advance(everySeconds * 1000);
      }
    },
  };
}

/** A store in memory, as it would be found after a restart. */
export class MemoryState implements StateStore {
  readonly documents = new Map<string, LoadedDocument>();

  async save(_: string, documents: readonly LoadedDocument[], removed: readonly string[] = []): Promise<boolean> {
    for (const { key, body } of documents) this.documents.set(key, { key, body: body && new Uint8Array(body) });
    for (const key of removed) this.documents.delete(key);
    return true;
  }

  async *load(): AsyncGenerator<readonly LoadedDocument[]> {
    yield [...this.documents.values()];
  }
}
