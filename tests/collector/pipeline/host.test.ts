import { expect, it } from 'vitest';
import { createHost } from '../../../collector/src/pipeline/host.ts';
import { Telemetry } from '../../../collector/src/pipeline/telemetry.ts';
import { ManualClock } from '../../support/clock.ts';

it('writes one line a code and minute, and counts what it held back', () => {
  const clock = new ManualClock(Date.parse('2026-01-02T03:04:05.678Z'));
  const log: string[] = [];
  const shared = { clock, telemetry: new Telemetry(), random: Math.random, log: (line: string) => void log.push(line) };
  const [one, other] = [createHost('export', shared), createHost('store', shared)];
  one.log('warning', 'DOWN', 'no answer');
  expect(log.splice(0)).toEqual(['2026-01-02T03:04:05.678Z warning export DOWN: no answer']);
  for (let i = 0; i < 5; i++) one.log('warning', 'DOWN', 'no answer');
  clock.advance(59_999);
  one.log('warning', 'DOWN', 'no answer');
  expect(log).toEqual([]);
  one.log('error', 'LOST', 'another code');
  other.log('warning', 'DOWN', 'another stage');
  expect(log.splice(0)).toHaveLength(2);
  clock.advance(1);
  one.log('warning', 'DOWN', 'no answer');
  expect(log.splice(0)).toEqual([
    '2026-01-02T03:05:05.678Z warning export DOWN: no answer (6 more in the last minute)',
  ]);
  clock.advance(60_000);
  one.log('warning', 'DOWN', 'no answer');
  expect(log).toEqual(['2026-01-02T03:06:05.678Z warning export DOWN: no answer']);
});

it('remembers codes for a minute, however many there are', () => {
  const clock = new ManualClock();
  let lines = 0;
  const shared = { clock, telemetry: new Telemetry(), random: Math.random, log: () => void lines++ };
  const { log } = createHost('alert', shared);
  for (let code = 0; code < 5000; code++) log('info', `CODE_${code}`, 'first');
  for (let code = 0; code < 5000; code++) log('info', `CODE_${code}`, 'again');
  expect(lines).toBe(5000);
  clock.advance(60_000);
  for (let code = 0; code < 5000; code++) log('info', `CODE_${code}`, 'later');
  expect(lines).toBe(10_000);
});

/** What one message of a sender's making becomes. */
function linesOf(message: string): string[] {
  const lines: string[] = [];
  const shared = { clock: new ManualClock(), telemetry: new Telemetry(), random: Math.random };
  createHost('test', { ...shared, log: (line) => void lines.push(line) }).log('warning', 'NAME', message);
  return lines;
}

it('escapes what would begin another line or speak to the terminal', () => {
  const lines = linesOf('from "evil\n2027-01-01 error receive FAKE: forged\u001b[31m\u2028x"');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\p{Cc}\u2028]/u);
  expect(lines[0]).toContain(String.raw`evil\u000a2027`);
});

it('escapes what would turn text around or hide in it', () => {
  const [line = ''] = linesOf('\u202egnp.exe \u2066a\u2069 b\u200bc \ufeffd \u{e0041}');
  expect(line).not.toMatch(/\p{Cf}/u);
  expect(line).toContain(String.raw`\u202egnp.exe \u2066a\u2069 b\u200bc \ufeffd \u{e0041}`);
});

it('cuts lines that senders make long', () => {
  expect(linesOf('x'.repeat(100_000))[0]?.length).toBeLessThan(1100);
});
