// A week of traffic through the real room, on a clock that moves by hand, with a kill -9 and a restart in it: what its reports
// say is what was counted apart.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReportFormat, ReportKind } from '../../../collector/src/report/contract.ts';
import { BYTES_PER_SECOND, type DrivenWeek, drivenWeek } from '../../support/driven-week.ts';
import { accountsOf, callsOf, DAY_MS, diskRatio, FAILING, HOUR_MS, HOURS, modelCallsOf, SLOW, type WeekCall, WEEK_MS } from '../../support/shop-week.ts'; // prettier-ignore

/** A bucket is 4.4 % wide. */
const BUCKET_RATIO = 2 ** (1 / 16);

let week: DrivenWeek;

const dateOf = (day: number): string => new Date(WEEK_MS + day * DAY_MS).toISOString().slice(0, 10);
const callsOfDays = (...days: number[]): WeekCall[] =>
  days.flatMap((day) => Array.from({ length: 24 }, (_, hour) => callsOf(day * 24 + hour)).flat());

async function text(kind: ReportKind, date: string, format: ReportFormat): Promise<string> {
  return (await week.stage().write(kind, date, format))?.text ?? 'none';
}

/** Rows of each section. */
async function json(kind: ReportKind, date: string) {
  return JSON.parse(await text(kind, date, 'json')).sections as Record<string, { rows: Record<string, unknown>[] }>;
}

beforeAll(async () => {
  week = await drivenWeek();
  return () => week.close();
}, 60_000);

/** Rows of operations are those of an account: counts exactly, quantiles within a bucket. */
function expectOperations(rows: readonly Record<string, unknown>[], calls: readonly WeekCall[]): void {
  const accounts = accountsOf(calls);
  expect(rows).toHaveLength(accounts.length);
  for (const account of accounts) {
    const row = rows.find(({ service, operation }) => service === account.service && operation === account.name);
    expect(row).toMatchObject({ calls: account.calls, errorRatio: account.errors / account.calls });
    expect(row?.['meanMs']).toBeCloseTo(account.meanMs, 4);
    for (const [column, q] of [['p50Ms', 0.5], ['p95Ms', 0.95], ['p99Ms', 0.99]] as const) {
      if (column === 'p99Ms' && account.calls < 100) expect(row?.[column]).toBeNull();
      else expectWithin(Number(row?.[column]), account.quantileMs(q));
    } // prettier-ignore
  }
}

function expectWithin(value: number, exact: number): void {
  expect(value).toBeGreaterThanOrEqual(exact / BUCKET_RATIO);
  expect(value).toBeLessThanOrEqual(exact * BUCKET_RATIO);
}

