// Baselines as a document: what a run was like, to be kept beside the code and held against later runs. Versioned; read
// strictly, with the path of what is wrong.
import { z } from 'zod';
import { EvenkeelError } from '../errors.ts';
import { BINS, totalOf } from './bins.ts';
import { type LogDensity } from './density.ts';
import { callsOf, countsFrom, type Figures, pairsOf, QUANTILES, quantileOf, secondsOf } from './figures.ts';
import type { Learned } from './learned.ts';
import type { RecordedOperation } from './recorded-run.ts';

const VERSION = 1;
/** Steps of a nat in a density, below a share of one: the least share is e^-16.2, of what 16 bits hold about half. */
const STEPS_A_NAT = 2000;
/** Each side of a 95 % interval. */
const SIDE = 0.025;
const MAX_OPERATIONS = 10_000;

/** A document that was read. */
export interface Baselines {
  /** ISO 8601. */
  readonly created: string;
  readonly operations: readonly RecordedOperation[];
}

const count = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const factor = z.number().min(1);
const share = z.number().min(0).max(1);
const density = z.base64().transform((text, context): LogDensity => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 2 * BINS)
    return Float32Array.from({ length: BINS }, (_, b) => -bytes.readUInt16LE(2 * b) / STEPS_A_NAT);
  context.addIssue({ code: 'custom', message: `holds ${bytes.length / 2} bins instead of ${BINS}` });
  return z.NEVER;
});

/** Of people only: recomputed from counts when it is written, and not read. */
const quantile = z.strictObject({ ms: z.number(), low_ms: z.number().nullable(), high_ms: z.number().nullable() });

const learnedSchema = z.strictObject({
  calls: count,
  windows: count,
  left_out: z.array(z.tuple([z.number(), z.number()])),
  from_ms: z.number(),
  to_ms: z.number(),
  density,
  centre: z.number(),
  latest: z.number(),
  spread: z.number().min(0),
  levels: z.array(z.strictObject({ density, from: z.number() })),
  season: z.strictObject({ period_ms: z.number().positive(), terms: z.array(z.number()).length(4) }).nullable(),
  noise: z.number().min(0),
  centre_error: z.number().min(0),
  correlation: share,
  error_ratio: share,
  error_clusters: factor,
  calls_per_second: z.number().min(0),
  confidence: share,
});

const operationSchema = z
  .strictObject({
    op: z.string().min(1),
    service: z.string().optional(),
    kind: z.string().optional(),
    service_version: z.string().optional(),
    provisional: z.boolean(),
    calls: z.int().min(1),
    errors: count,
    from_ms: z.number(),
    to_ms: z.number(),
    calls_per_second: z.number().min(0),
    error_ratio: share,
    confidence: share.nullable(),
    p50: quantile,
    p95: quantile,
    p99: quantile,
    counts: z.array(count),
    usual_gap_calls: z.number().min(0).optional(),
    clusters: z.strictObject({ mean: factor, p50: factor, p95: factor, p99: factor, errors: factor }),
    learned: learnedSchema.nullable(),
  })
  .check(({ value: { counts, calls, errors, from_ms: fromMs, to_ms: toMs }, issues }) => {
    const problem = (path: string, message: string): void =>
      void issues.push({ code: 'custom', path: [path], message, input: undefined });
    const bins = counts.filter((_, i) => i % 2 === 0);
    if (counts.length % 2 !== 0) problem('counts', 'is not pairs of a bin and a count');
    else if (bins.some((bin, i) => bin >= BINS || bin <= (bins[i - 1] ?? -1)))
      problem('counts', `has bins that do not rise, or are not below ${BINS}`);
    else if (totalOf(counts.filter((_, i) => i % 2 === 1)) !== calls)
      problem('counts', `do not add up to ${calls} calls`);
    if (errors > calls) problem('errors', 'are more than calls');
    if (toMs < fromMs) problem('to_ms', 'is before from_ms');
  });

const documentSchema = z.strictObject({
  version: z.literal(VERSION),
  created: z.iso.datetime(),
  operations: z.array(operationSchema).max(MAX_OPERATIONS),
});

type DocumentInput = z.input<typeof documentSchema>;
type OperationInput = DocumentInput['operations'][number];
type LearnedInput = z.input<typeof learnedSchema>;

/** Writes a document, an operation a line: so a change of one is a change of one line. */
export function writeBaselines({ created, operations }: Baselines): string {
  const lines = operations.map((operation) => `  ${JSON.stringify(operationJson(operation))}`);
  return `{"version":${VERSION},"created":${JSON.stringify(created)},"operations":[\n${lines.join(',\n')}\n]}\n`;
}

