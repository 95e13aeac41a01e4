// Finds out what a program started with this SDK here and now would send, where, and what would go wrong.
import { readFileSync } from 'node:fs';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createRedaction, type Redaction } from '../bound/redaction.ts';
import { modelOf } from '../config/from-settings.ts';
import type { ExporterNode, Model, ProcessorNode, ReaderNode, SamplerNode } from '../config/model.ts';
import { readConfigFile } from '../config/read-file.ts';
import { EvenkeelError } from '../errors.ts';
import { observedLibraries } from '../instrument/channels.ts';
import { findInstalled } from '../instrument/installed.ts';
import { SCOPE_NAME, SCOPE_VERSION } from '../names.ts';
import { optionsOfEnvironment, resolveSettings, type Settings } from '../options.ts';
import { createSpanExporter, describeExporter } from '../providers/exporters.ts';
import { createResource } from '../providers/resource.ts';
import { batchLimits, spanLimits } from '../providers/spans.ts';
import { type ApiCopy, findApiCopies, findOtherSdks, isHeard } from './packages.ts';
import { findShadowed, outweighedByCode, type Shadowed } from './variables.ts';

/** Longer than any sidecar needs, and short for somebody who waits. */
const TEST_SPAN_TIMEOUT_MS = 5000;

/** Something to be put right. */
export interface Finding {
  readonly what: string;
  readonly hint: string;
}

/** Where a test span went. */
export interface Delivery {
  readonly to: string;
  readonly isTaken: boolean;
  readonly answer: string;
}

/** What the doctor found out. Nothing in it is a secret: headers are named, not told. */
export interface Report {
  readonly service: string;
  readonly source: string;
  readonly isOn: boolean;
  readonly signals: Readonly<Record<'traces' | 'metrics' | 'logs', readonly string[]>>;
  readonly sampler: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly redaction: string;
  readonly propagators: readonly string[];
  readonly channels: readonly string[];
  readonly instrumentations: readonly { readonly name: string; readonly version: string }[];
  readonly api: readonly ApiCopy[];
  readonly shadowed: readonly Shadowed[];
  /** What an option in code would outweigh; nobody knows from outside whether there is one. */
  readonly outweighedByCode: readonly Shadowed[];
  readonly deliveries: readonly Delivery[];
  readonly findings: readonly Finding[];
}

/** Where to look. */
export interface Place {
  readonly folder: string;
  readonly environment: Settings['environment'];
  /** A file of this SDK. */
  readonly sdk: string;
  /** Name of the service where nothing names it. */
  readonly fallbackName: string;
}

/** Examines `place`; sends one span, and changes nothing. */
export async function examine(place: Place): Promise<Report> {
  const { environment, folder } = place;
  const settings = resolveSettings(optionsOfEnvironment(place.fallbackName, environment), environment);
  const { model, problems } = readModel(settings);
  const redaction = createRedaction({ keys: model?.distribution?.evenkeel?.redaction?.keys ?? [] });
  const isOn = model !== undefined && !settings.disabled && model.disabled !== true;
  const switches = model?.['instrumentation/development']?.js ?? {};
  const instrumentations = findInstalled(folder).filter(({ name }) => switches[name]?.enabled !== false);
  const fileText = settings.configFile === undefined ? undefined : textOf(settings.configFile);
  const shadowed = findShadowed(environment, fileText);
  const api = findApiCopies(folder, place.sdk);
  const deliveries = isOn ? await sendTestSpans(model, redaction) : [];
  const report = {
    ...describe(model ?? {}, settings, redaction),
    isOn,
    channels: observedLibraries(
      switches,
      instrumentations.map(({ name }) => name),
    ),
    instrumentations,
    api,
    shadowed,
    outweighedByCode: fileText === undefined ? outweighedByCode(environment) : [],
    deliveries,
  };
  const findings = [
    ...problems,
    ...settings.unknown.map((what) => ({ what: `${what} is not known`, hint: 'Use otlp, console or none.' })),
    ...shadowed.map(({ name, why }) => ({ what: `${name} has no effect: ${why}`, hint: 'Correct or remove it.' })),
    ...findingsOfPackages(api, findOtherSdks(folder)),
    ...deliveries
      .filter(({ isTaken }) => !isTaken)
      .map(({ to, answer }) => ({
        what: `a test span to ${to} was not taken: ${answer}`,
        hint: 'Is the sidecar running, and is this its address?',
      })),
    ...(isOn ? [] : [{ what: 'telemetry is off', hint: 'OTEL_SDK_DISABLED, or `disabled` or a mistake in the file.' }]),
  ];
  return { ...report, findings };
}

