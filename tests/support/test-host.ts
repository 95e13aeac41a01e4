// The surroundings of one stage under test: real telemetry, manual time, what it logged.
import { createHost } from '../../collector/src/pipeline/host.ts';
import type { Host, Instruments } from '../../collector/src/pipeline/contract.ts';
import { Telemetry } from '../../collector/src/pipeline/telemetry.ts';
import { ManualClock } from './clock.ts';
import { seeded } from './random.ts';

export interface TestHost<I extends Instruments> {
  readonly host: Host<keyof I & string>;
  readonly clock: ManualClock;
  readonly log: readonly string[];
  /** One instrument by its attribute values, joined by a slash; without those that are 0. */
  counts(name: keyof I & string): Record<string, number>;
  read(name: keyof I & string, attributes?: Readonly<Record<string, string>>): number;
}

export function testHost<I extends Instruments>(stage: string, instruments: I, random = seeded(1)): TestHost<I> {
  const clock = new ManualClock();
  const log: string[] = [];
  const telemetry = new Telemetry();
  telemetry.declare(stage, instruments);
  return {
    host: createHost(stage, { clock, telemetry, random, log: (line) => log.push(line) }),
    clock,
    log,
    counts: (name) => {
      const points = telemetry.points(stage, name).filter(({ value }) => value !== 0);
      return Object.fromEntries(points.map(({ attributes, value }) => [Object.values(attributes).join('/'), value]));
    },
    read: (name, attributes) => telemetry.read(stage, name, attributes),
  };
}
