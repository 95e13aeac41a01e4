// Log lines stay one line each, whatever senders put into names.
import { expect, it } from 'vitest';
import { createHost } from '../../../collector/src/pipeline/host.ts';
import { Telemetry } from '../../../collector/src/pipeline/telemetry.ts';
import { ManualClock } from '../../support/clock.ts';
import { seeded } from '../../support/random.ts';

function logging(): { lines: string[]; log: (code: string, message: string) => void; clock: ManualClock } {
  const lines: string[] = [];
  const clock = new ManualClock();
  const host = createHost('test', {
    clock,
    telemetry: new Telemetry(),
    random: seeded(1),
    log: (line) => void lines.push(line),
  });
  return { lines, clock, log: (code, message) => host.log('warning', code, message) };
}

it('escapes what would begin another line or speak to the terminal', () => {
  const { lines, log } = logging();
  log('NAME', 'from "evil\n2027-01-01 error receive FAKE: forged\u001b[31m\u2028x"');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\p{Cc}\u2028]/u);
  expect(lines[0]).toContain(String.raw`evil\u000a2027`);
});

it('cuts lines that senders make long', () => {
  const { lines, log } = logging();
  log('NAME', 'x'.repeat(100_000));
  expect(lines[0]?.length).toBeLessThan(1100);
});

it('holds repeats of one code back for a minute and says how many there were', () => {
  const { lines, log, clock } = logging();
  for (let i = 0; i < 5; i++) log('SAME', 'again');
  log('OTHER', 'once');
  clock.advance(60_001);
  log('SAME', 'again');
  expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'warning test SAME: again',
    'warning test OTHER: once',
    'warning test SAME: again (4 more in the last minute)',
  ]);
});
