// What a stage knows after a restart.
import { describe, expect, it } from 'vitest';
import type { Violation } from '../../../collector/src/baseline/contract.ts';
import type { PointShape } from '../../support/data-points.ts';
import { MemoryState, type ResourceRig, resourceRig } from '../../support/resource-rig.ts';

const QUEUE = { watch: [{ metrics: ['queue.*'], limit: 100 }] };
const depth = (value: number): PointShape => ({ name: 'queue.depth', unit: '{item}', value });
const lineOf = ({ stage }: ResourceRig) => stage.lines().series[0];

describe('a restart', () => {
  const violationOf = (rig: ResourceRig): Violation => {
    const [said] = rig.said;
    const line = lineOf(rig);
    if (said === undefined || line === undefined || said.severity === 'none') throw new Error('nothing was said');
    const { onsetMs, severity, ratio } = said;
    return {
      id: 'a',
      subject: { key: line.key, name: line.name, attributes: line.attributes },
      kind: 'resource',
      severity,
      peak: severity,
      onsetMs,
      raisedMs: onsetMs,
      changedMs: onsetMs,
      ratio,
      explanation: { summary: '', quantiles: [], calls: 0, oneInDays: 1, traceIds: [] },
    };
  };

  it('keeps what was learned, and says nothing twice', async () => {
    const store = new MemoryState();
    const first = resourceRig(QUEUE, { store });
    await first.stage.start();
    await first.run(3600, 10, () => depth(50));
    await first.run(400, 10, () => depth(85));
    await first.stage.stop();
    const again = resourceRig(QUEUE, { store, open: [violationOf(first)] });
    await again.stage.start();
    expect(lineOf(again)).toMatchObject({ severity: 'warning', state: 'learning' });
    expect(
      again.stage.facts(first.own.clock.nowMs() - 86_400_000, first.own.clock.nowMs() + 1)[0]?.mean,
    ).toBeGreaterThan(50);
    await again.run(400, 10, () => depth(85));
    expect(again.said).toEqual([]);
    await again.run(300, 10, () => depth(50));
    expect(again.severities()).toEqual(['none']);
    expect(again.said[0]?.onsetMs).toBe(first.said[0]?.onsetMs);
  });

  it('learns anew what is damaged, and goes on with what was said of it', async () => {
    const store = new MemoryState();
    const first = resourceRig(QUEUE, { store });
    await first.stage.start();
    await first.run(400, 10, () => depth(85));
    await first.stage.stop();
    for (const { key } of store.documents.values())
      store.documents.set(key, { key, body: new Uint8Array([255, 15, 1]) });
    const again = resourceRig(QUEUE, { store, open: [violationOf(first)] });
    await again.stage.start();
    expect(again.own.counts('lost_states')).toEqual({ damaged: 1 });
    await again.run(600, 10, () => depth(85));
    expect(again.said).toEqual([]);
    await again.run(300, 10, () => depth(50));
    expect(again.severities()).toEqual(['none']);
  });

  it('takes over what is read late', async () => {
    const first = resourceRig(QUEUE);
    await first.stage.start();
    await first.run(400, 10, () => depth(85));
    const open: Violation[] = [];
    const again = resourceRig(QUEUE, { open });
    await again.stage.start();
    await again.run(300, 10, () => depth(50));
    open.push(violationOf(first));
    await again.run(600, 10, () => depth(50));
    expect(again.severities()).toEqual(['none']);
  });

  it('ends what was said of a series that does not come again', async () => {
    const first = resourceRig(QUEUE);
    await first.stage.start();
    await first.run(400, 10, () => depth(85));
    const again = resourceRig(QUEUE, { open: [violationOf(first)] });
    await again.stage.start();
    again.own.clock.advance(300_000);
    expect(again.said).toEqual([]);
    again.own.clock.advance(200_000);
    expect(again.said[0]).toMatchObject({ severity: 'none', ended: 'forgotten' });
  });

  it('writes what it learns by and by, and at once where it says something', async () => {
    const store = new MemoryState();
    const rig = resourceRig(QUEUE, { store });
    await rig.stage.start();
    await rig.run(200, 10, () => depth(85));
    expect(rig.severities()).toEqual(['warning']);
    await rig.run(20, 10, () => depth(85));
    expect(store.documents.size).toBe(1);
  });
});
