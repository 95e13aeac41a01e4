// The public surface of @evenkeel/sdk/testkit: what tests of instrumented programs need. Loads OpenTelemetry's SDK.
export { expectSpan, type FoundSpan, type Spans } from './expect-span.ts';
export { type Misuse, type MisuseKind } from './misuse.ts';
export type { TestLog } from './otlp-read.ts';
export { createOtlpReceiver, type OtlpReceiver } from './otlp-receiver.ts';
export { type Expected, type ExpectedSpan } from './span-match.ts';
export type { TestExemplar, TestMetric, TestPoint } from './test-metric.ts';
export { type TestAttributes, type TestEvent, type TestSpan, testSpanOf } from './test-span.ts';
export { createTestTelemetry, type TestTelemetry, type TestTelemetryOptions } from './test-telemetry.ts';
