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
