// What is written down of operations and violations, when, and what becomes of what cannot be read.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Subject } from '../../../collector/src/baseline/contract.ts';
import { baselineInstruments } from '../../../collector/src/baseline/instruments.ts';
import { Keeping } from '../../../collector/src/baseline/keeping.ts';
import { Operation, type WatchOptions } from '../../../collector/src/baseline/operation.ts';
import { Saying } from '../../../collector/src/baseline/saying.ts';
import { Violations } from '../../../collector/src/baseline/violations.ts';
import type { Change } from '../../../collector/src/baseline/contract.ts';
import { subjectOf, type Watched } from '../../../collector/src/baseline/watched.ts';
import type { StateStore } from '../../../collector/src/store/contract.ts';
import { StateFile } from '../../../collector/src/store/state-file.ts';
import { Seconds } from '../../support/steps.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';

const OPTIONS: WatchOptions = {
  stepMs: 1000,
  seasonMs: 86_400_000,
  learnUntilMs: undefined,
  secondsPerFalseAlarm: 24 * 86_400,
};
const SUBJECT: Subject = subjectOf('shop', 'GET /', 'SPAN_KIND_SERVER');

interface Kept {
  readonly file: StateFile;
  readonly store: StateStore;
  /** Documents of each save. */
  readonly saves: number[];
  /** While set, nothing is saved. */
  isFull: boolean;
}

/** The file without its thread. */
function kept(folder = temporaryFolder()): Kept {
  const file = new StateFile(folder);
  onTestFinished(() => file.close());
  const saves: number[] = [];
  const own: Kept = {
    file,
    saves,
    isFull: false,
    store: {
      async save(room, documents, removed = []) {
        await nextTurn();
        if (own.isFull) return false;
        file.save(room, documents, removed, 0);
        saves.push(documents.length);
        return true;
      },
      async *load(room) {
        for (let page = file.page(room, ''); page.length > 0; page = file.page(room, page.at(-1)?.key ?? ''))
          yield page;
      },
    },
  };
  return own;
}

function keysIn({ file }: Kept): string[] {
  return file.page('baseline', '').map(({ key }) => key);
}

let ids = 0;

function keepingWith(store: StateStore): {
  keeping: Keeping;
  violations: Violations;
  own: TestHost<typeof baselineInstruments>;
} {
  const own = testHost('baseline', baselineInstruments);
  const violations = new Violations(() => `id${ids++}`);
  const keeping = new Keeping(own.host, violations);
  keeping.store = store;
  return { keeping, violations, own };
}

function watchedAs(keeping: Keeping, name: string, nowMs: number): Watched {
  const subject = subjectOf('shop', name, 'SPAN_KIND_SERVER');
  return { subject, service: 0, operation: new Operation(OPTIONS), usedMs: nowMs, dueMs: keeping.firstDueMs(nowMs) };
}

function change(own: Partial<Change> = {}): Change {
  const ratio = { value: 3, low: 2.5, high: 3.5 };
  return {
    timeMs: 60_000,
    kind: 'latency',
    severity: 'warning',
    onsetMs: 50_000,
    ratio,
    nats: 30,
    calls: 90,
    quantiles: [],
    ...own,
  };
}

