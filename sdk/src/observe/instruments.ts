// Instruments of the meter provider that is registered now. The API hands out no meter that finds a later provider, so it
// is looked up at each call: ten nanoseconds.
import {
  createNoopMeter,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  type UpDownCounter,
} from '@opentelemetry/api';
import { METRIC, type MetricDefinition, type MetricKey, SCOPE_NAME, SCOPE_VERSION } from '../names.ts';

/** Records of one kind of metric each: `record` for histograms and gauges, `add` for counters. */
type Instrument = Histogram & UpDownCounter;

/** Instruments by their key in the table of names, made when they are first used. */
export class Instruments {
  readonly #meter: Meter;
  readonly #made: Partial<Record<MetricKey, Instrument>> = {};

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  get(key: MetricKey): Instrument {
    return (this.#made[key] ??= this.#make(METRIC[key]));
  }

  #make({ kind, name, unit, description, bounds }: MetricDefinition): Instrument {
    const options = { unit, description, ...(bounds && { advice: { explicitBucketBoundaries: [...bounds] } }) };
    if (kind === 'histogram') return this.#meter.createHistogram(name, options) as Instrument;
    if (kind === 'gauge') return this.#meter.createGauge(name, options) as Instrument;
    if (kind === 'counter') return this.#meter.createCounter(name, options) as Instrument;
    return this.#meter.createUpDownCounter(name, options) as Instrument;
  }
}

const NOOP = createNoopMeter();
let provider: MeterProvider | undefined;
let current: Instruments | undefined;

/** Instruments of the registered provider; undefined where nobody reads them. */
export function instruments(): Instruments | undefined {
  const registered = metrics.getMeterProvider();
  if (registered !== provider) {
    provider = registered;
    const meter = registered.getMeter(SCOPE_NAME, SCOPE_VERSION);
    current = meter === NOOP ? undefined : new Instruments(meter);
  }
  return current;
}