describe('a week of a shop', () => {
  it('has a report of each day with its calls, averages and percentiles', async () => {
    for (const day of [0, 1, 2, 3, 4, 5, 6]) {
      const { operations } = await json('daily', dateOf(day));
      expectOperations(operations?.rows ?? [], callsOfDays(day));
    }
    expect(await text('daily', '2026-03-01', 'json')).toBe('none');
  });

  it('has one of the week, and of the month as far as it is, which are the sum of the days', async () => {
    const calls = callsOfDays(0, 1, 2, 3, 4, 5, 6);
    const weekly = await json('weekly', dateOf(3));
    expectOperations(weekly['operations']?.rows ?? [], calls);
    const perDay = weekly['trends']?.rows.toReversed() ?? [];
    expect(perDay.map(({ day, calls: count }) => [day, count])).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((day) => [dateOf(day), callsOfDays(day).length]),
    );
    const month = await json('monthly', dateOf(0));
    const [total] = month['growth']?.rows ?? [];
    expect(total).toMatchObject({ what: 'Calls', value: calls.length });
  });

  it('counts failures by service exactly, and shares them out by type', async () => {
    const { errors } = await json('daily', dateOf(4));
    const failed = callsOfDays(4).filter(({ error }) => error);
    const count = (service: string): number => failed.filter((call) => call.service === service).length;
    const told = Map.groupBy(errors?.rows ?? [], ({ service }) => String(service));
    const sums = [...told].map(([service, rows]) => [
      service,
      rows.reduce((sum, row) => sum + Number(row['count']), 0),
    ]);
    expect(Object.fromEntries(sums)).toEqual({ shop: count('shop'), pay: count('pay'), web: count('web') });
    expect(errors?.rows[0]).toMatchObject({ service: 'shop', type: 'ETIMEDOUT' });
  });

  it('counts a violation on the day it was raised, and says how long it was open on each', async () => {
    const openOf = async (day: number): Promise<unknown[]> =>
      (await json('daily', dateOf(day)))['violations']?.rows.map((row) => [row['kind'], row['severity'], row['count'], row['openMs']]) ?? []; // prettier-ignore
    const slowMs = SLOW.toMs + 720_000 - SLOW.fromMs;
    expect(await openOf(2)).toEqual([
      ['latency', 'critical', 1, slowMs],
      ['latency', 'warning', 1, slowMs],
    ]);
    expect(await openOf(3)).toEqual([]);
    expect(await openOf(4)).toEqual([['error', 'emergency', 1, 4 * HOUR_MS]]);
    const weekly = await json('weekly', dateOf(0));
    expect(weekly['violations']?.rows.reduce((sum, { count }) => sum + Number(count), 0)).toBe(3);
    expect(weekly['incidents']?.rows).toMatchObject([
      { peak: 'emergency', members: 1, lengthMs: FAILING.toMs + 720_000 - FAILING.fromMs },
      { peak: 'critical', members: 2, lengthMs: slowMs },
    ]);
  });

  it('says what the slow dependency would have spared', async () => {
    const { opportunities } = await json('weekly', dateOf(0));
    const [row] = opportunities?.rows ?? [];
    expect(opportunities?.rows).toHaveLength(1);
    expect(row).toMatchObject({ operation: 'bank authorize', recommendation: 'ask bank authorize once, not per item' });
    const slow = callsOfDays(2).filter(({ service, startMs }) => service === 'pay' && startMs >= SLOW.fromMs && startMs < SLOW.toMs); // prettier-ignore
    const usual = accountsOf(callsOfDays(0, 1).filter(({ service }) => service === 'pay'))[0]?.meanMs ?? NaN;
    const taken = slow.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const spared = 0.9 * (taken - usual * slow.length);
    // Traffic of that hour is not that of the whole week, so this is an estimate.
    expect(Number(row?.['sparedTotalMs'])).toBeGreaterThan(spared / 2);
    expect(Number(row?.['sparedTotalMs'])).toBeLessThan(spared * 2);
  });

  it('sees the disk fill, and when it is full', async () => {
    const { capacity } = await json('weekly', dateOf(0));
    const [row] = capacity?.rows ?? [];
    expect(row).toMatchObject({ name: 'system.filesystem.utilization /data', limit: 1 });
    const leftMs = ((1 - diskRatio(WEEK_MS + 7 * DAY_MS)) / 0.02) * DAY_MS;
    expect(Number(row?.['expectedMs'])).toBeGreaterThan(leftMs * 0.8);
    expect(Number(row?.['expectedMs'])).toBeLessThan(leftMs * 1.3);
    const { resources } = await json('daily', dateOf(6));
    expect(Number(resources?.rows[0]?.['max'])).toBeGreaterThan(0.92);
  });

  it('knows limits that a metric tells, and makes rates of counters', async () => {
    const { resources } = await json('daily', dateOf(6));
    const [, files, wire] = resources?.rows ?? [];
    const open = { name: 'shop process.unix.file_descriptor.count', mean: 256, max: 256, usedRatio: 0.25 };
    expect(files).toMatchObject(open);
    expect(wire).toMatchObject({ name: 'system.network.io eth0 receive', usedRatio: null });
    expect(wire?.['mean']).toBeCloseTo(BYTES_PER_SECOND, 3);
    expect(await text('daily', dateOf(6), 'markdown')).toMatch(/eth0 receive \| 2 KiB\/s /);
  });

  it('has the readings of days in which the process ended, however it did', async () => {
    for (const day of [3, 4]) {
      const { resources } = await json('daily', dateOf(day));
      expect(Number(resources?.rows[0]?.['mean'])).toBeCloseTo(diskRatio(WEEK_MS + (day + 0.5) * DAY_MS), 2);
    }
  });

  it('counts calls of models, tokens and what they cost, also where their client began anew', async () => {
    const { llm } = await json('monthly', dateOf(0));
    const sum = (of: (hour: number) => number): number => HOURS.reduce((total, hour) => total + of(hour), 0);
    const inputTokens = sum((hour) => modelCallsOf(hour).inputTokens);
    const outputTokens = sum((hour) => modelCallsOf(hour).outputTokens);
    expect(llm?.rows).toHaveLength(1);
    const [row] = llm?.rows ?? [];
    expect(row).toMatchObject({ provider: 'acme', model: 'small-2', calls: sum((hour) => modelCallsOf(hour).calls) });
    expect(row).toMatchObject({ inputTokens, outputTokens, currency: 'EUR' });
    expect(row?.['cost']).toBeCloseTo((inputTokens * 2 + outputTokens * 10) / 1e6, 6);
    expect(row?.['errorRatio']).toBeCloseTo(7 / sum((hour) => modelCallsOf(hour).calls), 9);
  });

  it('adds up what was cleaned up, over both ends of the process', async () => {
    const removedOn = async (day: number): Promise<unknown> => (await json('daily', dateOf(day)))['cleanup']?.rows[0]?.['removed']; // prettier-ignore
    expect(await removedOn(0)).toBe(230);
    expect(await removedOn(1)).toBe(240);
    // Ten each hour; the first reading after a start is 0, whatever went before.
    expect(await removedOn(3)).toBe(230);
  });

  it('reads the same as before in Markdown', async () => {
    const golden = readFileSync(join(import.meta.dirname, '../../fixtures/report/weekly.md'), 'utf8');
    expect(await text('weekly', dateOf(0), 'markdown')).toBe(golden);
  });

  it('is written in every format, as pages that run and fetch nothing', async () => {
    for (const kind of ['daily', 'weekly', 'monthly'] as const) {
      const html = await text(kind, dateOf(4), 'html');
      expect(html).toMatch(/^<!doctype html>/);
      expect(html).not.toMatch(/<script|<img|<link|<iframe|https?:\/\/|url\(/i);
      const { title, sections } = JSON.parse(await text(kind, dateOf(4), 'document'));
      expect(await text(kind, dateOf(4), 'markdown')).toContain(`# ${title}`);
      expect(Object.keys(await json(kind, dateOf(4)))).toEqual(sections.map(({ id }: { id: string }) => id));
    }
  });

  it('lists what there is', () => {
    const listed = week.stage().list().map(({ kind, date, days, isOpen }) => `${kind} ${date} ${days}${isOpen ? ' open' : ''}`); // prettier-ignore
    expect(listed.slice(0, 5)).toEqual([
      'monthly 2026-03-01 8 open',
      'weekly 2026-03-09 1 open',
      'daily 2026-03-09 1 open',
      'daily 2026-03-08 1',
      'weekly 2026-03-02 7',
    ]);
    expect(listed).toHaveLength(11);
  });
});
