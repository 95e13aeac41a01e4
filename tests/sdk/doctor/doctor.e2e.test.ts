// The command `evenkeel-sdk doctor` as a process: facts, findings, exit codes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../sdk/src/doctor/examine.ts';
import { type Behaviour, startReceiver } from '../../support/otlp-receiver.ts';
import { decodeSpans } from '../../support/sdk-spans.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

function doctor(
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: at('tests/fixtures/sdk/register'), env: { ...environment } };
    execFile(process.execPath, [at('sdk/bin/evenkeel-sdk.js'), ...args], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

async function examined(environment: Readonly<Record<string, string>>): Promise<{ code: number; report: Report }> {
  const { code, stdout } = await doctor(environment, 'doctor', '--json');
  return { code, report: JSON.parse(stdout) as Report };
}

describe('evenkeel-sdk doctor', () => {
  it('says what is on, and that a test span arrived', async () => {
    const receiver = await startReceiver();
    const { code, report } = await examined({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
      OTEL_SERVICE_NAME: 'till-3',
    });
    expect(report.findings).toEqual([]);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      service: 'till-3',
      source: 'environment',
      isOn: true,
      signals: {
        traces: [`http/protobuf to ${receiver.url}/v1/traces`],
        logs: [`http/protobuf to ${receiver.url}/v1/logs`],
      },
      sampler: 'parent_based of trace_id_ratio_based 0.5',
      limits: { attributeValueLengthLimit: 4096, maxQueueSize: 2048 },
      redaction: 'on',
      outweighedByCode: [{ name: 'OTEL_SERVICE_NAME' }, { name: 'OTEL_EXPORTER_OTLP_ENDPOINT' }],
      propagators: ['tracecontext', 'baggage'],
      api: [{ version: '1.10.0', usedBy: ['sdk', 'program'] }],
    });
    const [span] = decodeSpans(receiver);
    expect(span).toMatchObject({ name: 'evenkeel.doctor', resource: { 'service.name': 'till-3' } });
    expect(report.deliveries).toEqual([
      {
        to: `http/protobuf to ${receiver.url}/v1/traces`,
        isTaken: true,
        answer: `taken, HTTP 200, trace ${span?.traceId}`,
      },
    ]);
  });

  it.each<[Behaviour, string]>([
    ['error', 'HTTP 500'],
    ['throttle', 'HTTP 429'],
    ['reset', 'socket hang up'],
  ])('says why a test span was not taken: %s', async (behaviour, why) => {
    const receiver = await startReceiver(behaviour);
    const { code, report } = await examined({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(code).toBe(1);
    expect(report.deliveries[0]?.answer).toMatch(new RegExp(`${why}|ECONNRESET`));
    expect(report.findings).toHaveLength(1);
    expect(receiver.received).toHaveLength(1);
  });

  it('tells each finding as text, and no secret of an address', async () => {
    const { code, stdout } = await doctor(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:hunter2@127.0.0.1:9',
        OTEL_EXPORTER_OLTP_HEADERS: 'a=hunter2',
        OTEL_LOGS_EXPORTER: 'zipkin',
      },
      'doctor',
    );
    expect(code).toBe(1);
    expect(stdout).toContain('ECONNREFUSED');
    expect(stdout).toContain('is OTEL_EXPORTER_OTLP_HEADERS meant?');
    expect(stdout).toContain('OTEL_LOGS_EXPORTER=zipkin is not known');
    expect(stdout).toMatch(/incoming HTTP +not seen without @opentelemetry\/instrumentation-http/);
    expect(stdout).not.toContain('hunter2');
  });

  it('tells the mistakes of a file with their lines', async () => {
    const file = at('tests/fixtures/sdk/config/format.bad.yaml');
    const { code, report } = await examined({ OTEL_CONFIG_FILE: file });
    expect(code).toBe(1);
    expect(report.isOn).toBe(false);
    expect(report.findings[0]?.what).toBe(`${file}:1: file_format must be "1.0" or "1.1": 2.0`);
  });

  it('explains itself when it is called with anything else', async () => {
    for (const args of [[], ['docter'], ['doctor', '--yaml']]) {
      const { code, stderr } = await doctor({}, ...args);
      expect(code).toBe(2);
      expect(stderr).toContain('usage: evenkeel-sdk doctor [--json]');
    }
  });

  it('tells no secrets', async () => {
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://ann:hunter1@127.0.0.1:9/?token=hunter2',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hunter3',
      OTEL_TRACES_EXPORTER: 'otlp,password=hunter4',
      OTEL_SERVICE_NAME: 'till of ann@mail.example',
      OTEL_RESOURCE_ATTRIBUTES: 'token=hunter5=6',
    };
    const told = await Promise.all([doctor(environment, 'doctor'), doctor(environment, 'doctor', '--json')]);
    for (const { code, stdout, stderr } of told) {
      expect(code).toBe(1);
      expect(stdout).toContain('REDACTED');
      expect(stdout + stderr).not.toMatch(/hunter|\bann\b/);
    }
  });
});
