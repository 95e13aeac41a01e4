// Makes the readers and views of the configuration model.
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  createAllowListAttributesProcessor,
  createDenyListAttributesProcessor,
  type IMetricReader,
  InstrumentType,
  type ResourceMetrics,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { holderOf, type Parcel } from '../bound/hand-over.ts';
import type { AggregationNode, CardinalityNode, InstrumentWord, ReaderNode, ViewNode } from '../config/model.ts';
import { warn } from '../errors.ts';
import type { Counting } from '../metrics/counting.ts';
import { createMetricExporter } from './exporters.ts';
import { ExportingReader } from './exporting-reader.ts';
import type { Surroundings } from './otlp.ts';

/** Where a file is silent: the interval of the specification is a minute, which no baseline can wait for. */
const INTERVAL_MS = 5000;
const TIMEOUT_MS = 1000;

/** Kinds of instruments by their word in the model. */
const INSTRUMENT_TYPES: Readonly<Record<InstrumentWord, InstrumentType>> = {
  counter: InstrumentType.COUNTER,
  gauge: InstrumentType.GAUGE,
  histogram: InstrumentType.HISTOGRAM,
  observable_counter: InstrumentType.OBSERVABLE_COUNTER,
  observable_gauge: InstrumentType.OBSERVABLE_GAUGE,
  observable_up_down_counter: InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
  up_down_counter: InstrumentType.UP_DOWN_COUNTER,
};

/** Makes the readers; a page of metrics opens its port. */
export function createReaders(
  nodes: readonly ReaderNode[],
  surroundings: Surroundings,
  counting?: Counting,
): Promise<IMetricReader[]> {
  return Promise.all(
    nodes.map((node) => (node.pull ? openPage(node.pull, counting) : createPeriodic(node, surroundings, counting))),
  );
}

async function createPeriodic(
  { periodic }: ReaderNode,
  surroundings: Surroundings,
  counting: Counting | undefined,
): Promise<IMetricReader> {
  const exporterNode = periodic?.exporter ?? { otlp_http: null };
  const outgoing = await createMetricExporter(exporterNode, surroundings, counting?.exemplars);
  const { exporter } = outgoing;
  const exportIntervalMillis = periodic?.interval ?? INTERVAL_MS;
  const chosen = exporter.selectAggregationTemporality?.(InstrumentType.HISTOGRAM);
  const reader = new ExportingReader({
    exporter,
    exportIntervalMillis,
    counted:
      counting?.producers({ temporality: chosen === AggregationTemporality.DELTA ? 'delta' : 'cumulative' }) ?? [],
    tally: counting?.tally ?? { measurements: 0 },
    // The reader refuses to wait longer than its interval.
    exportTimeoutMillis: Math.min(periodic?.timeout ?? TIMEOUT_MS, exportIntervalMillis),
    cardinalityLimits: cardinalityLimits(periodic?.cardinality_limits),
  });
  const news = (others: readonly Parcel[]): ResourceMetrics | undefined =>
    others.length > 0 || reader.hasNews() ? reader.collectNow() : undefined;
  surroundings.holders?.push(holderOf(outgoing, news));
  return reader;
}

async function openPage(
  pull: NonNullable<ReaderNode['pull']>,
  counting: Counting | undefined,
): Promise<PrometheusExporter> {
  const node = pull.exporter['prometheus/development'];
  const page = createPage(
    {
      host: node?.host ?? '127.0.0.1',
      port: node?.port ?? 9464,
      withoutScopeInfo: node?.scope_info_enabled === false,
    },
    counting,
  );
  await page.startServer().catch((error: Error) => warn('PROMETHEUS_PORT', error.message));
  return page;
}

/** Makes a page of metrics, with counted spans in the shape it knows; it is served by whoever calls. */
export function createPage(
  address: { readonly host: string; readonly port?: number; readonly withoutScopeInfo?: boolean },
  counting: Counting | undefined,
): PrometheusExporter {
  const metricProducers = counting?.producers({ histograms: 'classic' }) ?? [];
  return new PrometheusExporter({ ...address, metricProducers, preventServerStart: true });
}

/** `up_down_counter` of the model is `upDownCounter` of the reader. */
function cardinalityLimits(node: CardinalityNode | null | undefined): Record<string, number> {
  const limits = Object.entries(node ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(
    limits.map(([name, limit]) => [name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase()), limit]),
  );
}

/** Makes the views; what a view does not say stays as it is. */
export function createViews(nodes: readonly ViewNode[]): ViewOptions[] {
  return nodes.map(({ selector, stream }) => {
    const { included, excluded } = stream.attribute_keys ?? {};
    const processors = [
      ...(included?.length ? [createAllowListAttributesProcessor([...included])] : []),
      ...(excluded?.length ? [createDenyListAttributesProcessor([...excluded])] : []),
    ];
    return {
      // The SDK refuses a view that selects nothing in particular.
      instrumentName: selector.instrument_name ?? '*',
      ...(selector.instrument_type && { instrumentType: INSTRUMENT_TYPES[selector.instrument_type] }),
      ...(selector.unit && { instrumentUnit: selector.unit }),
      ...(selector.meter_name && { meterName: selector.meter_name }),
      ...(selector.meter_version && { meterVersion: selector.meter_version }),
      ...(selector.meter_schema_url && { meterSchemaUrl: selector.meter_schema_url }),
      ...(stream.name && { name: stream.name }),
      ...(stream.description && { description: stream.description }),
      ...(stream.aggregation && { aggregation: aggregationOf(stream.aggregation) }),
      ...(stream.aggregation_cardinality_limit && {
        aggregationCardinalityLimit: stream.aggregation_cardinality_limit,
      }),
      ...(processors.length > 0 && { attributesProcessors: processors }),
    };
  });
}

function aggregationOf(node: AggregationNode): AggregationOption {
  if ('drop' in node) return { type: AggregationType.DROP };
  if ('sum' in node) return { type: AggregationType.SUM };
  if ('last_value' in node) return { type: AggregationType.LAST_VALUE };
  if ('explicit_bucket_histogram' in node) return explicitOf(node.explicit_bucket_histogram);
  if (!('base2_exponential_bucket_histogram' in node)) return { type: AggregationType.DEFAULT };
  const { max_size: maxSize, record_min_max: recordMinMax } = node.base2_exponential_bucket_histogram ?? {};
  return {
    type: AggregationType.EXPONENTIAL_HISTOGRAM,
    options: { ...(maxSize && { maxSize }), recordMinMax: recordMinMax ?? true },
  };
}

function explicitOf(node: AggregationNode['explicit_bucket_histogram']): AggregationOption {
  if (!node?.boundaries) return { type: AggregationType.DEFAULT };
  return {
    type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
    options: { boundaries: [...node.boundaries], recordMinMax: node.record_min_max ?? true },
  };
}
