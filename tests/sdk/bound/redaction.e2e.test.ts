// No byte of a secret leaves a process, whatever place a program put it in and whichever way telemetry goes.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startReceiver } from '../../support/otlp-receiver.ts';
import { SECRETS } from '../../support/secrets.ts';

const at = (name: string): string => fileURLToPath(new URL(`../../fixtures/sdk/${name}`, import.meta.url));
const PROGRAM = at('secrets.mjs');
/** Every place that the program names; exemplars have attributes of their own only where a view leaves them out. */
const PLACES = new Set(
  [...readFileSync(PROGRAM, 'utf8').matchAll(/at\('([a-z-]+)'\)|\bat-([a-z-]+) \$/g)].map(([, a, b]) => `at-${a ?? b}`),
);
const FILTERED = 'at-exemplar';

/** Everything that left the process of the program: bodies, stdout and stderr. */
async function leftBy(options: object, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const receiver = await startReceiver();
  const args = [
    PROGRAM,
    JSON.stringify({ serviceName: 's', ...options }),
    JSON.stringify(SECRETS.map(({ text }) => text)),
  ];
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, RECEIVER: receiver.url, ...environment };
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(error);
      else resolve(stdout + stderr);
    });
  });
  return [output, ...receiver.received.map(({ body }) => body.toString())].join('\n');
}

/** Each secret, and the place that is named last before it. */
function foundIn(text: string): [string, string][] {
  return SECRETS.flatMap(({ secrets }) => secrets).flatMap((secret): [string, string][] => {
    const place = text.indexOf(secret);
    return place === -1 ? [] : [[secret, /\bat-[a-z-]+(?![^]*\bat-)/.exec(text.slice(0, place))?.[0] ?? '']];
  });
}
const secretsIn = (text: string): string[] => foundIn(text).map(([secret]) => secret);
const placesIn = (text: string): Set<string> => new Set(text.match(/\bat-[a-z-]+/g));

describe('a program with secrets in all its telemetry', () => {
  it.each([
    { way: 'protobuf, and says what it does', options: { prometheus: {} }, environment: { OTEL_LOG_LEVEL: 'debug' } },
    { way: 'JSON', options: { protocol: 'http/json' } },
    {
      way: 'the console',
      environment: { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'console', OTEL_LOGS_EXPORTER: 'console' },
    },
    { way: 'an exemplar', environment: { OTEL_CONFIG_FILE: at('secrets.yaml') } },
  ])('sends none of them by $way', async ({ options = {}, environment = {} }) => {
    const left = await leftBy(options, environment);
    expect(foundIn(left)).toEqual([]);
    expect(left).toContain('REDACTED');
  });

  it('would send each of them from each of these places without redaction', async () => {
    const [open, clean] = await Promise.all([
      leftBy({ redaction: { enabled: false }, prometheus: {} }),
      leftBy({ prometheus: {} }),
    ]);
    expect(secretsIn(open)).toEqual(SECRETS.flatMap(({ secrets }) => secrets));
    expect(placesIn(open)).toEqual(PLACES);
    expect(placesIn(clean)).toEqual(PLACES);
    expect(placesIn(await leftBy({}, { OTEL_CONFIG_FILE: at('secrets.yaml') }))).toContain(FILTERED);
  });
});
