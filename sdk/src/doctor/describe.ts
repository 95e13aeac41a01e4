// Says in words what a configuration model would do. Nothing in it is a secret: headers are not told. Pure.
import type { Redaction } from '../bound/redaction.ts';
import type { ExporterNode, Model, ProcessorNode, ReaderNode, SamplerNode } from '../config/model.ts';
import type { Settings } from '../options.ts';
import { describeExporter } from '../providers/exporters.ts';
import { batchLimits, spanLimits } from '../providers/spans.ts';

/** What a program would do, in words. */
export interface Described {
  readonly service: string;
  readonly source: string;
  readonly signals: Readonly<Record<'traces' | 'metrics' | 'logs', readonly string[]>>;
  readonly sampler: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly redaction: string;
  readonly propagators: readonly string[];
}

/** Describes `model`, and where it comes from. */
export function describe(model: Model, settings: Settings, redaction: Redaction): Described {
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

/** The exporter of a processor, whichever kind it is. */
export function exporterOf(node: ProcessorNode): ExporterNode {
  return node.batch?.exporter ?? node.simple?.exporter ?? { otlp_http: null };
}

function describeReader(node: ReaderNode, redaction: Redaction): string {
  if (node.periodic) return describeExporter(node.periodic.exporter, 'METRICS', redaction);
  const page = node.pull?.exporter['prometheus/development'];
  return `Prometheus page at ${page?.host ?? '127.0.0.1'}:${page?.port ?? 9464}`;
}

function describeSampler(node: SamplerNode | null | undefined): string {
  const [name, settings] = Object.entries(node ?? { parent_based: { root: { always_on: null } } })[0] ?? ['', null];
  const inner = (settings as { root?: SamplerNode; ratio?: number; initial_sampler?: SamplerNode } | null) ?? {};
  // Its address may hold secrets.
  if (inner.initial_sampler) return `${name}, until it answers ${describeSampler(inner.initial_sampler)}`;
  if (inner.root) return `${name} of ${describeSampler(inner.root)}`;
  return inner.ratio === undefined ? name : `${name} ${inner.ratio}`;
}
