// Makes the readers and views of the configuration model.
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  type IAttributesProcessor,
  type IMetricReader,
  InstrumentType,
  MeterProvider,
  type ResourceMetrics,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { holderOf, type Parcel } from '../bound/hand-over.ts';
import type {
  AggregationNode,
  CardinalityNode,
  InstrumentWord,
  Model,
  PatternsNode,
  ReaderNode,
  ViewNode,
} from '../config/model.ts';
import { warn } from '../errors.ts';
import type { Counting } from '../metrics/counting.ts';
import { createMetricExporter } from './exporters.ts';
import { ExportingReader } from './exporting-reader.ts';
import type { Surroundings } from './otlp.ts';
import { limitOf } from './otlp-settings.ts';
import { withUnit } from './page-names.ts';
import { chosenPattern, isChosenBy } from './patterns.ts';
import { switchMeters } from './switched-scopes.ts';

/** Where a file is silent: the interval of the specification is a minute, which no baseline can wait for. */
const INTERVAL_MS = 5000;
const TIMEOUT_MS = 1000;

/** Series of an instrument, unless set (specification). */
const CARDINALITY_LIMIT = 2000;

/** Bounds of a histogram in milliseconds, unless set (specification). */
const BOUNDARIES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** Keys of attributes that are remembered; more means they are made from data. */
const MAX_KEYS = 2000;

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

const wordOf = (type: InstrumentType): InstrumentWord => type.toLowerCase() as InstrumentWord;

/** Makes the provider of everything that is said of metrics but how they are read. */
export function createMeterProvider(model: Model, resource: Resource, readers: IMetricReader[]): MeterProvider {
  const views = createViews(model.meter_provider?.views ?? []);
  return switchMeters(new MeterProvider({ resource, readers, views }), model);
}

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
  const maxExportBatchSize = periodic?.['max_export_batch_size/development'];
  const chosen = exporter.selectAggregationTemporality?.(InstrumentType.HISTOGRAM);
  const reader = new ExportingReader({
    exporter,
    ...(maxExportBatchSize && { maxExportBatchSize }),
    exportIntervalMillis,
    counted:
      counting?.producers({ temporality: chosen === AggregationTemporality.DELTA ? 'delta' : 'cumulative' }) ?? [],
    tally: counting?.tally ?? { measurements: 0 },
    // The reader refuses to wait longer than its interval.
    exportTimeoutMillis: Math.min(limitOf(periodic?.timeout ?? TIMEOUT_MS), exportIntervalMillis),
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
      withoutTargetInfo: node?.['target_info_enabled/development'] === false,
      ...(node?.resource_constant_labels && {
        withResourceConstantLabels: chosenPattern(node.resource_constant_labels),
      }),
    },
    counting,
  );
  // It has no option for them, as readers that export have.
  const { default: others, ...limits } = pull.cardinality_limits ?? {};
  page.selectCardinalityLimit = (type) => limits[wordOf(type)] ?? others ?? CARDINALITY_LIMIT;
  await page.startServer().catch((error: Error) => warn('PROMETHEUS_PORT', error.message));
  return page;
}

/** Makes a page of metrics, with units in names and counted spans in the shape it knows; it is served by whoever calls. */
export function createPage(
  config: NonNullable<ConstructorParameters<typeof PrometheusExporter>[0]>,
  counting: Counting | undefined,
): PrometheusExporter {
  const metricProducers = counting?.producers({ histograms: 'classic' }) ?? [];
  const page = new PrometheusExporter({ ...config, metricProducers, preventServerStart: true });
  const collect = page.collect.bind(page);
  page.collect = async (options) => {
    const { resourceMetrics, errors } = await collect(options);
    const scopeMetrics = resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map(withUnit),
    }));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  };
  return page;
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
      ...(stream.attribute_keys && { attributesProcessors: [choosing(stream.attribute_keys)] }),
    };
  });
}

/** Whether a key is kept is asked once a key: it is the same for every measurement. */
function choosing(node: PatternsNode): IAttributesProcessor {
  const isChosen = isChosenBy(node);
  const verdicts = new Map<string, boolean>();
  const keeps = (key: string): boolean => {
    const verdict = verdicts.get(key) ?? isChosen(key);
    if (verdicts.size < MAX_KEYS) verdicts.set(key, verdict);
    return verdict;
  };
  return { process: (attributes) => Object.fromEntries(Object.entries(attributes).filter(([key]) => keeps(key))) };
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
  return {
    type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
    options: { boundaries: [...(node?.boundaries ?? BOUNDARIES)], recordMinMax: node?.record_min_max ?? true },
  };
}
