// The collector's main path once more, written the plain way: protobufjs objects, Map by hexadecimal id, BigInt.
// Slow, obvious, and independent: it shares nothing with collector/src but the words. The oracle of the property test.
import { type DecodedSpan, decodeBody, type PlainSpan } from './decoded.ts';

export interface NaiveOptions {
  readonly unsampled: readonly string[];
  readonly dimensions: readonly string[];
  readonly maxSeries: number;
  readonly boundsNs: readonly bigint[];
  readonly decisionWaitMs: number;
  readonly afterRootMs: number;
  /** Keeps a trace whose entry span takes longer. */
  readonly slowNs: bigint;
  /** Threshold of the probabilistic policy, 56 bits. */
  readonly threshold: bigint;
}

export interface NaiveSeries {
  calls: number;
  sumNs: number;
  zero: number;
  classic: number[];
  /** By OpenTelemetry's bucket index at scale 4. */
  exponential: Map<number, number>;
}

interface NaiveTrace {
  firstMs: number;
  rootMs: number | undefined;
  random: bigint | undefined;
  hasError: boolean;
  isSlow: boolean;
  spans: DecodedSpan[];
}

interface NaiveDecision {
  readonly threshold: bigint;
  readonly random: bigint;
  readonly policy: string;
  readonly kept: boolean;
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
);
const STATUSES = ['UNSET', 'OK', 'ERROR'].map((status) => `STATUS_CODE_${status}`);
const ALL = 2n ** 56n;

/** Takes bodies and ticks in the order the collector does; afterwards `series` and `kept` say what it should have made. */
export class Naive {
  readonly series = new Map<string, NaiveSeries>();
  /** Kept spans with the tracestate they must leave with. */
  readonly kept: DecodedSpan[] = [];
  readonly decisions = new Map<string, NaiveDecision>();
  readonly counts = { late: 0, unknown: 0, inconsistent: 0 };
  readonly #options: NaiveOptions;
  readonly #traces = new Map<string, NaiveTrace>();

  constructor(options: NaiveOptions) {
    this.#options = options;
  }

  take(body: Uint8Array, nowMs: number): void {
    for (const span of decodeBody(body)) {
      this.#measure(span);
      this.#sample(span, nowMs);
    }
  }

  tick(nowMs: number): void {
    for (const [id, trace] of this.#traces) {
      const isDue = nowMs >= trace.firstMs + this.#options.decisionWaitMs;
      const rootIsDue = trace.rootMs !== undefined && nowMs >= trace.rootMs + this.#options.afterRootMs;
      if (isDue || rootIsDue) this.#decide(id, trace);
    }
  }

  get pending(): number {
    return this.#traces.size;
  }

  #measure(decoded: DecodedSpan): void {
    const { span, serviceName } = decoded;
    const durationNs = durationOf(span);
    const weight = weightOf(span, hex(span.traceId));
    const labels: Record<string, string> = {
      'service.name': cut(serviceName.slice(0, 256)),
      'span.name': cut(span.name ?? ''),
      'span.kind': KINDS[span.kind ?? 0] ?? 'SPAN_KIND_UNSPECIFIED',
      'status.code': STATUSES[span.status?.code ?? 0] ?? 'STATUS_CODE_UNSET',
    };
    for (const name of this.#options.dimensions) {
      const text = labelText(span.attributes?.findLast(({ key }) => key === name)?.value);
      if (text !== '') labels[name] = cut(text);
    }
    const series = this.#seriesOf(labels, weight === 1 ? {} : { 'sampling.estimated': 'true' });
    series.calls += weight;
    if (durationNs <= 0n) {
      series.zero += weight;
      series.classic[0] = (series.classic[0] ?? 0) + weight;
      return;
    }
    series.sumNs += Number(durationNs) * weight;
    const { boundsNs } = this.#options;
    const place = boundsNs.findIndex((bound) => durationNs <= bound);
    const cell = place < 0 ? boundsNs.length : place;
    series.classic[cell] = (series.classic[cell] ?? 0) + weight;
    const index = exponentialIndex(Number(durationNs) / 1e9);
    series.exponential.set(index, (series.exponential.get(index) ?? 0) + weight);
  }

  #seriesOf(labels: Record<string, string>, estimated: Record<string, string>): NaiveSeries {
    let key = JSON.stringify({ ...labels, ...estimated });
    if (!this.series.has(key) && this.series.size >= this.#options.maxSeries)
      key = JSON.stringify({ 'service.name': labels['service.name'], 'otel.metric.overflow': 'true', ...estimated });
    let series = this.series.get(key);
    if (series === undefined) {
      const classic = Array.from({ length: this.#options.boundsNs.length + 1 }, () => 0);
      series = { calls: 0, sumNs: 0, zero: 0, classic, exponential: new Map() };
      this.series.set(key, series);
    }
    return series;
  }

  #sample(decoded: DecodedSpan, nowMs: number): void {
    const { span } = decoded;
    const id = hex(span.traceId);
    const decided = this.decisions.get(id);
    if (decided !== undefined) {
      this.counts.late++;
      const random = otField(span.traceState, 'rv') ?? idRandom(id);
      if (decided.kept) this.#keep(decoded, { ...decided, random });
      return;
    }
    let trace = this.#traces.get(id);
    if (trace === undefined) {
      trace = { firstMs: nowMs, rootMs: undefined, random: undefined, hasError: false, isSlow: false, spans: [] };
      this.#traces.set(id, trace);
    }
    const isRoot = span.parentSpanId === undefined;
    const isEntry = isRoot || span.kind === 2 || span.kind === 5;
    if (isRoot) trace.rootMs ??= nowMs;
    trace.random ??= otField(span.traceState, 'rv');
    trace.hasError ||= span.status?.code === 2;
    trace.isSlow ||= isEntry && durationOf(span) > this.#options.slowNs;
    trace.spans.push(decoded);
  }

  #decide(id: string, trace: NaiveTrace): void {
    const random = trace.random ?? idRandom(id);
    const policy = trace.hasError ? 'errors' : trace.isSlow ? 'slow' : 'share';
    const threshold = policy === 'share' ? this.#options.threshold : 0n;
    const decision = { threshold, random, policy, kept: random >= threshold };
    this.decisions.set(id, decision);
    this.#traces.delete(id);
    if (decision.kept) for (const span of trace.spans) this.#keep(span, decision);
  }

  #keep(decoded: DecodedSpan, { threshold, random }: NaiveDecision): void {
    const { span } = decoded;
    const text = span.traceState ?? '';
    const incoming = otField(text, 'th');
    const isUnsampled = this.#options.unsampled.includes(decoded.serviceName);
    let traceState = text;
    if (incoming === undefined && !isUnsampled) this.counts.unknown++;
    else if (incoming !== undefined && random < incoming) {
      this.counts.inconsistent++;
      traceState = rewritten(text, undefined);
    } else if (incoming === undefined || incoming < threshold) traceState = rewritten(text, threshold);
    const { traceState: _, ...rest } = span;
    this.kept.push({ ...decoded, span: traceState === '' ? rest : { ...rest, traceState } });
  }
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

