// Own telemetry as data: counters and gauges of every stage, kept as plain numbers and read by the metrics page and the books.
import assert from 'node:assert/strict';
import type { Instruments, InstrumentSpec, MeasurementAttributes } from './contract.ts';

/** One exposed value of an instrument. */
export interface TelemetryPoint {
  readonly attributes: MeasurementAttributes;
  value: number;
}

interface Entry {
  readonly stage: string;
  readonly name: string;
  readonly spec: InstrumentSpec;
  readonly points: Map<string, TelemetryPoint>;
}

/** All own metrics of one sidecar. Values are exact while below 2^53. */
export class Telemetry {
  readonly #entries = new Map<string, Entry>();

  /** Declares the instruments of a stage; each counter without attributes shows at 0 from the start. */
  declare(stage: string, instruments: Instruments): void {
    for (const [name, spec] of Object.entries(instruments)) {
      const entry: Entry = { stage, name, spec, points: new Map() };
      this.#entries.set(`${stage}.${name}`, entry);
      for (const attributes of closedCombinations(spec))
        entry.points.set(pointKey(attributes), { attributes, value: 0 });
    }
  }

  add(stage: string, name: string, value: number, attributes: MeasurementAttributes = NONE): void {
    this.#point(stage, name, attributes).value += value;
  }

  set(stage: string, name: string, value: number, attributes: MeasurementAttributes = NONE): void {
    this.#point(stage, name, attributes).value = value;
  }

  /** Reads one value; 0 where nothing was measured yet. */
  read(stage: string, name: string, attributes: MeasurementAttributes = NONE): number {
    return this.#entries.get(`${stage}.${name}`)?.points.get(pointKey(attributes))?.value ?? 0;
  }

  /** Visits every instrument with its points, in order of declaration. */
  *all(): Generator<{ stage: string; name: string; spec: InstrumentSpec; points: Iterable<TelemetryPoint> }> {
    for (const { stage, name, spec, points } of this.#entries.values())
      yield { stage, name, spec, points: points.values() };
  }

  /** Lists the points of one instrument. */
  points(stage: string, name: string): TelemetryPoint[] {
    return [...(this.#entries.get(`${stage}.${name}`)?.points.values() ?? [])];
  }

  #point(stage: string, name: string, attributes: MeasurementAttributes): TelemetryPoint {
    const entry = this.#entries.get(`${stage}.${name}`);
    assert(entry, `undeclared instrument ${stage}.${name}`);
    const key = pointKey(attributes);
    let point = entry.points.get(key);
    if (point === undefined) {
      assertDeclared(entry, attributes);
      entry.points.set(key, (point = { attributes, value: 0 }));
    }
    return point;
  }
}

const NONE: MeasurementAttributes = Object.freeze({});

function pointKey(attributes: MeasurementAttributes): string {
  let key = '';
  for (const name in attributes) key += `${name}=${attributes[name]};`;
  return key;
}

/** Every combination of closed values, so that a reason that never struck is seen as 0 rather than missing. */
function closedCombinations(spec: InstrumentSpec): MeasurementAttributes[] {
  let combinations: MeasurementAttributes[] = [{}];
  for (const [key, values] of Object.entries(spec.attributes ?? {})) {
    if (values === 'config') return [];
    combinations = combinations.flatMap((known) => values.map((value) => ({ ...known, [key]: value })));
  }
  return combinations;
}

function assertDeclared(entry: Entry, attributes: MeasurementAttributes): void {
  const declared = entry.spec.attributes ?? {};
  assert.equal(
    Object.keys(attributes).join(),
    Object.keys(declared).join(),
    `attributes of ${entry.stage}.${entry.name} in declared order`,
  );
  for (const [key, value] of Object.entries(attributes)) {
    const values = declared[key];
    assert(values === 'config' || values?.includes(value), `${entry.stage}.${entry.name}: ${key}=${value}`);
  }
}
