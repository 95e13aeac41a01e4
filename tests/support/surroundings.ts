// A stage's surroundings under the control of a test: a clock that stands still until it is told, counters to read.
import type { Host, MeasurementAttributes } from '../../collector/src/pipeline/contract.ts';
import { ManualClock } from './clock.ts';
import { seeded } from './random.ts';

/** A host whose counters and gauges can be read as `name` or `name{key=value}`. */
export interface TestHost extends Host {
  readonly clock: ManualClock;
  readonly values: Map<string, number>;
  readonly logged: string[];
}

export function testHost(seed = 1): TestHost {
  const values = new Map<string, number>();
  const logged: string[] = [];
  const key = (name: string, attributes: MeasurementAttributes = {}): string => {
    const pairs = Object.entries(attributes).map(([attribute, value]) => `${attribute}=${value}`);
    return pairs.length === 0 ? name : `${name}{${pairs.join()}}`;
  };
  return {
    clock: new ManualClock(),
    random: seeded(seed),
    values,
    logged,
    log: (severity, code, message) => void logged.push(`${severity} ${code} ${message}`),
    count: (name, value, attributes) => {
      values.set(key(name, attributes), (values.get(key(name, attributes)) ?? 0) + value);
    },
    record: (name, value, attributes) => void values.set(key(name, attributes), value),
  };
}
