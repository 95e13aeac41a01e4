import { describe, expect, it } from 'vitest';
import type { PostResult } from '../../../collector/src/export/http-client.ts';
import { judgeWrite, WriteProtocol, type WriteSent } from '../../../collector/src/export/write-answer.ts';
import { written } from '../../support/remote-write-rig.ts';

const NOW = 1_800_000_000_000;

function judged(
  httpStatus: number,
  sent: Partial<WriteSent> = {},
  headers: Record<string, string> = {},
  text = '',
): unknown {
  const result: PostResult = { httpStatus, headers, body: Buffer.from(text), error: '', isWritten: true };
  return judgeWrite(result, { version: '2.0', isAuto: true, samples: 10, ...sent }, NOW);
}

const V1 = { version: '1.0' } as const;
const all = { kind: 'done', refused: 0, reason: 'other' };
const none = { kind: 'done', refused: 10, reason: 'other' };

describe('an answer', () => {
  it('to 1.0 counts by its status', () => {
    for (const status of [200, 202, 204]) expect(judged(status, V1)).toEqual(all);
    for (const status of [301, 400, 401, 404, 413, 415, 422]) expect(judged(status, V1)).toEqual(none);
  });

  it('to 2.0 counts by what it says was written', () => {
    expect(judged(204, {}, written(10))).toEqual(all);
    expect(judged(204, {}, written(7, 3))).toEqual(all);
    expect(judged(200, {}, written(4, 3))).toEqual({ ...none, refused: 3 });
    expect(judged(400, {}, written(8, 1))).toEqual({ ...none, refused: 1 });
    expect(judged(400)).toEqual(none);
    // More than was sent, or no number, is nobody's business.
    expect(judged(204, {}, written(12))).toEqual(all);
    expect(judged(204, {}, { 'x-prometheus-remote-write-samples-written': '-3' })).toEqual(none);
  });

  it('to 2.0 without it is from a receiver of 1.0', () => {
    expect(judged(200)).toEqual({ kind: 'older' });
    expect(judged(204)).toEqual({ kind: 'older' });
    expect(judged(415)).toEqual({ kind: 'older' });
    // Where 2.0 is configured there is nothing else to try.
    expect(judged(204, { isAuto: false })).toEqual(none);
    expect(judged(415, { isAuto: false })).toEqual(none);
  });

  it('asks for another attempt by 429 and by any 5xx, also where a part was written', () => {
    for (const status of [0, 429, 500, 502, 503, 504, 599]) {
      expect(judged(status, V1)).toEqual({ kind: 'again', afterMs: undefined });
      expect(judged(status)).toEqual({ kind: 'again', afterMs: undefined });
    }
    expect(judged(503, {}, { 'retry-after': '7' })).toEqual({ kind: 'again', afterMs: 7000 });
    expect(judged(500, {}, written(3))).toEqual({ kind: 'again', afterMs: undefined });
  });

  it('names why samples were refused, in the words of several receivers', () => {
    const check = (text: string, reason: string): void => {
      expect(judged(400, V1, {}, text)).toEqual({ ...none, reason });
    };
    check('out of order sample', 'out_of_order');
    check('failed to append: err-mimir-sample-out-of-order', 'out_of_order');
    check('out of bounds', 'too_old');
    check('the sample has been rejected because its timestamp is too old', 'too_old');
    check('duplicate sample for timestamp', 'duplicate');
    check('per-user series limit of 10 exceeded', 'limit');
    check('label name is not valid', 'other');
    check('', 'other');
  });
});

describe('the version spoken', () => {
  it('is 2.0, and 1.0 for an hour after the receiver did not know it', () => {
    const protocol = new WriteProtocol('auto');
    expect(protocol.version(0)).toBe('2.0');
    protocol.isOlder(1000);
    expect(protocol.version(1000)).toBe('1.0');
    expect(protocol.version(3_600_999)).toBe('1.0');
    expect(protocol.version(3_601_000)).toBe('2.0');
  });

  it('is the configured one', () => {
    for (const version of ['1.0', '2.0'] as const) expect(new WriteProtocol(version).version(0)).toBe(version);
  });
});
