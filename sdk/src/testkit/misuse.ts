// Finds spans that a program handles wrongly: what the API takes in silence, and shows as wrong times and wrong parents.
// After the idea of Micrometer's ObservationValidator; the rules are those of OpenTelemetry's API.
import { AssertionError } from 'node:assert';
import { type Context, type Span, trace } from '@opentelemetry/api';

/**
 * What is wrong.
 *
 * - `ended twice`: the second end is ignored
 * - `never ended`: it is not exported
 * - `changed after end`: attributes, events, status and name set so late are ignored
 * - `child of an ended span`: the child lies outside of its parent's time; also where work goes on after its span's end
 * - `made active after its end`: whatever begins there becomes a child of an ended span
 * - `scope left open`: a span that has ended is still active where nothing should be, or an attached context was not detached
 * - `scopes closed out of order`: an outer context was detached before an inner one, so the wrong one became active
 */
export type MisuseKind =
  | 'ended twice'
  | 'never ended'
  | 'changed after end'
  | 'child of an ended span'
  | 'made active after its end'
  | 'scope left open'
  | 'scopes closed out of order';

export interface Misuse {
  readonly kind: MisuseKind;
  /** Name of the span; empty where it is about none. */
  readonly span: string;
  readonly spanId: string;
  /** One sentence. */
  readonly detail: string;
  /** Where in the program, as in a stack; empty where nothing tells. */
  readonly where: string;
}

/** Spans that are watched, and findings; beyond it none is added. */
const MAX_SPANS = 20_000;
const MAX_FOUND = 1000;

/** Methods of a span that change it. */
const CHANGES = [
  'setAttribute',
  'setAttributes',
  'addEvent',
  'addLink',
  'addLinks',
  'setStatus',
  'updateName',
  'recordException',
] as const;

interface Watched {
  readonly span: Span & { readonly name: string };
  readonly where: string;
  isEnded: boolean;
}

/** Watches spans as they start, and contexts as they become active. */
export class MisuseWatch {
  readonly #spans = new Map<string, Watched>();
  readonly #found = new Map<string, Misuse>();
  readonly #attached = new Set<{ readonly context: Context; readonly where: string }>();

  /** Is told of each span that starts. Its methods are replaced by such that notice. @param parent context it started in */
  started(span: Span & { readonly name: string }, parent: Context): void {
    const above = this.#watchedIn(parent);
    if (above?.isEnded === true) {
      const detail = `${span.name} began after its parent ${above.span.name} had ended`;
      this.#add('child of an ended span', span, detail);
    }
    if (this.#spans.size >= MAX_SPANS) return;
    const watched: Watched = { span, where: whereabouts(), isEnded: false };
    this.#spans.set(span.spanContext().spanId, watched);
    const end = span.end.bind(span);
    span.end = (...args) => {
      if (watched.isEnded) this.#add('ended twice', span, `${span.name} was ended again`);
      watched.isEnded = true;
      end(...args);
    };
    for (const method of CHANGES) this.#noticeChange(watched, method);
  }

  /** Is told of each context that becomes active for a function. */
  entered(context: Context): void {
    const watched = this.#watchedIn(context);
    // A function that is called while its span's own context is active goes on; only coming back to it is wrong.
    if (watched?.isEnded === true && trace.getActiveSpan() !== watched.span)
      this.#add('made active after its end', watched.span, `${watched.span.name} was made active after it had ended`);
  }

  /** Is told of a context that stays active until it is detached. @returns what is to be called then, with what is active */
  attached(context: Context): (active: Context) => void {
    this.entered(context);
    const scope = { context, where: whereabouts() };
    this.#attached.add(scope);
    return (active) => {
      if (!this.#attached.delete(scope)) return;
      if (active === context) return;
      const span = trace.getSpan(context);
      this.#add('scopes closed out of order', span, 'a context was detached while another one was active');
    };
  }

  /** @param active the context where nothing should be active any more */
  find(active: Context): Misuse[] {
    const found = [...this.#found.values()];
    for (const { span, where, isEnded } of this.#spans.values())
      if (!isEnded) found.push(misuse('never ended', span, `${span.name} was started and not ended`, where));
    for (const { context, where } of this.#attached)
      found.push(misuse('scope left open', trace.getSpan(context), 'an attached context was not detached', where));
    const watched = this.#watchedIn(active);
    if (watched?.isEnded === true && this.#attached.size === 0)
      found.push(misuse('scope left open', watched.span, `${watched.span.name} has ended and is still active`, ''));
    return found;
  }

  clear(): void {
    this.#spans.clear();
    this.#found.clear();
    this.#attached.clear();
  }

  #noticeChange({ span, ...watched }: Watched, method: (typeof CHANGES)[number]): void {
    const { spanId } = span.spanContext();
    const change = span[method].bind(span) as (...args: unknown[]) => Span;
    const noticing = (...args: unknown[]): Span => {
      const isEnded = this.#spans.get(spanId)?.isEnded ?? watched.isEnded;
      if (isEnded) this.#add('changed after end', span, `${method} was called on ${span.name} after it had ended`);
      return change(...args);
    };
    Object.defineProperty(span, method, { value: noticing, configurable: true, writable: true });
  }

  #watchedIn(context: Context): Watched | undefined {
    const spanId = trace.getSpanContext(context)?.spanId;
    return spanId === undefined ? undefined : this.#spans.get(spanId);
  }

  /** One finding of a kind for each span: the first. */
  #add(kind: MisuseKind, span: Span | undefined, detail: string): void {
    const key = `${kind} ${span?.spanContext().spanId ?? this.#found.size}`;
    if (this.#found.has(key) || this.#found.size >= MAX_FOUND) return;
    this.#found.set(key, misuse(kind, span, detail, whereabouts()));
  }
}

/** Throws with everything that was found. @throws AssertionError */
export function assertNone(found: readonly Misuse[]): void {
  if (found.length === 0) return;
  const lines = found.map(
    ({ kind, detail, where }) => `- ${kind}: ${detail}${where === '' ? '' : `\n    at ${where}`}`,
  );
  const message = `spans are not used as they should be:\n${lines.join('\n')}`;
  throw new AssertionError({
    message,
    actual: found,
    expected: [],
    operator: 'assertNoMisuse',
    stackStartFn: assertNone,
  });
}

function misuse(kind: MisuseKind, span: Span | undefined, detail: string, where: string): Misuse {
  const name = (span as { name?: unknown } | undefined)?.name;
  return { kind, span: typeof name === 'string' ? name : '', spanId: span?.spanContext().spanId ?? '', detail, where };
}

/** The innermost frame that is the program's own. */
function whereabouts(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  const own = frames.find(
    (frame) => !/[\\/]@(?:opentelemetry|evenkeel)[\\/]|[\\/]testkit[\\/][\w-]+\.[jt]s|node:/.test(frame),
  );
  return (own ?? '').replace(/^\s*at /, '');
}
