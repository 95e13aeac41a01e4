// Exemplars for OpenTelemetry's SDK, which has none: from the measurement, through a wrapped meter provider, to the request, in
// which they are written after the SDK has serialised it.
import type { Attributes, MeterProvider } from '@opentelemetry/api';
import type { ISerializer } from '@opentelemetry/otlp-transformer';
import type { DataPoint, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { created } from '../creation-checks.ts';
import { joinExemplars } from './exemplar-join.ts';
import { addToJson } from './exemplar-json.ts';
import { type ExemplarFilter, ExemplarMeterProvider, type Tally } from './exemplar-meter.ts';
import { addToProtobuf } from './exemplar-protobuf.ts';
import { MAX_EXEMPLARS, type SeriesExemplar } from './exemplar-reservoir.ts';
import { InstrumentExemplars } from './exemplar-series.ts';
import type { ExemplarSink } from './span-metrics-producer.ts';

export type { ExemplarFilter } from './exemplar-meter.ts';

/** Instruments with exemplars; further ones measure without. */
const MAX_INSTRUMENTS = 1000;

/** Joins a program's measurements with the traces they were made in. */
export interface Exemplars extends ExemplarSink {
  /** A provider whose counters and histograms leave exemplars; hand this one out, globally and to instrumentations. */
  meterProvider(inner: MeterProvider): MeterProvider;
  /** A serializer that writes them into what the given one makes. */
  serializer<Answer>(
    inner: ISerializer<ResourceMetrics, Answer>,
    format: 'protobuf' | 'json',
  ): ISerializer<ResourceMetrics, Answer>;
}

export interface ExemplarOptions {
  /** Which measurements may become exemplars: those in sampled spans unless given. */
  readonly filter?: ExemplarFilter;
  /** Takes secrets out of attributes of measurements, in place: those that an exemplar tells, and those it is found by. */
  readonly redact?: (attributes: Record<string, unknown>) => void;
  /** Counts every measurement made through a provider of these. */
  readonly tally?: Tally;
}

/** Makes exemplars for one process. @throws OPTIONS_INVALID where the options cannot be read */
export function createExemplars(options: ExemplarOptions = {}): Exemplars {
  const { filter, redact, tally } = created('createExemplars', () => {
    const { filter: asked = 'trace_based', redact: given, tally: counter = { measurements: 0 } } = options;
    return { filter: asked, redact: given, tally: counter };
  });
  const instruments = new Map<string, InstrumentExemplars>();
  const attached = new WeakMap<DataPoint<unknown>, readonly SeriesExemplar[]>();
  const lookup = (scope: Scope, instrument: string, kind: 'histogram' | 'counter'): InstrumentExemplars | undefined => {
    const key = keyOf(scope, instrument);
    const known = instruments.get(key);
    if (known !== undefined || instruments.size >= MAX_INSTRUMENTS) return known;
    const made = new InstrumentExemplars(kind === 'histogram' ? MAX_EXEMPLARS : 1);
    instruments.set(key, made);
    return made;
  };
  const sources = {
    of: (scope: Scope, instrument: string) => instruments.get(keyOf(scope, instrument)),
    attached: (point: DataPoint<unknown>) => attached.get(point),
    cleaned(attributes: Attributes): Attributes {
      if (redact === undefined) return attributes;
      const copies = Object.entries(attributes).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]);
      const copy: Attributes = Object.fromEntries(copies);
      redact(copy);
      return copy;
    },
  };
  return {
    attach(point, exemplars) {
      if (filter !== 'always_off') attached.set(point, exemplars);
    },
    meterProvider: (inner) => new ExemplarMeterProvider(inner, { filter, lookup, tally }),
    serializer: (inner, format) => ({
      deserializeResponse: (answer) => inner.deserializeResponse(answer),
      serializeRequest(request) {
        const bytes = inner.serializeRequest(request);
        try {
          const exemplars = joinExemplars(request, sources);
          if (bytes === undefined || exemplars.size === 0) return bytes;
          return format === 'json' ? addToJson(bytes, exemplars) : addToProtobuf(bytes, exemplars);
        } catch {
          // Metrics are more than their exemplars, one of which may have what cannot be written.
          return bytes;
        }
      },
    }),
  };
}

interface Scope {
  readonly name: string;
  readonly version?: string | undefined;
  readonly schemaUrl?: string | undefined;
}

/** The SDK takes names of instruments that differ in case for one. */
function keyOf({ name, version = '', schemaUrl = '' }: Scope, instrument: string): string {
  return JSON.stringify([name, version, schemaUrl, instrument.toLowerCase()]);
}
