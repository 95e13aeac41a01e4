// The reader that exports at intervals, and what it can still tell when the process ends.
import type { HrTime } from '@opentelemetry/api';
import {
  type CollectionResult,
  type InstrumentType,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PeriodicExportingMetricReaderOptions,
  type ResourceMetrics,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Tally } from '../metrics/exemplar-meter.ts';
import type { SpanMetricsProducer } from '../metrics/span-metrics-producer.ts';

export interface ExportingReaderOptions extends PeriodicExportingMetricReaderOptions {
  /** Counted spans, if spans are counted. */
  readonly counted: SpanMetricsProducer[];
  readonly tally: Tally;
}

/** What is there of the SDK's meters behind the producer that a reader is given. */
interface Meters {
  readonly _sharedState?: {
    readonly resource?: ResourceMetrics['resource'];
    readonly meterSharedStates?: ReadonlyMap<string, MeterState>;
  };
}

interface MeterState {
  readonly _instrumentationScope?: ScopeMetrics['scope'];
  readonly metricStorageRegistry?: { getStorages(reader: object): readonly Storage[] };
}

interface Storage {
  getInstrumentDescriptor(): { readonly type: InstrumentType };
  collect(reader: object, time: HrTime): MetricData | undefined;
}

/** A periodic reader that can be read at once. */
export class ExportingReader extends PeriodicExportingMetricReader {
  readonly #counted: SpanMetricsProducer[];
  readonly #tally: Tally;
  #sdk: MetricProducer | undefined;
  /** The tally when the last collection began. */
  #told = 0;

  constructor(options: ExportingReaderOptions) {
    super(options);
    this.#counted = options.counted;
    this.#tally = options.tally;
  }

  override setMetricProducer(producer: MetricProducer): void {
    super.setMetricProducer(producer);
    this.#sdk = producer;
  }

  /** Takes counted spans only when the rest is there: a process that exits while it waits has them still. */
  override async collect(options?: Parameters<PeriodicExportingMetricReader['collect']>[0]): Promise<CollectionResult> {
    const { measurements } = this.#tally;
    const { resourceMetrics, errors } = await super.collect(options);
    this.#told = measurements;
    const { resource, scopeMetrics } = resourceMetrics;
    return { resourceMetrics: { resource, scopeMetrics: [...scopeMetrics, ...this.#countedNow()] }, errors };
  }

  /** Whether a program measured or spans were counted since the last collection. What telemetry counts of itself is no news. */
  hasNews(): boolean {
    return this.#tally.measurements > this.#told || this.#counted.some((producer) => producer.hasNews());
  }

  /**
   * Reads counters, histograms and gauges that the program records, and counted spans, without waiting.
   *
   * Asynchronous instruments are left out: their callbacks may take as long as they like. The SDK has no public way for it, as
   * `collect` waits also where there are none; running what is queued in the process instead would run the program as well,
   * which has ended. Where the SDK's insides are not as expected there is nothing.
   *
   * @returns undefined where there is nothing to tell
   */
  collectNow(): ResourceMetrics | undefined {
    const sdk = this.#sdk;
    const { resource, meterSharedStates } = (sdk as Meters | undefined)?._sharedState ?? {};
    if (sdk === undefined || resource === undefined || meterSharedStates === undefined) return undefined;
    const nowMs = Date.now();
    const now: HrTime = [Math.floor(nowMs / 1000), (nowMs % 1000) * 1e6];
    const measured = [...meterSharedStates.values()].flatMap((meter) => scopeOf(meter, sdk, now));
    const scopeMetrics = [...measured, ...this.#countedNow()];
    return scopeMetrics.length === 0 ? undefined : { resource, scopeMetrics };
  }

  #countedNow(): ScopeMetrics[] {
    return this.#counted.flatMap((producer) => producer.collectNow());
  }
}

function scopeOf(
  { _instrumentationScope: scope, metricStorageRegistry }: MeterState,
  sdk: MetricProducer,
  now: HrTime,
): ScopeMetrics[] {
  if (scope === undefined) return [];
  const metrics = (metricStorageRegistry?.getStorages(sdk) ?? [])
    .filter((storage) => !storage.getInstrumentDescriptor().type.startsWith('OBSERVABLE'))
    .flatMap((storage) => storage.collect(sdk, now) ?? []);
  return metrics.length === 0 ? [] : [{ scope, metrics }];
}
