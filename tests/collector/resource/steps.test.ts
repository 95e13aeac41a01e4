import { describe, expect, it } from 'vitest';
import { ResourceSteps } from '../../../collector/src/resource/steps.ts';

/** Steps of a minute, `time value` in seconds, of readings in the same form. */
function steps(...readings: readonly string[]): string[] {
  const made = new ResourceSteps({ stepMs: 60_000, holdMs: 180_000 });
  return readings.flatMap((reading) => {
    const [second = 0, value = 0] = reading.split(' ').map(Number);
    return made.take(second * 1000, value).map((step) => `${step.timeMs / 1000} ${step.value}`);
  });
}

describe('steps of a resource', () => {
  it('are means by the time a value held', () => {
    expect(steps('0 1', '15 5', '60 2', '120 2')).toEqual(['60 4', '120 2']);
    expect(steps('0 1', '45 5', '75 9', '120 9')).toEqual(['60 2', '120 8']);
  });

  it('are the same however often a value is repeated', () => {
    expect(steps('0 4', '10 4', '11 4', '30 8', '59 8', '60 8')).toEqual(steps('0 4', '30 8', '60 8'));
  });

  it('go on while a value holds, and are left out after it', () => {
    expect(steps('0 3', '170 6', '600 6')).toEqual(['60 3', '120 3', '180 3.5', '240 6', '300 6', '360 6']);
  });

  it('begin with one of which half is known', () => {
    expect(steps('40 3', '60 5', '120 5')).toEqual(['120 5']);
    expect(steps('20 3', '60 5', '120 5')).toEqual(['60 3', '120 5']);
  });

  it('pass over what is no number and clocks that went back', () => {
    expect(steps('0 3', '30 NaN', '20 9', '10 70', '60 9')).toEqual(['60 7']);
  });
});
