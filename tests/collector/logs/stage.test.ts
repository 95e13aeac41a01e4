import { describe, expect, it } from 'vitest';
import { logsBody } from '../../support/log-records.ts';
import { logsRig } from '../../support/logs-rig.ts';

describe('a stage of logs that follow', () => {
  it('passes at once what need not wait: WARN and above, records of no trace, of kept traces', async () => {
    const { take, sent, counts, decide } = logsRig();
    decide('kept', true);
    await take({ says: 'warn', severity: 13, trace: 'pending' }, { says: 'none' }, { says: 'kept', trace: 'kept' });
    expect(sent()).toEqual([['warn', 'none', 'kept']]);
    expect(counts()).toMatchObject({ passed: { severity: 1, no_trace: 1, kept: 1 }, held: 0 });
  });

  it('hands a request on as it came where all of it passes', async () => {
    const { stage, out } = logsRig();
    const body = logsBody({ severity: 17 }, { severity: 21, scope: 'other' });
    const request = { signal: 'logs', body, contentType: 'application/x-protobuf', contentEncoding: '' } as const;
    await stage.consume(request);
    expect(out).toEqual([request]);
    expect(out[0]?.body).toBe(body);
  });

  it('drops records of dropped traces below WARN, and no others', async () => {
    const { take, sent, counts, decide } = logsRig();
    decide('gone', false);
    await take({ says: 'info', trace: 'gone' }, { says: 'error', severity: 17, trace: 'gone' }, { says: 'other' });
    expect(sent()).toEqual([['error', 'other']]);
    expect(counts()).toMatchObject({ records: 3, dropped: 1, passed: { severity: 1, no_trace: 1 }, balanced: true });
  });

  it('holds records of a pending trace until it is decided, and then sends or drops all of them', async () => {
    const { take, sent, counts, decide, begin, advance } = logsRig();
    begin('a', 'b');
    await take({ says: 'a1', trace: 'a' }, { says: 'b1', trace: 'b' }, { says: 'a2', trace: 'a', service: 'cart' });
    await take({ says: 'a3', trace: 'a' }, { says: 'now', severity: 13, trace: 'b' });
    expect(sent()).toEqual([['now']]);
    expect(counts()).toMatchObject({ records: 5, held: 4, balanced: true });
    decide('b', false);
    decide('a', true);
    expect(counts()).toMatchObject({ held: 0, dropped: 1, passed: { kept: 3, severity: 1 }, balanced: true });
    advance(500);
    // One request, each service once.
    expect(sent()).toEqual([['now'], ['a1', 'a3', 'a2']]);
    expect(counts()).toMatchObject({ size: 0 });
  });

  it('lets records wait some seconds for a first span, and passes them where none comes', async () => {
    const { take, sent, counts, begin, decide, advance } = logsRig({ unseen_wait: '6s' });
    await take({ says: 'never', trace: 'never' }, { says: 'soon', trace: 'soon' }, { says: 'gone', trace: 'gone' });
    begin('soon');
    decide('gone', false);
    advance(5999);
    expect(counts()).toMatchObject({ held: 2, dropped: 1 });
    advance(501);
    expect(sent()).toEqual([['never']]);
    expect(counts()).toMatchObject({ held: 1, passed: { unseen: 1 }, balanced: true });
    decide('soon', true);
    advance(500);
    expect(sent()).toEqual([['never'], ['soon']]);
  });

  it('passes records of unseen traces at once where they are to wait 0s', async () => {
    const { take, sent, counts } = logsRig({ unseen_wait: '0s' });
    await take({ says: 'unseen', trace: 'unseen' });
    expect(sent()).toEqual([['unseen']]);
    expect(counts()).toMatchObject({ passed: { unseen: 1 }, held: 0 });
  });

  it('passes undecided what has waited as long as it may', async () => {
    const { take, sent, counts, begin, advance } = logsRig({ max_wait: '30s' });
    begin('long');
    await take({ says: 'first', trace: 'long' });
    advance(20_000);
    await take({ says: 'second', trace: 'long' });
    advance(9999);
    expect(sent()).toEqual([]);
    advance(501);
    expect(sent()).toEqual([['first', 'second']]);
    expect(counts()).toMatchObject({ passed: { max_wait: 2 }, held: 0, balanced: true });
  });

  it('passes the oldest undecided where more is held than may be, and counts it', async () => {
    const { take, sent, counts, begin, decide, advance } = logsRig({ max_held: '64KiB' });
    const traces = Array.from({ length: 300 }, (_, i) => `trace ${i}`);
    begin(...traces);
    for (const trace of traces) {
      await take({ says: `${trace} ${'x'.repeat(1000)}`, trace });
      expect(counts().size).toBeLessThanOrEqual(64 * 1024);
    }
    const { passed, held } = counts();
    expect(passed['max_held']).toBeGreaterThan(200);
    expect(held).toBe(300 - (passed['max_held'] ?? 0));
    const first = sent()
      .flat()
      .map((said) => said.split(' ', 2).join(' '));
    expect(first).toEqual(traces.slice(0, passed['max_held']));
    for (const trace of traces) decide(trace, false);
    advance(500);
    expect(counts()).toMatchObject({ held: 0, dropped: held, size: 0, balanced: true });
  });

  it('makes room by copying what is left of requests before it passes anything undecided', async () => {
    const { take, counts, begin, decide } = logsRig({ max_held: '256KiB' });
    begin('long');
    for (let i = 0; i < 60; i++) {
      begin(`short ${i}`);
      const short = Array.from({ length: 20 }, () => ({ says: 'x'.repeat(1000), trace: `short ${i}` }));
      await take({ says: `long ${i}`, trace: 'long' }, ...short);
      decide(`short ${i}`, false);
    }
    expect(counts()).toMatchObject({ held: 60, dropped: 1200, passed: {}, balanced: true });
    expect(counts().size).toBeLessThan(256 * 1024);
  });

  it('does not hold what cannot be sent beside other records', async () => {
    const { take, takeBody, sent, counts, begin } = logsRig();
    begin('a');
    await take({ says: 'wide', trace: 'a', service: 'x'.repeat(70_000) }, { says: 'held', trace: 'a' });
    expect(sent()).toEqual([['wide']]);
    const many = Array.from({ length: 4097 }, (_, i) => ({ trace: 'a', service: `service ${i}` }));
    await takeBody(logsBody(...many));
    expect(sent()[1]).toHaveLength(4097);
    expect(counts()).toMatchObject({ passed: { unfit: 4098 }, held: 1, balanced: true });
  });

  it('refuses a malformed request before anything of it is counted', async () => {
    const { takeBody, counts, out } = logsRig();
    const body = logsBody({ says: 'whole' }, { says: 'cut', trace: 'a' });
    await expect(takeBody(body.subarray(0, -3))).rejects.toMatchObject({ reason: 'truncated' });
    expect(counts()).toMatchObject({ records: 0, held: 0 });
    expect(out).toEqual([]);
  });

  it('sends large amounts in several requests, without waiting for the next look at the clock', async () => {
    const { take, sent, begin, decide } = logsRig({ max_held: '64MiB' });
    const traces = Array.from({ length: 30 }, (_, i) => `trace ${i}`);
    begin(...traces);
    for (const trace of traces) await take({ says: 'x'.repeat(100_000), trace });
    for (const trace of traces) decide(trace, true);
    expect(sent().map((said) => said.length)).toEqual([6, 6, 6, 6, 6]);
  });

  it('lets go at stop what still waits, and holds nothing afterwards', async () => {
    const { stage, take, sent, counts, begin } = logsRig();
    begin('a');
    await take({ says: 'held', trace: 'a' }, { says: 'unseen', trace: 'b' });
    await stage.stop();
    await stage.stop();
    expect(sent()).toEqual([['held', 'unseen']]);
    await take({ says: 'late', trace: 'a' });
    expect(sent()[1]).toEqual(['late']);
    expect(counts()).toMatchObject({ held: 0, size: 0, passed: { stop: 3 }, balanced: true });
  });

  it('says so where what follows it does not take held records', async () => {
    const { take, begin, decide, advance, log } = logsRig({}, () => Promise.reject(new Error('closed')));
    begin('a');
    await take({ trace: 'a' });
    decide('a', true);
    advance(500);
    await Promise.resolve();
    expect(log.join()).toContain('held log records were not taken: Error: closed');
  });
});
