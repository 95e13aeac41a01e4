// Configuration files: what a good one says, and each problem of a bad one with its line.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { modelOf } from '../../../sdk/src/config/from-settings.ts';
import { FILE } from '../../../sdk/src/config/nodes.ts';
import { parseConfig, readConfigFile } from '../../../sdk/src/config/read-file.ts';
import type { Shape } from '../../../sdk/src/config/shapes.ts';
import type { EvenkeelError } from '../../../sdk/src/errors.ts';
import { resolveSettings } from '../../../sdk/src/options.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../fixtures/sdk/config/${name}`, import.meta.url));

/** The problems of a file, as `line: what`. */
function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    expect((error as EvenkeelError).code).toBe('CONFIG_FILE_INVALID');
    return (error as EvenkeelError).detail.split('\n').map((line) => line.replace(/^.*?:(\d+): /, '$1: '));
  }
  return [];
}

const parse = (text: string): string[] => problemsOf(() => parseConfig(text, 'otel.yaml', {}));

/** What the comments of a bad fixture say is wrong, as `line: what`. */
function expectedOf(name: string): string[] {
  const lines = readFileSync(path(name), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const comment = / # (.*)$/.exec(line)?.[1];
    return comment === undefined ? [] : [`${index + 1}: ${comment}`];
  });
}

describe('readConfigFile', () => {
  it('reads every node, with the environment put in', () => {
    const model = readConfigFile(path('everything.good.yaml'), {
      TEAM: 'checkout',
      LENGTH: '100',
      CERTIFICATE: path('format.bad.yaml'),
    });
    expect(model).toMatchObject({
      disabled: false,
      log_level: 'info2',
      resource: { attributes_list: 'team=checkout,place=a%20b', attributes: [{}, { value: '80' }, { value: [1, 2] }] },
      attribute_limits: { attribute_value_length_limit: 100 },
      propagator: { composite: [{ tracecontext: null }, { baggage: null }], composite_list: 'b3' },
      tracer_provider: {
        sampler: { parent_based: { root: { trace_id_ratio_based: { ratio: 0.25 } } } },
        processors: [
          { batch: { exporter: { otlp_http: { headers: [{ name: 'x-team', value: 'checkout ${TEAM}' }] } } } },
          { simple: { exporter: { console: null } } },
          { simple: { exporter: { 'otlp_file/development': { output_stream: 'stdout' } } } },
          { batch: { exporter: { otlp_grpc: { tls: { insecure: true } } } } },
        ],
      },
      logger_provider: {
        processors: [{ 'event_to_span_event_bridge/development': null }, { batch: { schedule_delay: 200 } }],
      },
      'instrumentation/development': {
        // Options of packages are theirs; what is in them is taken as it stands, but for variables.
        js: {
          '@opentelemetry/instrumentation-http': { enabled: false, ignoreIncomingPaths: ['/checkout', { deep: [1] }] },
          undici: null,
        },
      },
      distribution: { evenkeel: { redaction: { values: ['EMP-\\d+'] } } },
    });
  });

  it('tells every problem of a file with its line, all at once', () => {
    expect(problemsOf(() => readConfigFile(path('nodes.bad.yaml'), {})).sort()).toEqual(
      expectedOf('nodes.bad.yaml').sort(),
    );
    expect(problemsOf(() => readConfigFile(path('format.bad.yaml'), {}))).toEqual(expectedOf('format.bad.yaml'));
    for (const problem of problemsOf(() => readConfigFile(path('syntax.bad.yaml'), {})))
      expect(problem).toMatch(/^[34]: /);
  });

  it('names the file that is not there', () => {
    expect(() => readConfigFile('/nowhere/otel.yaml', {})).toThrow(/\/nowhere\/otel\.yaml: ENOENT/);
  });

  it('refuses what is no configuration at all', () => {
    expect(parse('')).toEqual(['1: the file must be a map']);
    expect(parse('- 1')).toEqual(['1: the file must be a map']);
    expect(parse('{}')).toEqual(['1: the file needs "file_format"']);
    expect(parse('file_format: "1.0"\nresource: &r { attributes: [*r] }')).not.toEqual([]);
    expect(parse(`file_format: "1.0"\n${Array.from({ length: 200 }, (_, i) => `k${i}:`).join('\n')}`)).toHaveLength(50);
  });

  it('refuses a variant that is named and not filled in', () => {
    const refuses = (text: string, ...problems: string[]): void =>
      expect(parse(`file_format: "1.0"\n${text}`)).toEqual(problems);
    refuses(
      'tracer_provider: { processors: [{ batch: }, { simple: }] }',
      '2: batch needs "exporter"',
      '2: simple needs "exporter"',
    );
    refuses('meter_provider: { readers: [{ pull: }] }', '2: pull needs "exporter"');
    const sampler = 'tracer_provider: { processors: [], sampler: { composite/development:';
    refuses(`${sampler} } }`, '2: composite/development must be a map');
    refuses(`${sampler} { parent_threshold: } } }`, '2: parent_threshold needs "root"');
  });

  it('refuses times that a timer cannot wait', () => {
    const reader = '{ periodic: { interval: 2147483648, exporter: { console: } } }';
    expect(parse(`file_format: "1.0"\nmeter_provider: { readers: [${reader}] }`)).toEqual([
      '2: interval must be between 1 and 2147483647',
    ]);
  });

  it('says nothing of the values of variables', () => {
    const said = vi.spyOn(process, 'emitWarning').mockReturnValue();
    onTestFinished(() => said.mockRestore());
    const source = 'file_format: "1.0"\nresource:\n  schema_url: ${PASSWORD}';
    expect(parseConfig(source, 'x', { PASSWORD: '!hunter2 x' }).resource?.schema_url).toBe('!hunter2 x');
    expect(said.mock.calls).toEqual([]);
  });

  it('takes variables as the specification says', () => {
    const value = (text: string, quote = ''): unknown => {
      const source = `file_format: "1.0"\nresource:\n  attributes:\n    - name: a\n      value: ${quote}${text}${quote}`;
      return parseConfig(source, 'x', { N: '7', T: 'true', S: 'a: b', E: '' }).resource?.attributes?.[0]?.value;
    };
    expect(value('${N}')).toBe(7);
    expect(value('${N}', '"')).toBe('7');
    expect(value('${env:T}')).toBe(true);
    expect(value('${S}')).toBe('a: b');
    expect(value('${E:-x}')).toBe('x');
    expect(value('${NONE:-a}b')).toBe('ab');
    expect(value('$${N}')).toBe('${N}');
  });
});

