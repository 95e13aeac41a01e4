import { describe, expect, it } from 'vitest';
import { HeldRecords, type HeldTrace } from '../../../collector/src/logs/held-records.ts';
import { LogScan } from '../../../collector/src/logs/scan.ts';
import { ScopeTable } from '../../../collector/src/logs/scope-table.ts';
import { logsBody, type RecordShape, saidIn } from '../../support/log-records.ts';

/** Holds the records of one request. */
function holding(shapes: readonly RecordShape[]) {
  const held = new HeldRecords();
  const traces: HeldTrace[] = [];
  const body = logsBody(...shapes);
  const scan = new LogScan();
  scan.read(body);
  held.hold(body, scan, new Uint32Array(shapes.keys()), 0, (trace) => traces.push(trace));
  return { held, traces };
}

describe('held records', () => {
  it('count all that a request keeps in memory, and free it but for what is left of it', () => {
    const shapes = Array.from({ length: 4000 }, (_, i) => ({ trace: i === 2000 ? 'left' : 'gone', says: `${i}` }));
    const { held, traces } = holding(shapes);
    const gone = traces[0] ?? expect.fail('no trace');
    const before = held.sizeBytes;
    held.drop(gone);
    // The columns of a record take 28 bytes, a trace 240; its place among its request's records stays with the request.
    expect(held.sizeBytes).toBe(before - 3999 * 28 - 240);
    expect(held.compact()).toBe(true);
    expect(held.sizeBytes).toBeLessThan(1000);
    held.stage(traces[1] ?? expect.fail('no second trace'));
    expect(saidIn(Buffer.from(held.flush() ?? []))).toEqual(['2000']);
    expect(held.sizeBytes).toBe(0);
  });

  it('count four bytes a record for its place among those of its request', () => {
    const sizeOf = (records: number): number => {
      const { held } = holding(Array.from({ length: records }, () => ({ trace: 'a' })));
      return held.sizeBytes;
    };
    const bodyOf = (records: number): number =>
      logsBody(...Array.from({ length: records }, () => ({ trace: 'a' }))).length;
    // Framing is not held: a tag and a length of one byte. Around ten records all other lengths take two.
    expect(sizeOf(11) - sizeOf(10)).toBe(bodyOf(11) - bodyOf(10) - 2 + 28 + 4);
  });

  it('keep what surrounds them apart from the buffers they came in', () => {
    const scan = new LogScan();
    scan.read(logsBody({ trace: 'a' }));
    const { bytes, resource } = new ScopeTable().join(scan, 0);
    for (const each of [bytes, resource.bytes]) expect(each.buffer.byteLength).toBe(each.length);
    expect(bytes.equals(scan.scopes[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
  });
});
