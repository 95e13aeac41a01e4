import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { RecordedCall } from '../../../collector/src/baseline/recorded-run.ts';
import { fileSource } from '../../../collector/src/cli/baseline-runs.ts';
import { readCalls } from '../../../collector/src/cli/recorded-calls.ts';
import { RecordedSpans } from '../../../collector/src/cli/recorded-spans.ts';
import { EvenkeelError } from '../../../collector/src/errors.ts';
import { pick, seeded } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf, jsonBodyOf } from '../../support/traffic.ts';

const START_MS = 1_800_000_000_000;
const late = testSpan({ name: 'GET /cart', startMs: START_MS, durationMs: 30, error: true });
const early = testSpan({ service: 'db', name: 'SELECT', startMs: START_MS + 5, durationMs: 2.5, kind: 3 });
const CALLS: RecordedCall[] = [
  { timeMs: START_MS + 7.5, operation: 'SELECT', durationMs: 2.5, isError: false, service: 'db', kind: 'client' },
  { timeMs: START_MS + 30, operation: 'GET /cart', durationMs: 30, isError: true, service: 'shop', kind: 'server' },
];

async function told(file: string): Promise<RecordedCall[]> {
  const calls: RecordedCall[] = [];
  await fileSource(file)({ meta: () => {}, take: (call) => calls.push(call) });
  return calls;
}

it('reads spans as calls in order of their ends, whatever the encoding', async () => {
  const folder = temporaryFolder();
  const lines = join(folder, 'spans.jsonl');
  writeFileSync(lines, `${[late, early].map((span) => jsonBodyOf([span]).toString()).join('\n')}\n`);
  expect(await told(lines)).toEqual(CALLS);
  const protobuf = join(folder, 'spans.pb');
  writeFileSync(protobuf, Buffer.concat([bodyOf([late]), bodyOf([early])]));
  expect(await told(protobuf)).toEqual(CALLS);
});

it('takes lines of spans as long as a request is', async () => {
  const spans = Array.from({ length: 6000 }, (_, i) => testSpan({ startMs: START_MS + i }));
  const text = jsonBodyOf(spans);
  expect(text.length).toBeGreaterThan(2 ** 20);
  let calls = 0;
  await readCalls(Readable.from([text.subarray(0, 1_500_000), text.subarray(1_500_000)]), {
    meta: () => {},
    take: () => calls++,
  });
  expect(calls).toBe(6000);
});

it('refuses what is none with a coded error, and never with another', () => {
  expect(() => new RecordedSpans().takeJson('{"resourceSpans":[{]}')).toThrow(/recording cannot be read.*json/);
  const body = Buffer.from(bodyOf([late, early]));
  expect(() => new RecordedSpans().takeProtobuf(body.subarray(0, body.length - 3))).toThrow(EvenkeelError);
  const random = seeded(5);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const damaged = Buffer.from(body);
    for (let k = 0; k < 1 + pick(random, 3); k++) damaged[pick(random, damaged.length)] = pick(random, 256);
    try {
      new RecordedSpans().takeProtobuf(damaged);
    } catch (error) {
      expect(error).toBeInstanceOf(EvenkeelError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(100);
});