/** Reads a document. @throws BASELINES_INVALID with every path that is wrong */
export function readBaselines(text: string): Baselines {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new EvenkeelError('BASELINES_INVALID', 'it is not JSON', { cause: error });
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (version !== VERSION) {
    const found = version === undefined ? 'is missing' : `is ${JSON.stringify(version)}`;
    throw new EvenkeelError('BASELINES_INVALID', `version ${found}, and ${VERSION} is what can be read`);
  }
  const result = documentSchema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${pathText(path)}: ${message}`);
    throw new EvenkeelError('BASELINES_INVALID', problems.slice(0, 10).join('; '));
  }
  return { created: result.data.created, operations: result.data.operations.map(operationFrom) };
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

/** One operation, as it stands in a document. */
export function operationJson({
  name,
  service,
  kind,
  version,
  isProvisional,
  figures,
  learned,
  usualMissed,
}: RecordedOperation): OperationInput {
  const { errors, fromMs, toMs, counts, clusters } = figures;
  const calls = callsOf(figures);
  const [p50, p95, p99] = QUANTILES.map((_, i) => quantileJson(figures, i));
  const [mean, ofP50, ofP95, ofP99, ofErrors] = [clusters.mean, ...clusters.quantiles, clusters.errors].map(
    (value) => Math.ceil(value * 1000) / 1000,
  );
  return {
    op: name,
    ...(service === undefined ? {} : { service }),
    ...(kind === undefined ? {} : { kind }),
    ...(version === undefined ? {} : { service_version: version }),
    provisional: isProvisional,
    calls,
    errors,
    from_ms: fromMs,
    to_ms: toMs,
    calls_per_second: rounded(calls / Math.max(0.001, secondsOf(figures))),
    error_ratio: rounded(errors / calls),
    confidence: learned === undefined ? null : rounded(learned.confidence),
    p50,
    p95,
    p99,
    counts: pairsOf(counts),
    ...(usualMissed === undefined ? {} : { usual_gap_calls: rounded(usualMissed) }),
    clusters: { mean, p50: ofP50, p95: ofP95, p99: ofP99, errors: ofErrors },
    learned: learned === undefined ? null : learnedJson(learned),
  };
}

function quantileJson(figures: Figures, index: number): OperationInput['p50'] {
  const { log, low, high } = quantileOf(figures, index, SIDE);
  const ms = (value: number): number => rounded(Math.exp(value) * 1000);
  return { ms: ms(log), low_ms: low === -Infinity ? null : ms(low), high_ms: high === Infinity ? null : ms(high) };
}

/** For what people read. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function learnedJson(learned: Learned): LearnedInput {
  const { season } = learned;
  return {
    calls: learned.calls,
    windows: learned.windows,
    left_out: learned.leftOut.map(({ fromMs, toMs }) => [fromMs, toMs]),
    from_ms: learned.fromMs,
    to_ms: learned.toMs,
    density: densityText(learned.density),
    centre: learned.centre,
    latest: learned.latest,
    spread: learned.spread,
    levels: learned.levels.map((level) => ({ density: densityText(level.density), from: level.from })),
    season: season === undefined ? null : { period_ms: season.periodMs, terms: [...season.terms] },
    noise: learned.noise,
    centre_error: learned.centreError,
    correlation: learned.correlation,
    error_ratio: learned.errorRatio,
    error_clusters: learned.errorClusters,
    calls_per_second: learned.callsPerSecond,
    confidence: learned.confidence,
  };
}

/** 16 bits a bin, little endian. A smoothed share may pass one by what a number is rounded by. */
function densityText(logs: LogDensity): string {
  const bytes = Buffer.alloc(2 * BINS);
  logs.forEach((log, b) => bytes.writeUInt16LE(Math.max(0, Math.min(65_535, Math.round(-log * STEPS_A_NAT))), 2 * b));
  return bytes.toString('base64');
}

function operationFrom(read: z.output<typeof operationSchema>): RecordedOperation {
  const { mean, p50, p95, p99, errors } = read.clusters;
  return {
    name: read.op,
    service: read.service,
    kind: read.kind,
    version: read.service_version,
    isProvisional: read.provisional,
    figures: {
      errors: read.errors,
      fromMs: read.from_ms,
      toMs: read.to_ms,
      counts: countsFrom(read.counts),
      clusters: { mean, quantiles: [p50, p95, p99], errors },
    },
    learned: read.learned === null ? undefined : learnedFrom(read.learned),
    usualMissed: read.usual_gap_calls,
  };
}

function learnedFrom(read: z.output<typeof learnedSchema>): Learned {
  const { season } = read;
  return {
    calls: read.calls,
    windows: read.windows,
    leftOut: read.left_out.map(([fromMs, toMs]) => ({ fromMs, toMs })),
    fromMs: read.from_ms,
    toMs: read.to_ms,
    density: read.density,
    centre: read.centre,
    latest: read.latest,
    spread: read.spread,
    levels: read.levels,
    season: season === null ? undefined : { periodMs: season.period_ms, terms: season.terms },
    noise: read.noise,
    centreError: read.centre_error,
    correlation: read.correlation,
    errorRatio: read.error_ratio,
    errorClusters: read.error_clusters,
    callsPerSecond: read.calls_per_second,
    confidence: read.confidence,
  };
}