function readModel(settings: Settings): { model?: Model; problems: Finding[] } {
  if (settings.configFile === undefined) return { model: modelOf(settings), problems: [] };
  try {
    return { model: readConfigFile(settings.configFile, settings.environment), problems: [] };
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    return { problems: error.detail.split('\n').map((what) => ({ what, hint: error.hint })) };
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

type Described = Pick<Report, 'service' | 'source' | 'signals' | 'sampler' | 'limits' | 'redaction' | 'propagators'>;

function describe(model: Model, settings: Settings, redaction: Redaction): Described {
  const exportersOf = (nodes: readonly ProcessorNode[] | undefined, signal: 'TRACES' | 'LOGS'): string[] =>
    (nodes ?? []).map((node) => describeExporter(exporterOf(node), signal, redaction));
  const named = model.resource?.attributes?.find(({ name }) => name === 'service.name')?.value;
  const own = model.distribution?.evenkeel?.redaction;
  const added = (own?.keys?.length ?? 0) + (own?.values?.length ?? 0);
  const propagator = model.propagator;
  return {
    service: String(named ?? 'unknown_service:node'),
    source: settings.configFile ?? 'environment',
    signals: {
      traces: exportersOf(model.tracer_provider?.processors, 'TRACES'),
      metrics: (model.meter_provider?.readers ?? []).map((node) => describeReader(node, redaction)),
      logs: exportersOf(model.logger_provider?.processors, 'LOGS'),
    },
    sampler: describeSampler(model.tracer_provider?.sampler),
    limits: { ...spanLimits(model), ...batchLimits(model.tracer_provider?.processors[0]?.batch) },
    redaction: own?.enabled === false ? 'off' : `on${added > 0 ? `, with ${added} keys and patterns more` : ''}`,
    propagators: [
      ...(propagator?.composite ?? []).flatMap((entry) => Object.keys(entry)),
      ...(propagator?.composite_list ?? '').split(',').filter((name) => name !== ''),
    ],
  };
}

function exporterOf(node: ProcessorNode): ExporterNode {
  return node.batch?.exporter ?? node.simple?.exporter ?? { otlp_http: null };
}

function describeReader(node: ReaderNode, redaction: Redaction): string {
  if (node.periodic) return describeExporter(node.periodic.exporter, 'METRICS', redaction);
  const page = node.pull?.exporter['prometheus/development'];
  return `Prometheus page at ${page?.host ?? '127.0.0.1'}:${page?.port ?? 9464}`;
}

function describeSampler(node: SamplerNode | null | undefined): string {
  const [name, settings] = Object.entries(node ?? { parent_based: { root: { always_on: null } } })[0] ?? ['', null];
  const inner = (settings as { root?: SamplerNode; ratio?: number } | null) ?? {};
  if (inner.root) return `${name} of ${describeSampler(inner.root)}`;
  return inner.ratio === undefined ? name : `${name} ${inner.ratio}`;
}

function findingsOfPackages(api: readonly ApiCopy[], others: readonly string[]): Finding[] {
  const registered = api.find(({ usedBy }) => usedBy.includes('sdk'));
  const findings = others.map((name) => ({
    what: `${name} is installed, which has an SDK of its own`,
    hint: 'Whichever starts first gets the telemetry. Keep one of the two.',
  }));
  if (!registered) {
    return [...findings, { what: '@opentelemetry/api cannot be found', hint: 'npm install @opentelemetry/api@1.10' }];
  }
  if (!isHeard('1.10.0', registered.version)) {
    const what = `the SDK gets @opentelemetry/api ${registered.version}, and needs 1.10 to start`;
    findings.push({ what, hint: 'npm install @opentelemetry/api@1.10' });
  }
  for (const { path, version } of api) {
    if (isHeard(version, registered.version)) continue;
    const what = `code that uses ${path} (${version}) is not heard: the SDK registers with ${registered.version}`;
    findings.push({ what, hint: 'npm dedupe, or install one version for all.' });
  }
  return findings;
}

/** Sends one span by each processor of traces, once, and says what the answer was. */
async function sendTestSpans(model: Model, redaction: Redaction): Promise<Delivery[]> {
  const spans = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: await createResource(model.resource),
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  });
  const span = provider.getTracer(SCOPE_NAME, SCOPE_VERSION).startSpan('evenkeel.doctor', {}, ROOT_CONTEXT);
  span.end();
  const nodes = (model.tracer_provider?.processors ?? []).map(exporterOf).filter((node) => !('console' in node));
  const traceId = span.spanContext().traceId;
  return Promise.all(nodes.map((node) => deliver(node, spans.getFinishedSpans(), traceId, redaction)));
}

async function deliver(
  node: ExporterNode,
  spans: ReadableSpan[],
  traceId: string,
  redaction: Redaction,
): Promise<Delivery> {
  const to = describeExporter(node, 'TRACES', redaction);
  const closed = new AbortController();
  let failure: string | undefined;
  const onFailure = (error: Error): void => {
    failure = error.message || String((error as NodeJS.ErrnoException).code ?? error.name);
  };
  // Closing from the start: what fails is not tried again.
  let status = 'by gRPC';
  const onAnswer = (code: number): void => void (status = `HTTP ${code}`);
  const outlet = { closing: AbortSignal.abort(), closed: closed.signal, onFailure, onAnswer };
  const { exporter } = await createSpanExporter(node, { outlet });
  const result = await new Promise<ExportResult>((resolve) => {
    // Requests of the SDK keep nothing alive, so this timer also keeps the command running.
    const timer = setTimeout(() => {
      const error = new Error(`no answer within ${TEST_SPAN_TIMEOUT_MS} ms`);
      resolve({ code: ExportResultCode.FAILED, error });
    }, TEST_SPAN_TIMEOUT_MS);
    exporter.export(spans, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
  closed.abort();
  await exporter.shutdown();
  if (result.code === ExportResultCode.SUCCESS)
    return { to, isTaken: true, answer: `taken, ${status}, trace ${traceId}` };
  return { to, isTaken: false, answer: failure ?? result.error?.message ?? 'no reason given' };
}
