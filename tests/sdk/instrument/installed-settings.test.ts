// What a file asks of instrumentations reaches those that a program has installed, and what nobody takes is told.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { GeneralNode } from '../../../sdk/src/config/model.ts';
import { settingsOfPackages, unhonoured } from '../../../sdk/src/instrument/installed-settings.ts';
import { startInstalled } from '../../../sdk/src/instrument/installed.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const HTTP = '@opentelemetry/instrumentation-http';
const UNDICI = '@opentelemetry/instrumentation-undici';

const GENERAL: GeneralNode = {
  http: {
    client: { request_captured_headers: ['Accept'], known_methods: ['GET'] },
    server: { response_captured_headers: ['Age'] },
  },
  sanitization: { url: { sensitive_query_parameters: ['ticket'] } },
};

/** A program with packages that are built as instrumentations are, and keep the options they get. */
function program(...names: string[]): { folder: string; options: Record<string, unknown> } {
  // These bring no hooks for ES modules, which is told.
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  const folder = temporaryFolder();
  const options: Record<string, unknown> = {};
  (globalThis as { given?: typeof options }).given = options;
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, '1'])) }),
  );
  for (const name of names) {
    const at = join(folder, 'node_modules', name);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    writeFileSync(
      join(at, 'index.js'),
      `exports.FakeInstrumentation = class {
        instrumentationName = '${name}';
        constructor(options) { globalThis.given['${name}'] = options; }
        setTracerProvider() {}
        setMeterProvider() {}
      };`,
    );
  }
  return { folder, options };
}

it('hands over what is asked in general, and what is asked of each by name', () => {
  const { folder, options } = program(
    HTTP,
    UNDICI,
    '@opentelemetry/instrumentation-pg',
    'opentelemetry-instrumentation-mine',
  );
  const named = {
    '@opentelemetry/instrumentation-pg': { requireParentSpan: true, enabled: true },
    'opentelemetry-instrumentation-mine': { enabled: false },
    [UNDICI]: { requireParentforSpans: true },
  };
  const installed = startInstalled(settingsOfPackages(named, GENERAL), folder);
  expect(options).toEqual({
    [HTTP]: {
      headersToSpanAttributes: { client: { requestHeaders: ['Accept'] }, server: { responseHeaders: ['Age'] } },
      redactedQueryParams: ['ticket'],
      redactedQueryParamsServer: ['ticket'],
    },
    [UNDICI]: { headersToSpanAttributes: { requestHeaders: ['Accept'] }, requireParentforSpans: true },
    '@opentelemetry/instrumentation-pg': { requireParentSpan: true },
  });
  expect(unhonoured(named, GENERAL, installed)).toEqual([
    `${UNDICI} is at work and does not know general.http.client.known_methods`,
  ]);
});

it('says what nobody at work takes', () => {
  const named = {
    '@opentelemetry/instrumentation-pg': {},
    '@opentelemetry/instrumentation-fs': { enabled: false },
    redis: {},
  };
  expect(unhonoured(named, GENERAL, [])).toEqual([
    'the configuration has settings, but @opentelemetry/instrumentation-pg is not at work',
    `the configuration has general.http.server, but ${HTTP} is not at work`,
  ]);
  expect(unhonoured({}, {}, [])).toEqual([]);
});

it('hands over nothing where nothing is asked', () => {
  const { folder, options } = program(HTTP);
  startInstalled(settingsOfPackages({}, {}), folder);
  expect(options).toEqual({ [HTTP]: {} });
});