describe('the model of options and environment', () => {
  it('has only nodes that a file may have', () => {
    const model = modelOf(
      resolveSettings({ serviceName: 's', headers: { a: 'b' }, redaction: { keys: ['k'], values: [/v/] } }, {}),
    );
    const unknown: string[] = [];
    const walk = (value: unknown, shape: Shape, at: string): void => {
      if (Array.isArray(value) && shape.kind === 'list') for (const item of value) walk(item, shape.of, at);
      if ((shape.kind !== 'node' && shape.kind !== 'choice') || typeof value !== 'object' || value === null) return;
      for (const [key, child] of Object.entries(value)) {
        const field = shape.fields[key];
        if (field) walk(child, field, `${at}/${key}`);
        else unknown.push(`${at}/${key}`);
      }
    };
    walk(model, FILE, '');
    // Where addresses come from is not for a file to say.
    expect(new Set(unknown.map((at) => at.split('/').at(-1)))).toEqual(new Set(['fromEnvironment']));
  });

  it('has the headers of code whatever the protocol is', () => {
    for (const protocol of ['grpc', 'http/json']) {
      const settings = resolveSettings(
        { serviceName: 's', headers: { a: 'b' } },
        { OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
      );
      const [{ batch } = {}] = modelOf(settings).tracer_provider?.processors ?? [];
      const { headers } = batch?.exporter.otlp_grpc ?? batch?.exporter.otlp_http ?? {};
      expect(headers).toEqual([{ name: 'a', value: 'b' }]);
    }
  });
});