function durationOf(span: PlainSpan): bigint {
  return BigInt(span.endTimeUnixNano ?? 0) - BigInt(span.startTimeUnixNano ?? 0);
}

/** The low 56 bits of the trace id. */
function idRandom(id: string): bigint {
  return BigInt(`0x${id.slice(18)}`);
}

/** A field of the `ot` member as 56-bit value; undefined where it is missing or ill-formed. */
function otField(traceState: string | undefined, name: 'th' | 'rv'): bigint | undefined {
  const member = (traceState ?? '')
    .split(',')
    .map((each) => each.replace(/^[ \t]+|[ \t]+$/g, ''))
    .find((each) => each.startsWith('ot='));
  const pattern = name === 'th' ? /^th:([0-9a-f]{1,14})$/ : /^rv:([0-9a-f]{14})$/;
  const values = (member?.slice(3).split(';') ?? []).flatMap((field) => pattern.exec(field)?.[1] ?? []);
  const last = values.at(-1);
  return last === undefined ? undefined : BigInt(`0x${last.padEnd(14, '0')}`);
}

/** The tracestate with `ot` in front and its `th` replaced; order and content of the rest stay. */
function rewritten(traceState: string, threshold: bigint | undefined): string {
  const members = traceState.split(',').flatMap((each) => each.trim() || []);
  const place = members.findIndex((each) => each.startsWith('ot='));
  const [own = 'ot='] = place < 0 ? [] : members.splice(place, 1);
  const fields = own
    .slice(3)
    .split(';')
    .filter((field) => field !== '' && !field.startsWith('th:'));
  if (threshold !== undefined) {
    const digits = threshold.toString(16).padStart(14, '0');
    fields.unshift(`th:${digits.replace(/0+$/, '') || '0'}`);
  }
  return [...(fields.length > 0 ? [`ot=${fields.join(';')}`] : []), ...members].join(',');
}

/** Labels are cut after 256 bytes; half a character shows as the replacement. */
function cut(text: string): string {
  return Buffer.from(text).subarray(0, 256).toString('utf8');
}

/** A span below its own threshold should never have come: it stands for itself. */
function weightOf(span: PlainSpan, id: string): number {
  const threshold = otField(span.traceState, 'th') ?? 0n;
  const random = otField(span.traceState, 'rv') ?? idRandom(id);
  return random < threshold ? 1 : Number(ALL) / Number(ALL - threshold);
}

/** Bucket i holds (2^(i/16), 2^((i+1)/16)]. */
function exponentialIndex(seconds: number): number {
  let index = Math.ceil(Math.log2(seconds) * 16) - 1;
  // The logarithm may be off by a rounding; the bounds decide.
  while (seconds <= 2 ** (index / 16)) index--;
  while (seconds > 2 ** ((index + 1) / 16)) index++;
  return Math.min(Math.max(index, -30 * 16), 24 * 16 - 1);
}

function labelText(value: Record<string, unknown> | undefined): string {
  if (value === undefined) return '';
  const [kind, content] = Object.entries(value)[0] ?? [];
  if (kind === undefined) return '';
  if (kind === 'stringValue') return content as string;
  return kind === 'boolValue' || kind === 'intValue' || kind === 'doubleValue' ? String(content) : '[complex]';
}