describe('what is known of operations', () => {
  it('is written once in five minutes while it is learned, never many at once', async () => {
    const { store, saves } = kept();
    const { keeping, own } = keepingWith(store);
    const many = Array.from({ length: 900 }, (_, i) => watchedAs(keeping, `GET /${i}`, own.clock.nowMs()));
    for (let second = 0; second < 300; second++) {
      own.clock.advance(1000);
      await keeping.save(many, own.clock.nowMs());
    }
    expect(saves.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(880);
    expect(saves.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(930);
    expect(Math.max(...saves)).toBeLessThanOrEqual(12);
    expect(own.read('saved_states')).toBe(saves.reduce((sum, count) => sum + count, 0));
    // All of them are due, as where they have learned in the same second.
    for (const each of many) each.dueMs = 0;
    saves.length = 0;
    for (let second = 0; second < 30; second++) await keeping.save(many, own.clock.nowMs());
    expect([Math.max(...saves), saves.reduce((sum, count) => sum + count, 0)]).toEqual([32, 900]);
  });

  it('is written with what happened to it, in one go, before anybody is told', async () => {
    const own = testHost('baseline', baselineInstruments);
    const whenTold: string[][] = [];
    const here = kept();
    const saying = new Saying(own.host, {
      consume: async () => void whenTold.push(keysIn(here).map((key) => key.split(' ')[0] ?? '')),
    });
    saying.keeping.store = here.store;
    const watched = { ...watchedAs(saying.keeping, 'GET /', 0), dueMs: Infinity };
    saying.say(watched.subject, [change()]);
    saying.keeping.happened(watched);
    expect(whenTold).toEqual([]);
    await saying.flush([watched], own.clock.nowMs());
    expect([here.saves, whenTold]).toEqual([[2], [['group', 'operation']]]);
  });

  it('is written all over again after a failure', async () => {
    const here = kept();
    const { keeping, violations, own } = keepingWith(here.store);
    const watched = watchedAs(keeping, 'GET /', own.clock.nowMs());
    watched.dueMs = Infinity;
    violations.take(SUBJECT, change(), []);
    here.isFull = true;
    await keeping.save([watched], own.clock.nowMs());
    here.isFull = false;
    await keeping.save([watched], own.clock.nowMs());
    expect(keysIn(here)).toEqual([]);
    for (let second = 0; second < 400; second++) {
      own.clock.advance(1000);
      await keeping.save([watched], own.clock.nowMs());
    }
    expect(keysIn(here).map((key) => key.split(' ')[0])).toEqual(['group', 'operation']);
  });

  it('goes when it is not watched any more', async () => {
    const here = kept();
    const { keeping, own } = keepingWith(here.store);
    const watched = watchedAs(keeping, 'GET /', 0);
    keeping.happened(watched);
    await keeping.save([watched], own.clock.nowMs());
    expect(keysIn(here)).toHaveLength(1);
    keeping.happened(watched);
    keeping.forget(watched);
    await keeping.save([], own.clock.nowMs());
    expect(keysIn(here)).toEqual([]);
  });
});

describe('what was written before', () => {
  async function write(here: Kept, names: readonly string[]): Promise<void> {
    const { keeping, own } = keepingWith(here.store);
    for (const name of names) keeping.happened(watchedAs(keeping, name, 0));
    await keeping.save([], own.clock.nowMs());
  }

  it('is lost alone where it is damaged, is counted, and goes', async () => {
    const here = kept();
    await write(here, ['GET /a', 'GET /b', 'GET /c']);
    const [first, second] = here.file.page('baseline', '');
    here.file.save(
      'baseline',
      [
        { key: first?.key ?? '', body: new Uint8Array(first?.body?.slice(0, 40) ?? []) },
        { key: second?.key ?? '', body: new Uint8Array([1, 2, 3]) },
      ],
      [],
      0,
    );
    const { keeping, own } = keepingWith(here.store);
    const names: string[] = [];
    await keeping.load(OPTIONS, ({ name }) => names.push(name) > 0);
    expect([names, own.counts('lost_states')]).toEqual([['GET /c'], { damaged: 2 }]);
    // Repeats of a line are held back.
    expect(own.log.filter((line) => line.includes('BASELINE_LOST'))).toHaveLength(1);
    await keeping.save([], own.clock.nowMs());
    expect(keysIn(here)).toHaveLength(1);
  });

  it('is written again as far as it was read, where the file is damaged meanwhile', async () => {
    const [before, after] = [kept(), kept()];
    await write(before, ['GET /a']);
    const { keeping, own } = keepingWith({
      ...after.store,
      async *load(room) {
        yield* before.store.load(room);
        throw new Error('malformed');
      },
    });
    const watched: Watched[] = [];
    await keeping.load(OPTIONS, ({ name }) => watched.push({ ...watchedAs(keeping, name, 0), dueMs: Infinity }) > 0);
    expect(own.log.join()).toContain('BASELINE_UNREAD');
    for (let second = 0; second < 300; second++) {
      own.clock.advance(1000);
      await keeping.save(watched, own.clock.nowMs());
    }
    expect(keysIn(after)).toEqual(keysIn(before));
  });

  it('stays for a later program that wrote it in another way', async () => {
    const here = kept();
    await write(here, ['GET /a']);
    const [only] = here.file.page('baseline', '');
    const body = new Uint8Array(only?.body ?? []);
    // After two bytes of the serializer's header.
    body[2] = 99;
    here.file.save('baseline', [{ key: only?.key ?? '', body }], [], 0);
    const { keeping, own } = keepingWith(here.store);
    await keeping.load(OPTIONS, () => true);
    await keeping.save([], own.clock.nowMs());
    expect([own.counts('lost_states'), keysIn(here).length]).toEqual([{ format: 1 }, 1]);
  });

  it('is not written over before it is read', async () => {
    const here = kept();
    await write(here, ['GET /a']);
    const { keeping, own } = keepingWith(here.store);
    const young = watchedAs(keeping, 'GET /b', 0);
    let saving: Promise<void> | undefined;
    await keeping.load(OPTIONS, () => {
      keeping.happened(young);
      saving = keeping.save([young], own.clock.nowMs());
      return true;
    });
    await saving;
    expect(keysIn(here)).toHaveLength(1);
    await keeping.save([young], own.clock.nowMs());
    expect(keysIn(here)).toHaveLength(2);
  });

  it('has violations with all that was said of them', async () => {
    const here = kept();
    const before = keepingWith(here.store);
    before.violations.take(SUBJECT, change(), ['aa']);
    before.violations.take(SUBJECT, change({ kind: 'error', onsetMs: 52_000 }), []);
    await before.keeping.save([], 0);
    const { keeping, violations } = keepingWith(here.store);
    await keeping.load(OPTIONS, () => true);
    expect(violations.groups()).toEqual(before.violations.groups());
    const { isNew, groupId } = violations.take(SUBJECT, change({ severity: 'critical', timeMs: 90_000 }), ['bb']);
    expect([isNew, groupId]).toEqual([false, before.violations.groups()[0]?.id]);
    expect(violations.group(groupId)?.members[0]?.explanation.traceIds).toEqual(['aa', 'bb']);
    // And one that begins near them joins them.
    expect(violations.take(subjectOf('shop', 'GET /b', ''), change(), []).groupId).toBe(groupId);
  });

  it('and is open is told again to who may not have heard of it', async () => {
    const operation = new Operation(OPTIONS);
    const seconds = new Seconds(2);
    seconds.run(660, {}, (step) => operation.take(step));
    const changes: Change[] = [];
    seconds.run(60, { medianMs: 80 }, (step) => changes.push(...operation.take(step)));
    expect(operation.open).toEqual(['latency']);
    const told: string[] = [];
    const saying = new Saying(testHost('baseline', baselineInstruments).host, {
      consume: async ({ id, severity }) => void told.push(`${id} ${severity}`),
    });
    saying.say(SUBJECT, changes);
    await saying.flush([], 0);
    saying.resume(() => operation, seconds.timeMs);
    await saying.flush([], 0);
    expect(told).toHaveLength(2);
    expect(told[1]).toBe(told[0]);
  });

  it('whose operation is not known any more ends, and is told so', async () => {
    const own = testHost('baseline', baselineInstruments);
    const told: string[] = [];
    const saying = new Saying(own.host, {
      consume: async ({ severity, members }) => void told.push(`${severity}: ${members[0]?.explanation.summary}`),
    });
    saying.say(SUBJECT, [change()]);
    await saying.flush([], 0);
    saying.resume(() => undefined, 80_000);
    await saying.flush([], 0);
    expect(told).toHaveLength(2);
    expect(told[1]).toBe('none: shop GET / is not watched any more after 30 s');
  });
});
