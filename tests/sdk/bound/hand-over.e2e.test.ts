// A short job loses nothing, however it ends: its counts are exact in a real sidecar, whatever way they take.
import { beforeAll, describe, expect, it } from 'vitest';
import { tlsFile } from '../../support/certificates.ts';
import { endJob, type JobStep } from '../../support/ended-job.ts';
import { decodedPoints } from '../../support/decoded-points.ts';
import { startGrpcReceiver } from '../../support/grpc-receiver.ts';
import { startReceiver } from '../../support/otlp-receiver.ts';
import { decodeSpans } from '../../support/sdk-spans.ts';
import { pageSamples } from '../../support/metric-door.ts';
import { type RunningSidecar, startSidecar } from '../../support/sidecar.ts';

const SERVER = `cert_file: ${tlsFile('server.pem')}, key_file: ${tlsFile('server.key.pem')}`;
const MUTUAL = `tls: { ${SERVER}, client_ca_file: ${tlsFile('ca.pem')} }`;
const CERTIFICATES = {
  OTEL_EXPORTER_OTLP_CERTIFICATE: tlsFile('ca.pem'),
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: tlsFile('client.pem'),
  OTEL_EXPORTER_OTLP_CLIENT_KEY: tlsFile('client.key.pem'),
};

/** What the page shows of one job, by name of the sample: metrics it sent, and those made of its spans. */
async function shown(sidecar: RunningSidecar, job: string): Promise<Record<string, number>> {
  const samples = (await pageSamples(sidecar)).filter(({ labels }) =>
    [labels['job'], labels['service_name']].includes(job),
  );
  return Object.fromEntries(samples.map(({ name, value }) => [name, value]));
}

/** What `work` measures, once. */
const WORK = {
  evenkeel_operation_calls_total: 7,
  evenkeel_operation_duration_seconds_count: 7,
  job_read_bytes_count: 7,
  job_read_bytes_sum: 70,
  job_open: 14,
  job_heat: 6,
  traces_span_metrics_calls_total: 7,
};

/** What one of its spans measures. */
const OPEN = { traces_span_metrics_calls_total: 1 };

let plain: RunningSidecar;
beforeAll(async () => {
  plain = await startSidecar();
});

type Protocol = 'http/protobuf' | 'http/json' | 'grpc';

/** Runs a job of its own name to its end, and looks at what the sidecar has of it. */
async function check(
  protocol: Protocol,
  steps: readonly JobStep[],
  expected: Readonly<Record<string, number>>,
  { sidecar = plain, temporality = 'cumulative' }: { sidecar?: RunningSidecar; temporality?: string } = {},
): Promise<void> {
  const job = [protocol, sidecar === plain ? 'plain' : 'tls', temporality, ...steps].join(' ');
  const environment = {
    ...(sidecar !== plain && CERTIFICATES),
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? sidecar.urls.otlpGrpc : sidecar.urls.otlpHttp,
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
  };
  const { code, stderr } = await endJob(steps, environment, { serviceName: job });
  const ends: Partial<Record<JobStep, number>> = { exit: 7, throw: 1 };
  expect([job, code]).toEqual([job, ends[steps.at(-1) ?? 'exit'] ?? 0]);
  expect([job, stderr.match(/evenkeel: .*/)]).toEqual([job, null]);
  expect([job, await shown(sidecar, job)]).toEqual([job, expect.objectContaining(expected)]);
}

