// The calls below one operation in a kept trace, placed on one clock. Sick input is repaired or left out, never refused:
// lost parents, cycles, spans that come twice, negative durations, clocks that differ between services.

/** A span as plain data. */
export interface TraceSpan {
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly service: string;
  readonly name: string;
  /** As in OTLP or as on its series: `SPAN_KIND_CLIENT`, `client`. */
  readonly kind: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly isError: boolean;
  /** Read for what kind of call it is (`db.…`, `gen_ai.…`) and for `error.type`. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** One kept trace. */
export interface KeptTrace {
  readonly traceId: string;
  readonly spans: readonly TraceSpan[];
  /** Traces this one stands for; 1 where it is not known. Without it, whatever was kept for being slow counts too much. */
  readonly adjustedCount?: number;
}

/** What is called, without its attributes. */
export interface OperationName {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
}

/** A span below an operation, with its place in time. */
export interface Call {
  readonly span: TraceSpan;
  readonly parent: Call | undefined;
  /** On the clock of the operation, inside the parent. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Added to the times of its span. */
  readonly shiftMs: number;
  readonly children: Call[];
}

/** Ends that differ by no more than this, or this share of the parent, are one moment: clocks are read in turn. */
const SLACK_MS = 1;
const SLACK_RATIO = 0.01;

/** Text that is equal exactly where operations are, whichever way their kind is written. */
export function operationKey({ service, name, kind }: OperationName): string {
  return `${service.length}:${service}${kindOf(kind)}:${name}`;
}

/** `client` of `SPAN_KIND_CLIENT`. */
export function kindOf(kind: string): string {
  return kind.replace(/^SPAN_KIND_/, '').toLowerCase();
}

/**
 * Finds the calls of an operation in a trace, each with all it waited for below it. Calls of it within itself belong to
 * the outermost. Memory and time follow the number of spans, however deep.
 */
export function callsOf(operation: OperationName, { spans }: KeptTrace): Call[] {
  const byId = new Map<string, TraceSpan>();
  for (const span of spans) if (isTimed(span) && !byId.has(span.spanId)) byId.set(span.spanId, span);
  const below = new Map<string, TraceSpan[]>();
  const orphans: TraceSpan[] = [];
  for (const span of byId.values()) {
    const siblings = below.get(span.parentId);
    if (siblings !== undefined) siblings.push(span);
    else below.set(span.parentId, [span]);
    if (span.parentId !== '' && !byId.has(span.parentId)) orphans.push(span);
  }
  const tops = outermost(operationKey(operation), byId);
  // What lost its parent can only belong to the one call that has nothing above it.
  const [first] = tops;
  const adopts = tops.length === 1 && first !== undefined && !byId.has(first.parentId);
  return tops.map((top) => treeBelow(top, below, adopts ? orphans : []));
}

function isTimed(span: TraceSpan): boolean {
  return Number.isFinite(span.startMs) && Number.isFinite(span.endMs) && span.spanId !== '';
}

/** Spans of an operation that are not within another span of it. */
function outermost(key: string, byId: ReadonlyMap<string, TraceSpan>): TraceSpan[] {
  const within = new Map<TraceSpan, boolean>();
  const tops: TraceSpan[] = [];
  for (const start of byId.values()) {
    const climbed: TraceSpan[] = [];
    const seen = new Set<TraceSpan>();
    let at: TraceSpan | undefined = start;
    while (at !== undefined && !within.has(at) && !seen.has(at)) {
      seen.add(at);
      climbed.push(at);
      at = byId.get(at.parentId);
    }
    let isWithin = at !== undefined && (within.get(at) ?? false);
    for (const span of climbed.toReversed()) {
      const isOne = operationKey(span) === key;
      if (isOne && !isWithin) tops.push(span);
      isWithin ||= isOne;
      within.set(span, isWithin);
    }
  }
  return tops;
}

function treeBelow(top: TraceSpan, below: ReadonlyMap<string, TraceSpan[]>, orphans: readonly TraceSpan[]): Call {
  const root: Call = {
    span: top,
    parent: undefined,
    fromMs: top.startMs,
    toMs: Math.max(top.startMs, top.endMs),
    shiftMs: 0,
    children: [],
  };
  const seen = new Set<TraceSpan>([top]);
  const waiting: Call[] = [root];
  const attach = (span: TraceSpan, parent: Call): void => {
    if (seen.has(span)) return;
    seen.add(span);
    const call = place(span, parent);
    if (call === undefined) return;
    call.parent?.children.push(call);
    waiting.push(call);
  };
  for (let call = waiting.pop(); call !== undefined; call = waiting.pop()) {
    for (const span of below.get(call.span.spanId) ?? []) attach(span, call);
    if (waiting.length === 0 && call !== undefined) {
      for (const span of orphans) if (fits(span.startMs, span.endMs, root)) attach(span, root);
    }
  }
  return root;
}

/**
 * Places a span inside its parent. What outlives a parent of its own service was not waited for by it: it belongs to the
 * nearest call above that contains it, or to none. A span of another process that does not fit has another clock: it is
 * put in the middle, as nothing better is known, and everything below it moves along.
 */
function place(span: TraceSpan, parent: Call): Call | undefined {
  const startMs = span.startMs + parent.shiftMs;
  const endMs = Math.max(startMs, span.endMs + parent.shiftMs);
  const at = (where: Call, fromMs: number, toMs: number, shiftMs: number): Call => ({
    span,
    parent: where,
    fromMs: clamp(fromMs, where),
    toMs: clamp(toMs, where),
    shiftMs,
    children: [],
  });
  if (fits(startMs, endMs, parent)) return at(parent, startMs, endMs, parent.shiftMs);
  if (kindOf(span.kind) === 'consumer') return undefined;
  if (hasOtherClock(span, parent.span)) {
    const freeMs = parent.toMs - parent.fromMs - (endMs - startMs);
    // Longer than who waits for it: that one gave up, and waited all the time.
    if (freeMs < 0) return at(parent, parent.fromMs, parent.toMs, parent.shiftMs);
    const shiftMs = parent.fromMs + freeMs / 2 - startMs;
    return at(parent, startMs + shiftMs, endMs + shiftMs, parent.shiftMs + shiftMs);
  }
  if (startMs < parent.fromMs && endMs > parent.fromMs && endMs <= parent.toMs) {
    return at(parent, startMs, endMs, parent.shiftMs);
  }
  for (let above = parent.parent; above !== undefined; above = above.parent) {
    if (fits(startMs, endMs, above)) return at(above, startMs, endMs, parent.shiftMs);
  }
  return undefined;
}

/** Another process runs on another machine, also where it is the same service. */
function hasOtherClock(span: TraceSpan, parent: TraceSpan): boolean {
  return span.service !== parent.service || (kindOf(span.kind) === 'server' && kindOf(parent.kind) === 'client');
}

function fits(startMs: number, endMs: number, { fromMs, toMs }: Call): boolean {
  const slackMs = Math.max(SLACK_MS, SLACK_RATIO * (toMs - fromMs));
  return startMs >= fromMs - slackMs && endMs <= toMs + slackMs && startMs <= toMs && endMs >= fromMs;
}

function clamp(timeMs: number, { fromMs, toMs }: Call): number {
  return Math.min(toMs, Math.max(fromMs, timeMs));
}
