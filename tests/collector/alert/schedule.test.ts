import { describe, expect, it } from 'vitest';
import { alertConfig } from '../../../collector/src/alert/config.ts';
import { isHoliday, isOpen } from '../../../collector/src/alert/schedule.ts';

describe('a maintenance window', () => {
  /** Whether it is open at each time. */
  function check(window: object, times: Record<string, boolean>): void {
    const [parsed] = alertConfig.parse({ maintenance: [{ name: 'work', ...window }] }).maintenance;
    if (parsed === undefined) throw new Error('no window');
    const found = Object.keys(times).map((time) => [time, isOpen(parsed, Date.parse(time))]);
    expect(Object.fromEntries(found)).toEqual(times);
  }

  it('is open on its days from its beginning until its end', () => {
    // 1 March 2027 is a Monday.
    check(
      { days: ['mon', 'wed'], from: '08:00', to: '09:30' },
      {
        '2027-03-01T07:59:59Z': false,
        '2027-03-01T08:00:00Z': true,
        '2027-03-01T09:29:59Z': true,
        '2027-03-01T09:30:00Z': false,
        '2027-03-02T08:30:00Z': false,
        '2027-03-03T08:30:00Z': true,
      },
    );
  });

  it('goes on past midnight, as that of the day before', () => {
    check(
      { days: ['sat'], from: '22:00', to: '02:00' },
      {
        '2027-03-06T01:00:00Z': false,
        '2027-03-06T22:00:00Z': true,
        '2027-03-07T01:59:00Z': true,
        '2027-03-07T02:00:00Z': false,
        '2027-03-07T22:30:00Z': false,
      },
    );
  });

  it('is meant in its time zone, summer and winter', () => {
    check(
      { days: ['sun'], from: '08:00', to: '09:00', time_zone: 'Europe/Berlin' },
      {
        '2027-03-07T07:30:00Z': true,
        '2027-03-07T06:30:00Z': false,
        '2027-06-06T06:30:00Z': true,
        '2027-06-06T07:30:00Z': false,
      },
    );
    check(
      { days: ['mon'], from: '00:00', to: '00:00', time_zone: 'Asia/Tokyo' },
      {
        '2027-02-28T14:59:00Z': false,
        '2027-02-28T15:00:00Z': true,
        '2027-03-01T14:59:00Z': true,
        '2027-03-01T15:00:00Z': false,
      },
    );
  });

  it('may be once', () => {
    check(
      { start: '2027-03-01T08:00:00+01:00', end: '2027-03-01T10:00:00+01:00' },
      {
        '2027-03-01T06:59:59Z': false,
        '2027-03-01T07:00:00Z': true,
        '2027-03-01T09:00:00Z': false,
      },
    );
  });
});

it('a holiday is the whole day where it is one', () => {
  const { holidays } = alertConfig.parse({ holidays: { dates: ['2026-12-25'], time_zone: 'America/New_York' } });
  const on = (time: string): boolean => isHoliday(holidays, Date.parse(time));
  expect(on('2026-12-25T04:59:00Z')).toBe(false);
  expect(on('2026-12-25T05:00:00Z')).toBe(true);
  expect(on('2026-12-26T04:59:00Z')).toBe(true);
  expect(on('2026-12-26T05:00:00Z')).toBe(false);
});