describe('a job that ends with everything still held', () => {
  it('has its exact counts in the sidecar, over every protocol and by every end', async () => {
    await check('http/protobuf', ['work', 'exit'], WORK);
    await check('http/json', ['work', 'throw'], WORK);
    await check('grpc', ['work', 'exit'], WORK);
  });

  it('has what was on its way and not yet on the wire', async () => {
    for (const protocol of ['http/protobuf', 'grpc'] as const)
      await check(protocol, ['work', 'begin-flush', 'exit'], WORK, { temporality: 'delta' });
  });

  it('shows the certificates of its configuration', async () => {
    const sidecar = await startSidecar({ config: `receive: { http: { ${MUTUAL} }, grpc: { ${MUTUAL} } }` });
    await check('http/protobuf', ['work', 'exit'], WORK, { sidecar });
    await check('grpc', ['work', 'exit'], WORK, { sidecar });
  });

  it('hands over log records, redacted, and writes as it is configured to', async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect(await endJob(['work', 'log', 'exit'], environment)).toEqual({ code: 7, stdout: '', stderr: '' });
    const bodies = receiver.received.map(({ path, headers, body }) => {
      expect(headers['content-type']).toBe('application/json');
      return [path, JSON.stringify(JSON.parse(body.toString()))] as const;
    });
    expect(bodies.map(([path]) => path).sort()).toEqual(['/v1/logs', '/v1/metrics', '/v1/traces']);
    const text = Object.fromEntries(bodies);
    expect(text['/v1/logs']).toContain('mail REDACTED');
    // The queue says what became of what was in it.
    expect(text['/v1/metrics']).toContain('otel.sdk.processor.span.processed');
    expect(text['/v1/metrics']).not.toContain('job.asked');
  });

  it('writes to the console what goes there', async () => {
    const { code, stdout } = await endJob(['work', 'log', 'exit'], {
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_METRICS_EXPORTER: 'console',
      OTEL_LOGS_EXPORTER: 'console',
    });
    expect(code).toBe(7);
    expect(stdout.split("name: 'job.step'")).toHaveLength(8);
    expect(stdout).toContain("body: 'mail REDACTED'");
    expect(stdout).toContain("name: 'evenkeel.operation.calls'");
  });

  it('says once that nobody took it', async () => {
    const receiver = await startReceiver('error');
    const { code, stderr } = await endJob(['work', 'log', 'exit'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(code).toBe(7);
    expect(stderr).toMatch(/^evenkeel: .*3 of 3 bodies were not taken at exit \[EXPORT_FAILED\] .*\n$/);
  });

  it('sends nothing again that was sent', async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect((await endJob(['work', 'flush', 'exit'], environment)).code).toBe(7);
    expect(decodeSpans(receiver)).toHaveLength(7);
    expect(receiver.received.filter(({ path }) => path === '/v1/metrics')).toHaveLength(1);
  });
});

describe('a call of gRPC under way at an exit', () => {
  it('arrives once, though its answer never came', async () => {
    const receiver = await startGrpcReceiver();
    receiver.react('hang');
    const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect((await endJob(['work', 'flush', 'exit'], environment)).code).toBe(7);
    const received = receiver.calls.map(({ signal, body }) => ({ path: `/v1/${signal}`, body }));
    expect(decodeSpans({ received })).toHaveLength(7);
  });
});

describe('a program that comes to its end and goes on', () => {
  /** Calls that the last of the metrics tell of. */
  const counted = (bodies: readonly Buffer[]): unknown =>
    bodies
      .flatMap((body) => decodedPoints(body))
      .filter(({ metric }) => metric.name === 'evenkeel.operation.calls')
      .map(({ value }) => (value.type === 'number' ? value.value : undefined))
      .at(-1);

  it('has all that it began while it was ending in the sidecar', async () => {
    // Four times the work; what is asked for is read where there is time to ask.
    const expected = { evenkeel_operation_calls_total: 28, traces_span_metrics_calls_total: 28, job_asked: 1 };
    await check('http/protobuf', ['before-exit'], expected);
    await check('grpc', ['before-exit'], expected);
  });

  it('has its open spans sent when it exits', async () => {
    await check('http/protobuf', ['open'], OPEN);
    await check('grpc', ['open'], OPEN);
  });

  it('ends though nobody answers over gRPC, and says so once', async () => {
    const receiver = await startGrpcReceiver();
    receiver.react('hang');
    const { code, stderr } = await endJob(['work', 'before-exit'], {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      // Whatever waited for it would hold the program.
      OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
      // What was asked at each interval would hang again and again.
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^evenkeel: .* \[EXPORT_FAILED\] .*\n$/);
  });

  it('ends when what listens works each time, whether or not somebody answers', async () => {
    for (const behaviour of ['accept', 'hang'] as const) {
      const receiver = await startReceiver(behaviour);
      const { code } = await endJob(['before-exit-at-once'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
      expect(code).toBe(0);
      const bodies = receiver.received.filter(({ path }) => path === '/v1/metrics').map(({ body }) => body);
      if (behaviour === 'accept') expect(counted(bodies)).toBe(decodeSpans(receiver).length);
    }
  });
});
