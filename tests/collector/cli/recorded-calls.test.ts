import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { RecordedCall } from '../../../collector/src/baseline/recorded-run.ts';
import { readRun } from '../../../collector/src/cli/baseline-runs.ts';
import { readCalls, type RecordedMeta } from '../../../collector/src/cli/recorded-calls.ts';
import { linesOf, recordedRun, SHOP } from '../../support/recorded-runs.ts';

async function read(text: string, pieces = 1): Promise<{ metas: RecordedMeta[]; calls: RecordedCall[] }> {
  const metas: RecordedMeta[] = [];
  const calls: RecordedCall[] = [];
  const bytes = Buffer.from(text);
  const size = Math.ceil(bytes.length / pieces);
  const input = Readable.from(Array.from({ length: pieces }, (_, i) => bytes.subarray(i * size, (i + 1) * size)));
  await readCalls(input, { meta: (meta) => metas.push(meta), take: (call) => calls.push(call) });
  return { metas, calls };
}

describe('recorded calls', () => {
  it('are read line by line, however they come in pieces', async () => {
    const text = `{"meta":{"service":"käse","service_version":"7","learn_until_ms":5}}
{"t_ms":1,"op":"ä","duration_ms":2,"error":1}\n\n{"t_ms":3}\n{"t_ms":4,"op":"b","duration_ms":1,"service":"own","kind":"client"}`;
    const whole = await read(text);
    expect(whole.metas).toEqual([{ service: 'käse', version: '7', learnUntilMs: 5 }]);
    expect(whole.calls).toEqual([
      { timeMs: 1, operation: 'ä', durationMs: 2, isError: true, service: 'käse', version: '7' },
      { timeMs: 3 },
      { timeMs: 4, operation: 'b', durationMs: 1, isError: false, service: 'own', kind: 'client', version: '7' },
    ]);
    for (const pieces of [2, 7, 50]) expect(await read(text, pieces)).toEqual(whole);
  });

  it('need no meta line', async () => {
    expect(await read('{"t_ms":3,"op":"a","duration_ms":1,"error":0}\n')).toMatchObject({
      metas: [{}],
      calls: [{ timeMs: 3, operation: 'a' }],
    });
  });

  it('are refused with the number of the line', async () => {
    const check = (text: string, message: RegExp): Promise<void> => expect(read(text)).rejects.toThrow(message);
    await check('{"t_ms":1}\nnope', /line 2 is not JSON/);
    await check('[1]', /line 1 is not a JSON object/);
    await check('{"op":"a"}', /line 1 has no t_ms/);
    await check('{"t_ms":"1"}', /line 1 has a t_ms that is no number/);
    await check('{"t_ms":1,"op":2}', /line 1 has an op that is no text/);
    await check('{"t_ms":1,"op":"a","service":2}', /line 1 has a service that is no text/);
    await check(`{"t_ms":1}\n${'x'.repeat(2 ** 20 + 1)}`, /longer than 1 MiB/);
  });
});

describe('a run', () => {
  const source =
    (text: string) =>
    (reader: Parameters<typeof readCalls>[1]): Promise<void> =>
      readCalls(Readable.from([Buffer.from(text)]), reader);

  it('that a baseline is learned of ends where its recording says so, one that is checked does not', async () => {
    const calls = recordedRun({ seed: 1, seconds: 20, operations: SHOP.slice(0, 1) });
    const text = linesOf(calls, { learn_until_ms: (calls[0]?.timeMs ?? 0) + 10_000 });
    const errors = (await readRun(source(text), 'run')).map(({ figures }) => figures.toMs - figures.fromMs);
    expect(errors[0]).toBeGreaterThan(19_000);
    const [learned] = await readRun(source(text), 'baseline');
    expect((learned?.figures.toMs ?? 0) - (learned?.figures.fromMs ?? 0)).toBeLessThan(10_000);
  });

  it('needs calls', async () => {
    await expect(readRun(source('{"t_ms":1}\n'), 'run')).rejects.toThrow(/it holds no calls/);
  });
});
