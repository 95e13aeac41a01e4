// A bounded queue before an exporter, for spans and for log records. The batch processors of OpenTelemetry keep the
// process alive with a timer for each export and keep their queue to themselves; this one holds nothing alive, and what
// waits can be taken out when the process ends.
import { type Attributes, context, type MeterProvider } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, suppressTracing } from '@opentelemetry/core';

/** Times and sizes, as OTEL_BSP_* and OTEL_BLRP_* name them. */
export interface BatchLimits {
  readonly scheduledDelayMillis: number;
  /** How long an export keeps the next one waiting; the exporter goes on. */
  readonly exportTimeoutMillis: number;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
}

/** Where batches go. */
export interface BatchExporter<Item> {
  export(items: Item[], done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

/** The queue. */
export interface Batch<Item> {
  /** Keeps the item; drops and counts it when the queue is full. */
  add(item: Item): void;
  /** Sends all that waits and what is on its way; resolves when each was answered or timed out. */
  flush(): Promise<void>;
  /** Flushes, then takes nothing more. */
  shutdown(): Promise<void>;
  /** Gives what waits and forgets it; it counts as processed. */
  drain(): Item[];
}

/**
 * Makes a queue.
 *
 * @param what the kind of item, as it stands in `otel.sdk.processor.<what>.*`
 */
export function createBatch<Item>(
  what: 'span' | 'log',
  limits: BatchLimits,
  exporter: BatchExporter<Item>,
  meterProvider: MeterProvider | undefined,
): Batch<Item> {
  const { maxQueueSize, maxExportBatchSize, scheduledDelayMillis, exportTimeoutMillis } = limits;
  let queue: Item[] = [];
  let timer: NodeJS.Timeout | undefined;
  let [isExporting, isShut] = [false, false];
  const onItsWay = new Set<Promise<void>>();
  const counts = createCounts(what, maxQueueSize, () => queue.length, meterProvider);

  function schedule(): void {
    const isFull = queue.length >= maxExportBatchSize;
    if (isExporting || isShut || queue.length === 0 || (timer !== undefined && !isFull)) return;
    clearTimeout(timer);
    timer = setTimeout(exportNext, isFull ? 0 : scheduledDelayMillis).unref();
  }

  function exportNext(): void {
    timer = undefined;
    // A flush may have come before.
    if (queue.length === 0) return;
    isExporting = true;
    void exportOne().then(() => {
      isExporting = false;
      schedule();
    });
  }

  function exportOne(): Promise<void> {
    const items = queue.slice(0, maxExportBatchSize);
    queue = queue.slice(items.length);
    const sending = exportWithin(exportTimeoutMillis, exporter, items, counts);
    onItsWay.add(sending);
    void sending.then(() => onItsWay.delete(sending));
    return sending;
  }

  async function flush(): Promise<void> {
    while (queue.length > 0) void exportOne();
    await Promise.all(onItsWay);
  }

  return {
    add(item) {
      if (isShut) return;
      if (queue.length >= maxQueueSize) return counts.processed(1, 'queue_full');
      queue.push(item);
      // A timer is set for the first item, and again when a batch is full.
      if (timer === undefined || queue.length === maxExportBatchSize) schedule();
    },
    flush,
    async shutdown() {
      if (isShut) return;
      isShut = true;
      clearTimeout(timer);
      await flush();
      await exporter.shutdown();
    },
    drain() {
      if (queue.length > 0) counts.processed(queue.length, undefined);
      return queue.splice(0);
    },
  };
}

/** Resolves when the exporter has answered, or when it takes too long; it is counted when it answers. */
function exportWithin<Item>(
  timeoutMs: number,
  exporter: BatchExporter<Item>,
  items: Item[],
  counts: Counts,
): Promise<void> {
  return new Promise((resolve) => {
    const expired = setTimeout(resolve, timeoutMs);
    expired.unref();
    const onDone = ({ code, error }: ExportResult): void => {
      clearTimeout(expired);
      counts.processed(items.length, code === ExportResultCode.SUCCESS ? undefined : (error?.name ?? 'failed'));
      resolve();
    };
    try {
      context.with(suppressTracing(context.active()), () => exporter.export(items, onDone));
    } catch (error) {
      // What cannot be serialised, as a log record whose body contains itself, must not end the program.
      onDone({ code: ExportResultCode.FAILED, error: error as Error });
    }
  });
}

interface Counts {
  /** @param errorType why the items were lost */
  processed(items: number, errorType: string | undefined): void;
}

/** Queues made so far by kind: each is a component with a name of its own. */
const made = { span: 0, log: 0 };

/** Counts as OpenTelemetry's own processors do. @see semantic conventions, SDK metrics (development) */
function createCounts(
  what: 'span' | 'log',
  capacity: number,
  size: () => number,
  meterProvider: MeterProvider | undefined,
): Counts {
  if (!meterProvider) return { processed: () => {} };
  const meter = meterProvider.getMeter('@evenkeel/sdk');
  const type = `batching_${what}_processor`;
  const component: Attributes = { 'otel.component.type': type, 'otel.component.name': `${type}/${made[what]++}` };
  const unit = { unit: `{${what === 'log' ? 'log_record' : what}}` };
  const processed = meter.createCounter(`otel.sdk.processor.${what}.processed`, {
    ...unit,
    description: 'Items that left the queue of the SDK, or never got in; with error.type where they were lost.',
  });
  meter
    .createObservableUpDownCounter(`otel.sdk.processor.${what}.queue.size`, {
      ...unit,
      description: 'Items that wait in the queue of the SDK.',
    })
    .addCallback((result) => result.observe(size(), component));
  meter
    .createObservableUpDownCounter(`otel.sdk.processor.${what}.queue.capacity`, {
      ...unit,
      description: 'Items that fit into the queue of the SDK.',
    })
    .addCallback((result) => result.observe(capacity, component));
  return {
    processed(items, errorType) {
      processed.add(items, errorType === undefined ? component : { ...component, 'error.type': errorType });
    },
  };
}
