import { expect, it } from 'vitest';
import { nextMoment } from '../../../collector/src/report/mail-time.ts';

function check(time: string, time_zone: string, from: string, expected: string): void {
  expect(new Date(nextMoment({ time, time_zone }, Date.parse(from))).toISOString()).toBe(expected);
}

it('finds the first time of day after a moment, wherever clocks stand', () => {
  check('06:00', 'UTC', '2026-03-02T00:00:00Z', '2026-03-02T06:00:00.000Z');
  check('00:00', 'UTC', '2026-03-02T00:00:00Z', '2026-03-02T00:00:00.000Z');
  check('07:30', 'Europe/Berlin', '2026-03-02T00:00:00Z', '2026-03-02T06:30:00.000Z');
  check('07:30', 'Europe/Berlin', '2026-07-02T00:00:00Z', '2026-07-02T05:30:00.000Z');
  // There it is still the day before.
  check('18:00', 'America/Los_Angeles', '2026-03-02T00:00:00Z', '2026-03-02T02:00:00.000Z');
  check('07:00', 'America/Los_Angeles', '2026-03-02T00:00:00Z', '2026-03-02T15:00:00.000Z');
  check('09:00', 'Pacific/Kiritimati', '2026-03-02T00:00:00Z', '2026-03-02T19:00:00.000Z');
  check('05:45', 'Asia/Kathmandu', '2026-03-02T00:00:00Z', '2026-03-02T00:00:00.000Z');
});

it('goes on where clocks are changed', () => {
  // At 02:00 in Berlin it becomes 03:00.
  check('06:00', 'Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T04:00:00.000Z');
  check('02:30', 'Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T01:30:00.000Z');
  check('06:00', 'Europe/Berlin', '2026-10-25T00:00:00Z', '2026-10-25T05:00:00.000Z');
});
