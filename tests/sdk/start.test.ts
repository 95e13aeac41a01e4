// What startTelemetry refuses, in this process: nothing is started then, so nothing is left behind.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startTelemetry } from '../../sdk/src/index.ts';

it('refuses a configuration file with every mistake and its line, each time anew', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  onTestFinished(() => void vi.unstubAllEnvs());
  const file = join(folder, 'otel.yaml');
  await writeFile(file, 'file_format: "1.0"\ntracer: {}\nresource: 7\n');
  vi.stubEnv('OTEL_CONFIG_FILE', file);
  for (let i = 0; i < 2; i++) {
    const error = await startTelemetry({ serviceName: 'x' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'CONFIG_FILE_INVALID' });
    expect((error as Error).message).toContain(`${file}:2: unknown or unsupported node "tracer" in the file`);
    expect((error as Error).message).toContain(`${file}:3: resource must be a map`);
  }
  const span = trace.getTracer('x').startSpan('x');
  expect(span.isRecording()).toBe(false);
});
