import { describe, expect, it } from 'vitest';
import { type ResourceStep, ResourceSteps } from '../../../collector/src/resource/steps.ts';

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

  it('begin anew where a clock was set back by long', () => {
    expect(steps('1000 3', '0 4', '60 5', '120 5')).toEqual(['60 4', '120 5']);
  });

  const written = ({ timeMs, value }: ResourceStep): string => `${timeMs / 1000} ${value}`;

  it('are closed by time alone, and take what comes a little late from there on', () => {
    const made = new ResourceSteps({ stepMs: 60_000, holdMs: 180_000 });
    made.take(0, 4);
    expect(made.advance(60_000).map(written)).toEqual(['60 4']);
    expect(made.take(50_000, 10)).toEqual([]);
    expect(made.advance(120_000).map(written)).toEqual(['120 10']);
    made.end();
    expect(made.advance(600_000)).toEqual([]);
  });

  it('share out what was counted over some time, and hold nothing after it', () => {
    const made = new ResourceSteps({ stepMs: 60_000, holdMs: 180_000 });
    expect(made.takeSpan(0, 90_000, 6).map(written)).toEqual(['60 6']);
    expect(made.takeSpan(90_000, 120_000, 2).map(written)).toEqual(['120 4']);
    expect(made.advance(600_000)).toEqual([]);
    const long = new ResourceSteps({ stepMs: 60_000, holdMs: 100_000 });
    expect(long.takeSpan(0, 300_000, 6).length).toBe(5);
    expect(long.takeSpan(300_000, 900_000, 6)).toEqual([]);
  });
});
