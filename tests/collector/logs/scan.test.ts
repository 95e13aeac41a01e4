import { describe, expect, it } from 'vitest';
import { LogsWriter } from '../../../collector/src/logs/logs-writer.ts';
import { LogScan } from '../../../collector/src/logs/scan.ts';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { logsBody, randomRecord, recordsOf, type RecordShape } from '../../support/log-records.ts';
import { mutateBytes } from '../../support/mutate.ts';
import { pick, seeded } from '../../support/random.ts';
import { traceIdOf } from '../../support/test-span.ts';

function scanned(body: Uint8Array): LogScan {
  const scan = new LogScan();
  scan.read(Buffer.from(body));
  return scan;
}

function refusal(body: Uint8Array): string {
  try {
    scanned(body);
  } catch (error) {
    if (error instanceof Malformed) return error.reason;
    throw error;
  }
  return 'accepted';
}

/** A field with a length, as hexadecimal text. */
function field(number: number, ...content: string[]): string {
  const inside = content.join('');
  const length = inside.length / 2;
  if (length > 127) throw new Error('one byte of length is enough here');
  const tag = number * 8 + 2;
  return Buffer.from([...(tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7]), length]).toString('hex') + inside;
}

/** A request with one record of these fields. */
function around(...record: string[]): Buffer {
  return Buffer.from(field(1, field(2, field(2, ...record))), 'hex');
}

const rows = (count: number): number[] => Array.from({ length: count }, (_, row) => row);

