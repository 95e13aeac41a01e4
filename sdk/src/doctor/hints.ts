// What to look at when a test span was not taken, by the answer. Pure.

/** By what the answer says; the first that fits. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/HTTP 40[13]\b/, 'It asks who you are: give a token by OTEL_EXPORTER_OTLP_HEADERS, or a certificate.'],
  [
    /HTTP 40[45]\b/,
    'Something else answers there. OTEL_EXPORTER_OTLP_ENDPOINT has no path, and the port of OTLP/HTTP, as a rule 4318.',
  ],
  [/wrong version number|EPROTO/, 'It does not speak TLS: http:// instead of https://?'],
  [/Parse Error/, 'It does not speak HTTP/1. Is it a port of gRPC? OTLP/HTTP has its own, as a rule 4318.'],
  [/Protocol error/, 'It does not speak gRPC. Is it a port of OTLP/HTTP? gRPC has its own, as a rule 4317.'],
];

/** @param answer of the receiver, or why there was none */
export function hintFor(answer: string): string {
  return HINTS.find(([pattern]) => pattern.test(answer))?.[1] ?? 'Is the sidecar running, and is this its address?';
}
