import { describe, expect, it } from 'vitest';
import { BINS } from '../../../collector/src/baseline/bins.ts';
import { readBaselines, writeBaselines } from '../../../collector/src/baseline/document.ts';
import { callsOf } from '../../../collector/src/baseline/figures.ts';
import { alternativesOf } from '../../../collector/src/baseline/hypotheses.ts';
import { LatencyTest } from '../../../collector/src/baseline/latency-test.ts';
import type { Learned } from '../../../collector/src/baseline/learned.ts';
import { RecordedRun, type RecordedOperation } from '../../../collector/src/baseline/recorded-run.ts';
import { addCall, clearStep, emptyStep } from '../../../collector/src/baseline/step.ts';
import { binOf } from '../../../collector/src/baseline/bins.ts';
import { EvenkeelError } from '../../../collector/src/errors.ts';
import { recordedRun, type RunOptions, SHOP } from '../../support/recorded-runs.ts';

const CREATED = '2026-01-02T03:04:05.000Z';

function learnedFrom(options: RunOptions): RecordedOperation[] {
  const run = new RecordedRun();
  for (const call of recordedRun(options)) run.take(call);
  return run.end('baseline');
}

/** A quarter of an hour is enough for whole baselines. */
const operations = learnedFrom({ seed: 1, seconds: 900, operations: SHOP.slice(0, 2) });
const text = writeBaselines({ created: CREATED, operations });

describe('a document of baselines', () => {
  it('gives back what was written', () => {
    const read = readBaselines(text);
    expect(read.created).toBe(CREATED);
    expect(read.operations.map(({ name, service }) => [name, service])).toEqual([
      ['GET /cart', 'shop'],
      ['POST /orders', 'shop'],
    ]);
    // Rounded once, it stays as it is.
    expect(writeBaselines(read)).toBe(text);
    read.operations.forEach((operation, i) => {
      expect(operation.isProvisional).toBe(false);
      expect(operation.figures.counts).toEqual(operations[i]?.figures.counts);
      expect({ ...operation.learned, density: [] }).toEqual({ ...operations[i]?.learned, density: [] });
    });
  });

  it('is small', () => {
    expect(text.length / operations.length).toBeLessThan(2500);
  });

  it('carries for people what they ask for', () => {
    const [first] = (JSON.parse(text) as { operations: Record<string, unknown>[] }).operations;
    expect(first).toMatchObject({ op: 'GET /cart', service: 'shop', provisional: false, error_ratio: 0 });
    const { p50, p99 } = first as { p50: Record<string, number>; p99: Record<string, number> };
    expect(p50['low_ms']).toBeLessThan(p50['ms'] ?? 0);
    expect(p99['high_ms']).toBeGreaterThan(p99['ms'] ?? Infinity);
  });

  it('makes a detector that says the same', () => {
    const before = operations[0]?.learned;
    const after = readBaselines(text).operations[0]?.learned;
    const said = (learned: Learned | undefined): (string | undefined)[] => {
      if (learned === undefined) return [];
      const test = new LatencyTest(learned);
      const shapes = alternativesOf(learned).map(({ shape }) => shape);
      const step = emptyStep(BINS);
      const slowed = recordedRun({ seed: 2, seconds: 60, operations: SHOP.slice(0, 1), machine: 1.6 });
      return Array.from({ length: 60 }, (_, second) => {
        clearStep(step);
        step.timeMs = second * 1000;
        for (const { durationMs = 0 } of slowed.slice(20 * second, 20 * second + 20))
          addCall(step, binOf(durationMs / 1000), false);
        test.take(step, 0, 1000, 100);
        const best = test.best();
        return best === undefined ? undefined : `${shapes[best.alternative]} ${best.nats.toFixed(1)}`;
      });
    };
    const evidence = said(before);
    expect(evidence.at(-1)).toMatch(/scale [1-9]\d/);
    // Evidence of a minute is off by less than what is looked at.
    const numbers = (all: (string | undefined)[]): number[] => all.map((each) => Number(each?.split(' ')[1] ?? 0));
    numbers(said(after)).forEach((nats, i) => expect(Math.abs(nats - (numbers(evidence)[i] ?? 0))).toBeLessThan(0.15));
  });

  it('keeps an operation of which too little is known for a baseline', () => {
    const few = learnedFrom({ seed: 1, seconds: 4, operations: SHOP.slice(1, 2) });
    expect(few[0]?.learned).toBeUndefined();
    const [read] = readBaselines(writeBaselines({ created: CREATED, operations: few })).operations;
    expect(read?.learned).toBeUndefined();
    expect(read === undefined ? 0 : callsOf(read.figures)).toBe(24);
  });
});

describe('reading a document', () => {
  const check = (change: (document: Json) => void, message: RegExp): void => {
    const document = JSON.parse(text) as Json;
    change(document);
    const reading = (): unknown => readBaselines(JSON.stringify(document));
    expect(reading).toThrow(message);
    expect(reading).toThrow(EvenkeelError);
  };
  const second = (document: Json): Json => (document['operations'] as Json[])[1] ?? {};
  const learned = (document: Json): Json => second(document)['learned'] as Json;

  it('refuses what is no document, or of another version', () => {
    expect(() => readBaselines('{')).toThrow(/not JSON/);
    expect(() => readBaselines('null')).toThrow(/version is missing/);
    check((document) => (document['version'] = 2), /version is 2, and 1 is what can be read/);
    check((document) => delete document['version'], /version is missing/);
    check((document) => (document['created'] = 'yesterday'), /created/);
    check((document) => (document['more'] = 1), /more/);
  });

  it('names the path of what is wrong', () => {
    check((document) => (second(document)['calls'] = 7), /operations\[1\]\.counts: do not add up to 7 calls/);
    check((document) => (second(document)['counts'] as number[]).pop(), /operations\[1\]\.counts: is not pairs/);
    check((document) => ((second(document)['counts'] as number[])[0] = 255), /operations\[1\]\.counts: has bins/);
    check((document) => ((second(document)['counts'] as number[])[1] = -1), /operations\[1\]\.counts\[1\]/);
    check((document) => (second(document)['errors'] = 1e6), /operations\[1\]\.errors: are more than calls/);
    check((document) => (learned(document)['density'] = 'AAAA'), /operations\[1\]\.learned\.density: holds 1.5 bins/);
    check((document) => (learned(document)['density'] = '?'), /operations\[1\]\.learned\.density/);
    check((document) => (learned(document)['noise'] = null), /operations\[1\]\.learned\.noise/);
    check((document) => (learned(document)['correlation'] = 1.5), /operations\[1\]\.learned\.correlation/);
    check((document) => delete learned(document)['centre'], /operations\[1\]\.learned\.centre/);
    check((document) => (second(document)['to_ms'] = 0), /operations\[1\]\.to_ms: is before from_ms/);
  });
});

type Json = Record<string, unknown>;
