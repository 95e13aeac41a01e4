import { expect, it } from 'vitest';
import { readRejected } from '../../../collector/src/export/partial-success.ts';
import { pick, randomBytes, seeded } from '../../support/random.ts';

function check(body: string | Uint8Array, contentType: string | undefined, expected: number): void {
  expect(readRejected(Buffer.from(body), contentType)).toBe(expected);
}

it('reads both encodings', () => {
  check('{"partialSuccess":{"rejectedSpans":"12"}}', 'application/json', 12);
  check('{"partialSuccess":{"rejectedSpans":12}}', 'application/json;charset=utf-8', 12);
  check('{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"old"}}', 'application/json', 3);
  check('{"partialSuccess":{"errorMessage":"old","rejectedLogRecords":4}}', 'application/json', 4);
  check(Buffer.from('0a03088e02', 'hex'), 'application/x-protobuf', 270);
  check(Buffer.from('0a03088e02', 'hex'), undefined, 270);
  // Unknown fields around it, and the field twice: the last one counts.
  check(Buffer.from('12017828010a0208050a020807', 'hex'), undefined, 7);
});

it('takes everything else for a full success', () => {
  for (const text of ['', '{}', '[]', '1', '"x"', 'null', '{', '{"partialSuccess":null}', '{"partialSuccess":1}'])
    check(text, 'application/json', 0);
  check('{"partialSuccess":{"rejectedSpans":"-3"}}', 'application/json', 0);
  check('{"partialSuccess":{"rejectedSpans":1.5}}', 'application/json', 0);
  check(Buffer.from('0aff', 'hex'), undefined, 0);
  check(Buffer.from('0a0b08ffffffffffffffffff01', 'hex'), undefined, 0);
  check('', undefined, 0);
});

it('survives whatever a receiver answers', () => {
  const random = seeded(3);
  for (let i = 0; i < 20_000; i++) {
    const rejected = readRejected(randomBytes(random, pick(random, 24)), undefined);
    expect(Number.isSafeInteger(rejected) && rejected >= 0).toBe(true);
  }
});
