// Series of span metrics of one process: found without a string being made, and never more than a limit.
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { DurationHistogram } from './duration-histogram.ts';
import type { ExemplarReservoir } from './exemplar-reservoir.ts';

/** By the SDK's enum, as the sidecar writes them. */
export const SPAN_KINDS = [
  'SPAN_KIND_INTERNAL',
  'SPAN_KIND_SERVER',
  'SPAN_KIND_CLIENT',
  'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER',
] as const;

/** By the SDK's enum. */
export const STATUS_CODES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'] as const;

/** One series. */
export interface SpanSeries {
  readonly attributes: Attributes;
  /** Unix milliseconds of its first span's end. */
  readonly startMs: number;
  /** Since they were handed to the readers. */
  readonly durations: DurationHistogram;
  /** Made with the first sampled span. */
  exemplars: ExemplarReservoir | undefined;
}

/** By kind and status. */
type Operation = (SpanSeries | undefined)[];

interface Service {
  readonly name: string;
  readonly operations: Map<string, Operation>;
  overflow: SpanSeries | undefined;
}

export interface SpanSeriesOptions {
  readonly maxSeries: number;
  /** Span attributes beside name, kind and status. */
  readonly dimensions: readonly string[];
}

/** The table of series. What comes beyond the limit is counted in one overflow series of its service. */
export class SpanSeriesTable {
  readonly #options: SpanSeriesOptions;
  readonly #services = new WeakMap<object, Service>();
  readonly #all: SpanSeries[] = [];
  /** Of the span before: mostly one process has one resource. */
  #resource: object | undefined;
  #service: Service = { name: '', operations: new Map(), overflow: undefined };

  constructor(options: SpanSeriesOptions) {
    this.#options = options;
  }

  get all(): readonly SpanSeries[] {
    return this.#all;
  }

  /** The series a span belongs to; made where it is new and there is room. */
  of(span: ReadableSpan): SpanSeries {
    if (span.resource !== this.#resource) this.#enter(span.resource);
    const service = this.#service;
    const { dimensions } = this.#options;
    const key = dimensions.length === 0 ? span.name : keyOf(span, dimensions);
    let operation = service.operations.get(key);
    const place = span.kind * STATUS_CODES.length + span.status.code;
    const known = operation?.[place];
    if (known !== undefined) return known;
    if (this.#all.length >= this.#options.maxSeries) return (service.overflow ??= this.#overflow(service));
    if (operation === undefined) service.operations.set(key, (operation = []));
    return (operation[place] = this.#add(attributesOf(service.name, span, dimensions)));
  }

  #enter(resource: ReadableSpan['resource']): void {
    let service = this.#services.get(resource);
    if (service === undefined) {
      const name = resource.attributes['service.name'];
      service = { name: typeof name === 'string' ? name : '', operations: new Map(), overflow: undefined };
      this.#services.set(resource, service);
    }
    this.#resource = resource;
    this.#service = service;
  }

  /** One beyond the limit a service, so that the limit shows whom it bites. */
  #overflow({ name }: Service): SpanSeries {
    return this.#add({ 'service.name': name, 'otel.metric.overflow': 'true' });
  }

  #add(attributes: Attributes): SpanSeries {
    const series = { attributes, startMs: Date.now(), durations: new DurationHistogram(), exemplars: undefined };
    this.#all.push(series);
    return series;
  }
}

function keyOf(span: ReadableSpan, dimensions: readonly string[]): string {
  let key = span.name;
  for (const dimension of dimensions) key += `\0${textOf(span.attributes[dimension])}`;
  return key;
}

function attributesOf(service: string, span: ReadableSpan, dimensions: readonly string[]): Attributes {
  const attributes: Attributes = {
    'service.name': service,
    'span.name': span.name,
    'span.kind': SPAN_KINDS[span.kind],
    'status.code': STATUS_CODES[span.status.code],
  };
  for (const dimension of dimensions) {
    const text = textOf(span.attributes[dimension]);
    if (text !== '') attributes[dimension] = text;
  }
  return attributes;
}

/** As the sidecar writes values: lists make poor labels and show as their kind only. */
function textOf(value: AttributeValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? '[complex]' : String(value);
}
