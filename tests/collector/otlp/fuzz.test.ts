import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { tracesFromJson } from '../../../collector/src/otlp/json.ts';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { type DecodedSpan, asText, decodeBody, flatten, type PlainSpan, plainSpan } from '../../support/decoded.ts';
import { reencode, releaseBatch, rowsOf, testIntake } from '../../support/intake.ts';
import { mutate, mutateBytes, mutateJson } from '../../support/mutate.ts';
import { Request8, RequestAroundSpans8, Span8, StructuralSpan8 } from '../../support/otlp-schema.ts';
import { oneOf, seeded } from '../../support/random.ts';
import { bodyOf, jsonBodyOf, traffic } from '../../support/traffic.ts';
import { odditiesOf } from '../../support/wire-tree.ts';

const FIXTURES = new URL('../../fixtures/otlp/', import.meta.url);

function recordedBodies(): Buffer[] {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.pb'));
  return names.map((name) => readFileSync(new URL(name, FIXTURES)));
}

function smallBodies(): Uint8Array[] {
  return traffic({ seed: 11, traces: 40, maxSpans: 3, attributes: 4, rich: true }).map((spans) => bodyOf(spans));
}

/** What the decoder that shares no code with us makes of a body: refused, or these spans and so many rejected alone. */
type Verdict = { spans: DecodedSpan[]; rejected: number } | 'refused';

function judge(body: Uint8Array): Verdict {
  const around = attempt(() => RequestAroundSpans8.decode(body));
  if (around === undefined) return 'refused';
  let rejected = 0;
  let isBroken = false;
  const spans = flatten(around, (bytes) => {
    const span = attempt(() => Span8.decode(bytes as Uint8Array));
    if (span === undefined && attempt(() => StructuralSpan8.decode(bytes as Uint8Array)) === undefined) isBroken = true;
    const plain = span === undefined ? undefined : plainSpan(span);
    if (plain !== undefined && hasSoundIds(plain)) return plain;
    rejected++;
    return undefined;
  });
  return isBroken ? 'refused' : { spans, rejected };
}

function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

function hasSoundIds({ traceId = '', spanId = '', parentSpanId = '' }: PlainSpan): boolean {
  const isId = (base64: string, length: number): boolean => {
    const id = Buffer.from(base64, 'base64');
    return id.length === length && id.some((byte) => byte !== 0);
  };
  return isId(traceId, 16) && isId(spanId, 8) && [0, 8].includes(Buffer.from(parentSpanId, 'base64').length);
}

/** The columns, as the decoder that shares no code with us would fill them. */
function expectedRow({ span, serviceName }: DecodedSpan): object {
  const { kind = 0, status } = span;
  const code = status?.code ?? 0;
  return {
    traceId: Buffer.from(span.traceId, 'base64').toString('hex'),
    name: span.name ?? '',
    traceState: span.traceState ?? '',
    startNs: BigInt(span.startTimeUnixNano ?? 0),
    endNs: BigInt(span.endTimeUnixNano ?? 0),
    kind: kind < 0 || kind > 5 ? 0 : kind,
    status: code < 0 || code > 2 ? 0 : code,
    service: serviceName.slice(0, 256),
  };
}

/**
 * As `toEqual`, which is asked only where the two are not plainly the same, and so fails as it would: asked for all
 * that a fuzz compares, it costs more than what is tested.
 */
function expectSame(actual: unknown, expected: unknown, context: () => string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, context()).toEqual(expected);
}

