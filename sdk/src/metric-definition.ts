// What a metric is in the table of names. Apart, so that types of the public surface do not bring the table.

/** One metric as it is made. */
export interface MetricDefinition {
  readonly kind: 'histogram' | 'counter' | 'up-down-counter' | 'gauge';
  readonly name: string;
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  readonly bounds?: readonly number[];
}
