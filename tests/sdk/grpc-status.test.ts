// The details of a status: what protobufjs writes is read, and whatever else comes says nothing.
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../sdk/src/grpc-status.ts';
import { RPC } from '../support/grpc.ts';
import { seeded } from '../support/random.ts';

const encode = (type: string, value: object): Uint8Array => {
  const message = RPC.lookupType(type);
  return message.encode(message.fromObject(value)).finish();
};
const detail = (name: string, value: Uint8Array): object => ({
  typeUrl: `type.googleapis.com/google.rpc.${name}`,
  value,
});
const statusOf = (...details: object[]): Uint8Array => encode('Status', { code: 8, message: 'later', details });
const retryInfo = (value: object): object => detail('RetryInfo', encode('RetryInfo', value));

describe('retryAfterMs', () => {
  it('is the delay of the RetryInfo, wherever it stands', () => {
    const check = (delay: object, expected: number): void =>
      expect(retryAfterMs(statusOf(detail('DebugInfo', Uint8Array.of(8, 1)), retryInfo(delay)))).toBe(expected);
    check({ retryDelay: { seconds: 2, nanos: 500_000_000 } }, 2500);
    check({ retryDelay: { nanos: 30_000_000 } }, 30);
    check({ retryDelay: { seconds: 2 ** 40 } }, 2 ** 40 * 1000);
    check({ retryDelay: {} }, 0);
    check({}, 0);
  });

  it('is nothing where there is none', () => {
    for (const status of [new Uint8Array(0), statusOf(), statusOf(detail('DebugInfo', Uint8Array.of(8, 1)))])
      expect(retryAfterMs(status)).toBeUndefined();
  });

  it('reads no further than what is there, whatever bytes come', () => {
    const whole = statusOf(retryInfo({ retryDelay: { seconds: 7 } }));
    for (let length = 0; length < whole.length; length++)
      expect(retryAfterMs(whole.subarray(0, length))).toBeUndefined();
    const random = seeded(1);
    for (let i = 0; i < 2000; i++) {
      const changed = Uint8Array.from(whole, (byte) => (random() < 0.1 ? Math.floor(random() * 256) : byte));
      const delayMs = retryAfterMs(changed) ?? 0;
      expect(delayMs).toBeGreaterThanOrEqual(0);
    }
  });
});
