// Fresh TypeScript projects that check every entry of the SDK strictly, declarations of its packages too: by the oldest
// resolution with an old compiler and legacy decorators, and by the newest with standard ones.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { compile, describeProjects, makeProject } from '../support/fresh-projects.ts';
import { PackedSidecar } from '../support/packed-sidecar.ts';

const exec = promisify(execFile);
const STRICT = { target: 'es2022', strict: true, skipLibCheck: false, outDir: 'out', types: ['node'] };
const LEGACY = { experimentalDecorators: true, emitDecoratorMetadata: true };

const MAIN = `import { lowCardinality, measurePerformance, startTelemetry } from '@evenkeel/sdk';
import { runConformance } from '@evenkeel/sdk/conformance';
import { measurePerformance as core } from '@evenkeel/sdk/core';
import { PerformanceMonitor } from '@evenkeel/sdk/monitor';
import { createAlwaysRecordSampler } from '@evenkeel/sdk/sampling';
import { createTestTelemetry } from '@evenkeel/sdk/testkit';
import { baselineMatchers } from '@evenkeel/sdk/vitest';

class Orders {
  @measurePerformance({
    name: 'typed.price',
    attributes: ([sku]) => ({ low: { size: lowCardinality(String(sku).length > 3 ? 'long' : 'short', 2) } }),
  })
  async price(sku: string): Promise<number> {
    return sku.length * 3;
  }
}

async function main(): Promise<void> {
  const telemetry = await startTelemetry({ serviceName: process.argv[2] ?? '' });
  const price: number = await new Orders().price('coffee');
  const entries = [runConformance, core, PerformanceMonitor, createAlwaysRecordSampler, createTestTelemetry];
  console.log(price, entries.every((entry) => typeof entry === 'function'), Object.keys(baselineMatchers).length);
  await telemetry.shutdown();
}

void main();
`;

describeProjects('fresh TypeScript projects', () => {
  let sidecar: PackedSidecar;

  beforeAll(async () => {
    sidecar = await PackedSidecar.start(['node10', 'nodenext']);
  });

  it.each([
    ['node10', 'commonjs', '5.9.3', { module: 'commonjs', moduleResolution: 'node10', ...LEGACY }],
    ['nodenext', 'module', '7.0.2', { module: 'nodenext' }],
  ])('resolve all entries by %s, and are seen', async (resolution, type, typescript, compilerOptions) => {
    const files = {
      'main.ts': MAIN,
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...STRICT, ...compilerOptions } }),
    };
    const cwd = await makeProject(resolution, { typescript, '@types/node': '24.19.2' }, files, { type });
    await compile(cwd, []);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.endpoint };
    const { stdout, stderr } = await exec(process.execPath, [join(cwd, 'out/main.js'), resolution], { env });
    expect({ stdout, stderr }).toEqual({ stdout: '18 true 1\n', stderr: '' });
    await sidecar.sees(resolution, { 'typed.price': 1 });
  });
});