describe('a scan of logs', () => {
  it('finds each record with its trace id', () => {
    const body = logsBody({ trace: 'a' }, {}, { trace: 'b', service: 'cart' }, { trace: 'c', scope: 'other' });
    const { count, traceAt } = scanned(body);
    const ids = [...traceAt.subarray(0, count)].map((at) => (at < 0 ? '' : body.toString('hex', at, at + 16)));
    const hex = (trace: string): string => traceIdOf(trace).toString('hex');
    expect(ids).toEqual([hex('a'), '', hex('b'), hex('c')]);
  });

  it('takes ids of another length, or all zero, for none', () => {
    const check = (id: string, has: boolean): void =>
      expect(scanned(around(field(9, id))).traceAt[0] !== -1, id).toBe(has);
    check('11'.repeat(16), true);
    check(`${'00'.repeat(15)}01`, true);
    check('00'.repeat(16), false);
    check('11'.repeat(15), false);
    check('11'.repeat(17), false);
    check('', false);
  });

  it('calls WARN and above severe, by number or, where there is none, by text', () => {
    const check = (shape: RecordShape, severe: 0 | 1): void =>
      expect(scanned(logsBody(shape)).isSevere[0], JSON.stringify(shape)).toBe(severe);
    check({ severity: 12 }, 0);
    check({ severity: 13 }, 1);
    check({ severity: 24 }, 1);
    check({ severity: 99 }, 1);
    check({ severity: -1 }, 0);
    check({ severity: 0 }, 0);
    check({ severity: 9, severityText: 'ERROR' }, 0);
    for (const severityText of ['warn', 'WARNING', 'Error', 'ERR', 'critical', 'FATAL', 'SEVERE', 'emerg', 'alert'])
      check({ severity: 0, severityText }, 1);
    for (const severityText of ['info', 'notice', 'DEBUG', 'trace', 'ward', '', 'no error'])
      check({ severity: 0, severityText }, 0);
  });

  it('reads fields in any order, the last of each counts', () => {
    const { traceAt, isSevere } = scanned(around(field(9, '22'.repeat(16)), '1011', '1009', field(9, '33'.repeat(16))));
    expect([isSevere[0], traceAt[0]]).toEqual([0, expect.any(Number)]);
    expect(scanned(around('1009', '1011')).isSevere[0]).toBe(1);
  });

  it('refuses what is broken, and names how', () => {
    const check = (body: Buffer, reason: string): void => expect(refusal(body), body.toString('hex')).toBe(reason);
    check(Buffer.from('0a05', 'hex'), 'truncated');
    check(Buffer.from('0801', 'hex'), 'wire_type');
    check(around('ff'), 'truncated');
    check(around('0b'), 'group');
    check(around('4801'), 'wire_type');
    check(around(field(5, field(5, field(1, '0a7f')))), 'truncated');
    check(around(field(6, '0a05')), 'truncated');
    check(around(field(4, '00'), field(99, 'ff')), 'accepted');
    check(around('2001'), 'accepted');
    let deep = field(1, '61');
    for (let depth = 0; depth < 24; depth++) deep = field(5, field(1, deep));
    check(around(field(5, deep)), 'depth');
    check(Buffer.from(field(1).repeat(65_537), 'hex'), 'contexts');
    check(Buffer.from(field(1).repeat(65_536), 'hex'), 'accepted');
  });

  it('finds records with text that is no UTF-8 unfit, alone or with all that it surrounds', () => {
    const bad = 'c328';
    const check = (body: Buffer, fit: number[]): void =>
      expect([...scanned(body).isFit.subarray(0, fit.length)], body.toString('hex')).toEqual(fit);
    check(around(field(5, field(1, bad))), [0]);
    check(around(field(6, field(1, bad))), [0]);
    check(around(field(3, bad)), [0]);
    check(around(field(12, bad)), [0]);
    check(around(field(5, field(7, bad))), [1]);
    const record = field(2, field(5, field(1, '61')));
    const scopes = field(2, field(1, field(1, bad)), record) + field(2, record);
    check(Buffer.from(field(1, scopes), 'hex'), [0, 1]);
    check(Buffer.from(field(1, field(2, record), field(3, bad)), 'hex'), [0]);
  });

  it('finds records unfit that have more than 64 KiB around them', () => {
    const fit = (service: string): number | undefined => scanned(logsBody({ service })).isFit[0];
    expect(fit('x'.repeat(30_000))).toBe(1);
    expect(fit('x'.repeat(65_537))).toBe(0);
  });

  it('counts on beyond what it splits', () => {
    const record = field(2);
    const many = (records: number): LogScan => {
      const content = Buffer.from(record.repeat(records), 'hex');
      const lengths = (length: number): Buffer => {
        const bytes = [];
        for (let rest = length; ; rest >>= 7) {
          if (rest < 128) return Buffer.from([...bytes, rest]);
          bytes.push((rest & 127) | 128);
        }
      };
      const scope = Buffer.concat([Buffer.from([0x12]), lengths(content.length), content]);
      return scanned(Buffer.concat([Buffer.from([0x0a]), lengths(scope.length), scope]));
    };
    expect(many(262_144)).toMatchObject({ count: 262_144, isSplittable: true });
    expect(many(262_145)).toMatchObject({ count: 262_145, isSplittable: false });
    const scopes = (count: number): LogScan => scanned(Buffer.from(field(1, field(2)).repeat(count), 'hex'));
    expect([scopes(4096).isSplittable, scopes(4097).isSplittable]).toEqual([true, false]);
  });

  it('writes any choice of records with just what surrounded them, unknown fields included', () => {
    const random = seeded(5);
    const writer = new LogsWriter();
    for (let round = 0; round < 200; round++) {
      const shapes = rows(1 + pick(random, 30)).map(() => randomRecord(random, ['a', 'b']));
      const unknown = Buffer.from(field(200, '616263'), 'hex');
      const body = round % 4 === 0 ? Buffer.concat([logsBody(...shapes), unknown]) : logsBody(...shapes);
      const scan = scanned(body);
      const chosen = rows(scan.count).filter(() => random() < 0.6);
      const all = recordsOf(body);
      expect(recordsOf(writer.request(body, scan, Uint32Array.from(chosen)))).toEqual(chosen.map((row) => all[row]));
    }
    const odd = Buffer.from(field(1, field(99, '61'), field(2, field(98, '62'), field(2, field(97, '63')))), 'hex');
    expect(Buffer.from(writer.request(odd, scanned(odd), Uint32Array.of(0))).toString('hex')).toBe(odd.toString('hex'));
  });

  it('accepts nothing as sound that a strict decoder refuses', () => {
    const random = seeded(9);
    let accepted = 0;
    for (let round = 0; round < 4000; round++) {
      const body = mutateBytes(random, logsBody(...rows(3).map(() => randomRecord(random, ['a', 'b']))));
      if (refusal(body) !== 'accepted') continue;
      const scan = scanned(body);
      if (scan.isFit.subarray(0, scan.count).includes(0)) continue;
      accepted++;
      // Resources and scopes without a record are nobody's business and are not written.
      const written = new LogsWriter().request(body, scan, Uint32Array.from(rows(scan.count)));
      expect(recordsOf(written), body.toString('hex')).toHaveLength(scan.count);
    }
    expect(accepted).toBeGreaterThan(500);
  });
});
