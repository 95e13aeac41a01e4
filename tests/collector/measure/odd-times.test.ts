// Times that cannot be right are told apart from those that can.
import { expect, it } from 'vitest';
import { countOddTimes } from '../../../collector/src/measure/odd-times.ts';
import { testIntake } from '../../support/intake.ts';
import { bodyOf, traffic } from '../../support/traffic.ts';

const NOW_MS = 1_800_000_000_000;
const NOW_NS = BigInt(NOW_MS) * 1_000_000n;
const HOUR_NS = 3_600_000_000_000n;

function check(startNs: bigint, endNs: bigint, expected: string): void {
  const [span] = traffic({ seed: 1, traces: 1, maxSpans: 1 }).flat();
  if (span === undefined) throw new Error('no span was made');
  const body = bodyOf([{ ...span, startNs, endNs }]);
  const intake = testIntake();
  intake.take([body], body.length, NOW_MS, 0);
  const odd = Object.entries(countOddTimes(intake.batch, NOW_MS)).filter(([, spans]) => spans > 0);
  expect(odd.map(([problem, spans]) => `${problem} ${spans}`).join()).toBe(expected);
}

it('finds nothing odd about usual spans, nor about a clock that is a little ahead', () => {
  check(NOW_NS - 5n, NOW_NS, '');
  check(NOW_NS, NOW_NS, '');
  check(NOW_NS, NOW_NS + HOUR_NS / 2n, '');
});

it('counts missing times', () => {
  check(0n, NOW_NS, 'zero 1');
  check(NOW_NS, 0n, 'zero 1');
  check(0n, 0n, 'zero 1');
});

it('counts spans that end before they start', () => {
  check(NOW_NS, NOW_NS - 1n, 'end_before_start 1');
  check(NOW_NS, NOW_NS - HOUR_NS, 'end_before_start 1');
});

it('counts ends far in the future, up to the largest time there is', () => {
  check(NOW_NS, NOW_NS + 2n * HOUR_NS, 'future 1');
  check(NOW_NS, 2n ** 64n - 1n, 'future 1');
});
