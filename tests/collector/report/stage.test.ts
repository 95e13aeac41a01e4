// What the room keeps, for how long, and what it does where something is lost.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StateFile } from '../../../collector/src/store/state-file.ts';
import { type ReportRig, type ReportShape, reportRig } from '../../support/report-rig.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan } from '../../support/test-span.ts';
import { violationGroup } from '../../support/violations.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const NOON_MS = Date.UTC(2026, 2, 2, 12);

function begin(beginsMs: number, folder?: string, shape: Partial<ReportShape> = {}): Promise<ReportRig> {
  if (folder === undefined) return reportRig({ beginsMs, ...shape });
  const file = new StateFile(folder);
  onTestFinished(() => file.close());
  return reportRig({ beginsMs, file, ...shape });
}

const spans = (count: number) => Array.from({ length: count }, () => testSpan());

async function callsOn({ stage }: ReportRig, date: string): Promise<number | undefined> {
  const text = (await stage.write('daily', date, 'json'))?.text;
  return text === undefined ? undefined : (JSON.parse(text).sections.operations.rows[0]?.calls ?? 0);
}

const daysOf = ({ stage }: ReportRig): string[] => stage.list().filter(({ kind }) => kind === 'daily').map(({ date }) => date); // prettier-ignore

/** What a room has in a file, changed as by somebody else. */
function change(folder: string, key: string, body: string | undefined): void {
  const file = new StateFile(folder);
  if (body === undefined) file.save('report', [], [key], 0);
  else file.save('report', [{ key, body: new Uint8Array(Buffer.from(body)) }], [], 0);
  file.close();
}

describe('after kill -9', () => {
  it('lacks the last five minutes at most', async () => {
    const folder = temporaryFolder();
    const first = await begin(NOON_MS, folder);
    await first.calls(spans(10));
    first.clock.advance(6 * MINUTE_MS);
    await first.calls(spans(3));
    first.clock.advance(5 * MINUTE_MS);
    await first.calls(spans(2));
    first.clock.advance(3 * MINUTE_MS);
    const second = await begin(NOON_MS + 20 * MINUTE_MS, folder);
    expect(await callsOn(second, '2026-03-02')).toBe(13);
  });

  it('ends groups of violations that nobody knows any more, so that they are not open for ever', async () => {
    const folder = temporaryFolder();
    const first = await begin(NOON_MS, folder);
    for (const id of ['a', 'b']) first.stage.told(violationGroup('critical', { id, onsetMs: NOON_MS }));
    first.clock.advance(6 * MINUTE_MS);
    const second = await begin(NOON_MS + 60 * MINUTE_MS, folder);
    second.stage.resumed(new Set(['b']));
    const { text = '' } = (await second.stage.write('weekly', '2026-03-02', 'json')) ?? {};
    const rows: { lengthMs: number | null }[] = JSON.parse(text).sections.incidents.rows;
    expect(rows.map(({ lengthMs }) => lengthMs)).toEqual([null, 60 * MINUTE_MS]);
  });
});

describe('days', () => {
  it('are kept for as long as is configured', async () => {
    const folder = temporaryFolder();
    const rig = await begin(NOON_MS, folder, { config: { max_days: 3 } });
    for (let day = 0; day < 6; day++) {
      await rig.calls(spans(day + 1));
      rig.clock.advance(DAY_MS);
      await nextTurn();
    }
    const kept = ['2026-03-08', '2026-03-07', '2026-03-06', '2026-03-05'];
    expect(daysOf(rig)).toEqual(kept);
    await rig.stop();
    const again = await begin(NOON_MS + 6 * DAY_MS + MINUTE_MS, folder);
    expect(daysOf(again)).toEqual(kept);
    expect([await callsOn(again, '2026-03-06'), await callsOn(again, '2026-03-04')]).toEqual([5, undefined]);
  });

  it('are two without a store', async () => {
    const rig = await begin(NOON_MS);
    for (let day = 0; day < 3; day++) {
      await rig.calls(spans(day + 1));
      rig.clock.advance(DAY_MS);
      await nextTurn();
    }
    expect(daysOf(rig)).toEqual(['2026-03-05', '2026-03-04', '2026-03-03'].slice(0, daysOf(rig).length));
    expect(await callsOn(rig, '2026-03-04')).toBe(3);
    expect(await callsOn(rig, '2026-03-02')).toBeUndefined();
  });

  it('go on where the clock is set back over midnight', async () => {
    const folder = temporaryFolder();
    const first = await begin(NOON_MS, folder);
    await first.calls(spans(4));
    await first.stop();
    const before = await begin(NOON_MS - DAY_MS, folder);
    await before.calls(spans(1));
    before.clock.advance(DAY_MS);
    await nextTurn();
    await before.calls(spans(2));
    expect(await callsOn(before, '2026-03-01')).toBe(1);
    // The day that was written down already has come again.
    expect(await callsOn(before, '2026-03-02')).toBe(6);
  });

  it('that are damaged or of another program are left out and said, the others told', async () => {
    const folder = temporaryFolder();
    const first = await begin(NOON_MS, folder);
    await first.calls(spans(4));
    first.clock.advance(DAY_MS);
    await nextTurn();
    await first.calls(spans(5));
    await first.stop();
    change(folder, '2026-03-02', '{"format":99}');
    const second = await begin(NOON_MS + DAY_MS, folder);
    expect(await callsOn(second, '2026-03-02')).toBeUndefined();
    expect(await callsOn(second, '2026-03-03')).toBe(5);
    expect(second.log.join('\n')).toContain('2026-03-02 is damaged, or of another version');
  });

  it('are found without their index', async () => {
    const folder = temporaryFolder();
    const first = await begin(NOON_MS, folder);
    await first.calls(spans(4));
    await first.stop();
    change(folder, 'index', undefined);
    const second = await begin(NOON_MS + DAY_MS, folder);
    expect(daysOf(second)).toEqual(['2026-03-03', '2026-03-02']);
    change(folder, 'index', 'no JSON');
    const third = await begin(NOON_MS + DAY_MS, folder);
    expect(daysOf(third)).toEqual(['2026-03-03', '2026-03-02']);
    await third.stop();
    const fourth = await begin(NOON_MS + DAY_MS, folder);
    expect(daysOf(fourth)).toEqual(['2026-03-03', '2026-03-02']);
  });

  it('are not written over before they are read', async () => {
    const folder = temporaryFolder();
    const first = await begin(NOON_MS, folder);
    await first.calls(spans(4));
    await first.stop();
    const second = await begin(NOON_MS + MINUTE_MS, folder, { refusesReads: 1 });
    expect(second.log.join('\n')).toContain('cannot be read');
    await second.calls(spans(3));
    expect(await callsOn(second, '2026-03-02')).toBe(3);
    second.clock.advance(6 * MINUTE_MS);
    await nextTurn();
    expect(await callsOn(second, '2026-03-02')).toBe(7);
    await second.stop();
    expect(await callsOn(await begin(NOON_MS + 10 * MINUTE_MS, folder), '2026-03-02')).toBe(7);
  });
});
