// Whose series are, over restarts of their programs.
import { describe, expect, it } from 'vitest';
import type { AttributeValue } from '../../../collector/src/model/attributes.ts';
import { canonical } from '../../../collector/src/model/attributes.ts';
import { type Resource, resourceOf } from '../../../collector/src/model/data-point.ts';
import { Instances } from '../../../collector/src/resource/instances.ts';

const HOLD_MS = 150_000;
const of = (attributes: Readonly<Record<string, AttributeValue>>): Resource =>
  resourceOf(canonical(Object.entries(attributes)));
const shop = (id: string): Resource => of({ 'service.name': 'shop', 'service.instance.id': id });
const madeUp = (n: number): Resource => shop(`${n}0000000-1111-4222-8333-444444444444`);

describe('a sender', () => {
  it('with an id that lasts is told apart by it', () => {
    const instances = new Instances(HOLD_MS);
    const names = [shop('web-1:80'), shop('web-2:80')].map((each) => instances.senderOf(each, 0)?.name);
    expect(names).toEqual(['shop web-1:80', 'shop web-2:80']);
  });

  it('with an id made up at its start goes on where the one before it ended', () => {
    const instances = new Instances(HOLD_MS);
    const first = instances.senderOf(madeUp(1), 0);
    expect(instances.senderOf(madeUp(2), 10_000)).toBeUndefined();
    expect(instances.senderOf(madeUp(2), HOLD_MS + 1)).toEqual(first);
    // The one before has lost its place, and waits for one.
    expect(instances.senderOf(madeUp(1), HOLD_MS + 2)).toBeUndefined();
  });

  it('gets a place of its own beside one that lives on', () => {
    const instances = new Instances(HOLD_MS);
    for (let ms = 0; ms < 2 * HOLD_MS; ms += 10_000)
      for (const each of [madeUp(1), madeUp(2)]) instances.senderOf(each, ms);
    expect(instances.senderOf(madeUp(1), 2 * HOLD_MS)?.name).toBe('shop');
    expect(instances.senderOf(madeUp(2), 2 * HOLD_MS)?.name).toBe('shop #2');
  });

  it('is a host where it names no service', () => {
    const instances = new Instances(HOLD_MS);
    const names = ['a', 'b'].map((host) => instances.senderOf(of({ 'host.name': host }), 0)?.name);
    expect(names).toEqual(['a', 'b']);
  });

  it('that is this sidecar stays the same, whatever its host is called now', () => {
    const keys = ['a', 'b'].map((host) => {
      const own = of({ 'service.name': 'evenkeel', 'service.instance.id': `${host}:4318` });
      const instances = new Instances(HOLD_MS);
      instances.own = own.key;
      const sender = instances.senderOf(own, 0);
      return [sender?.key, sender?.isOwn];
    });
    expect(keys[0]).toEqual(keys[1]);
  });

  it('is left out where there are a thousand', () => {
    const instances = new Instances(HOLD_MS);
    for (let i = 0; i < 1000; i++) instances.senderOf(shop(`web-${i}`), 0);
    expect(instances.senderOf(shop('web-1000'), 0)).toBeUndefined();
    expect(instances.senderOf(shop('web-1000'), HOLD_MS + 1)?.name).toBe('shop web-1000');
  });
});
