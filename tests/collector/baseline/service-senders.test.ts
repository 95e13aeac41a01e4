// Who sends the spans of a service: how many are told apart.
import { describe, expect, it } from 'vitest';
import { type SenderCount, ServiceSenders } from '../../../collector/src/baseline/service-senders.ts';

const START_S = 1_700_000_000;

function service(count: SenderCount = { value: 0 }) {
  const senders = new ServiceSenders(count);
  /** A batch that comes so long after its one call ended. */
  const send = (key: number, atS: number, lateS: number): void => {
    const sender = senders.of(key);
    sender.oldest = sender.newest = START_S + atS - lateS;
    sender.endBatch((START_S + atS) * 1000);
  };
  return { senders, send, count };
}

describe('senders of a service', () => {
  it('are forgotten, those silent for longest first, where there are too many', () => {
    const { senders, send, count } = service();
    send(-1, 0, 9);
    for (let key = 0; key < 10_000; key++) send(key, 1 + key / 1000, 5);
    expect([count.value, senders.lagMs()]).toEqual([256, 5250]);
    send(9999, 12, 5);
    expect(count.value).toBe(256);
  });

  it('of many services are no more than so many in all, and one of each at least', () => {
    const count = { value: 0 };
    const services = Array.from({ length: 1000 }, () => service(count));
    for (let key = 0; key < 20; key++) for (const { send } of services) send(key, key, 5);
    expect(count.value).toBe(8192);
    const late = service(count);
    late.send(1, 30, 5);
    late.send(2, 30, 5);
    expect([count.value, late.senders.lagMs()]).toEqual([8193, 5250]);
    for (const { senders } of services) senders.clear();
    expect(count.value).toBe(1);
  });

  it('that were not heard of for ten minutes are waited for no more', () => {
    const { senders, send, count } = service();
    for (let atS = 0; atS < 100; atS += 5) for (const key of [1, 2]) send(key, atS, key === 1 ? 9 : 5);
    for (let atS = 100; atS < 690; atS += 5) send(2, atS, 5);
    senders.completeTo((START_S + 690) * 1000);
    expect([count.value, senders.lagMs()]).toEqual([2, 9250]);
    send(2, 700, 5);
    senders.completeTo((START_S + 700) * 1000);
    expect([count.value, senders.lagMs()]).toEqual([1, 5250]);
  });
});
