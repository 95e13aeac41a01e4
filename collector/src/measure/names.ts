// The words of span metrics, as contrib's span metrics connector writes them.

export const CALLS = 'traces.span.metrics.calls';
export const DURATION = 'traces.span.metrics.duration';

/** By OTLP enum value. */
export const SPAN_KINDS = [
  'SPAN_KIND_UNSPECIFIED',
  'SPAN_KIND_INTERNAL',
  'SPAN_KIND_SERVER',
  'SPAN_KIND_CLIENT',
  'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER',
] as const;

/** By OTLP enum value. */
export const STATUS_CODES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'] as const;