test('takes and refuses mutated bodies as protobufjs does, and keeps nothing of what it refuses', () => {
  const random = seeded(2024);
  const small = smallBodies();
  const recorded = recordedBodies();
  expect(recorded.length).toBeGreaterThanOrEqual(6);
  const intake = testIntake();
  const seen = { accepted: 0, rejectedSpans: 0 };
  const reasons = new Map<string, number>();
  for (let i = 0; i < 50_000; i++) {
    const body = mutate(random, oneOf(random, i % 20 === 0 ? recorded : small));
    const context = (): string => `body ${i}: ${body.toString('hex')}`;
    const expected = judge(body);
    // Both ways to ask the other decoder must agree, or the judge itself is wrong.
    if (expected === 'refused')
      expectSame(
        attempt(() => Request8.decode(body)),
        undefined,
        context,
      );
    const before = { contexts: intake.contexts.count, contextBytes: intake.contexts.sizeBytes };
    try {
      expectSame(intake.take([body], body.length, i, i), 'accepted', context);
    } catch (error) {
      if (!(error instanceof Malformed)) throw new Error(context(), { cause: error });
      reasons.set(error.reason, (reasons.get(error.reason) ?? 0) + 1);
      if (expected !== 'refused')
        expect([...odditiesOf(body, 'ExportTraceServiceRequest')], context()).toContain(error.reason);
      expectSame({ contexts: intake.contexts.count, contextBytes: intake.contexts.sizeBytes }, before, context);
      expectSame(intake.arena.liveBytes, 0, context);
      continue;
    }
    const { batch } = intake;
    seen.accepted++;
    seen.rejectedSpans += batch.rejected;
    if (expected === 'refused') throw new Error(`accepted what protobufjs refuses: ${context()}`);
    expectSame(odditiesOf(body, 'ExportTraceServiceRequest').size, 0, context);
    expectSame(batch.rejected, expected.rejected, context);
    const rows = rowsOf(batch).map(({ flags: _, dimensions: __, ...row }) => row);
    expectSame(rows, expected.spans.map(expectedRow), context);
    expectSame(asText(decodeBody(reencode(batch))), asText(expected.spans), context);
    releaseBatch(batch);
    expectSame(intake.arena.liveBytes, 0, context);
  }
  // A fuzz that only ever sees one answer proves nothing.
  expect(seen.accepted).toBeGreaterThan(10_000);
  expect(seen.rejectedSpans).toBeGreaterThan(1000);
  for (const reason of ['truncated', 'varint', 'tag', 'wire_type', 'group', 'depth', 'utf8'])
    expect(reasons.get(reason), reason).toBeGreaterThan(0);
}, 60_000);

test('takes every recorded body whole', () => {
  for (const body of recordedBodies()) {
    const intake = testIntake();
    expect(intake.take([body], body.length, 0, 0)).toBe('accepted');
    const expected = decodeBody(body);
    expect(intake.batch.rejected).toBe(0);
    expect(rowsOf(intake.batch).map(({ flags: _, dimensions: __, ...row }) => row)).toEqual(expected.map(expectedRow));
    expect(asText(decodeBody(reencode(intake.batch)))).toEqual(asText(expected));
  }
});

test('turns mutated JSON into an accepted body or Malformed, never anything else', () => {
  const random = seeded(4711);
  const bodies = traffic({ seed: 12, traces: 30, maxSpans: 3, attributes: 5, rich: true }).map((spans) =>
    jsonBodyOf(spans),
  );
  const intake = testIntake();
  const seen = { accepted: 0, malformed: 0 };
  for (let i = 0; i < 6000; i++) {
    const body =
      random() < 0.6 ? mutateJson(random, oneOf(random, bodies)) : mutateBytes(random, oneOf(random, bodies));
    try {
      const converted = tracesFromJson(body);
      // What was made from JSON is canonical protobuf; anything but Malformed fails the test.
      expect(() => Request8.decode(converted), body.toString()).not.toThrow();
      expectSame(intake.take([converted], converted.length, i, i), 'accepted', () => body.toString());
      seen.accepted++;
      releaseBatch(intake.batch);
    } catch (error) {
      if (!(error instanceof Malformed)) throw new Error(body.toString(), { cause: error });
      seen.malformed++;
    }
    expectSame(intake.arena.liveBytes, 0, () => body.toString());
  }
  expect(seen.accepted).toBeGreaterThan(500);
  expect(seen.malformed).toBeGreaterThan(500);
});
