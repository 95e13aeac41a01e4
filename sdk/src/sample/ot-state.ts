// The `ot` member of a W3C tracestate: `th`, the threshold a span was kept at, and `rv`, randomness other than the trace id's.
// Members of others and further fields of `ot` are passed on as they came, as far as the limits of W3C let them.
import { createTraceState, type TraceState } from '@opentelemetry/api';
import { formatThreshold, parseThreshold, type Threshold } from './threshold.ts';

const KEY = 'ot';
/** W3C: members of a tracestate, and characters of a value. */
const MAX_MEMBERS = 32;
const MAX_VALUE = 256;
/** What OpenTelemetry's API reads of a tracestate; it takes a longer one for empty. */
const MAX_TEXT = 512;
const RANDOM = /(?:^|;)rv:([0-9a-f]{14})(?:;|$)/;
const THRESHOLD = /(?:^|;)th:([^;]*)(?:;|$)/;

/** What a tracestate says of sampling. */
export interface OtState {
  /** Undefined where it names none, or an ill-formed one. */
  readonly threshold: Threshold | undefined;
  /** 14 hexadecimal digits, where it names randomness. */
  readonly random: string | undefined;
}

const NOTHING: OtState = { threshold: undefined, random: undefined };

/** Reads what a tracestate says of sampling. */
export function readOtState(state: TraceState | undefined): OtState {
  const value = state?.get(KEY);
  return value === undefined ? NOTHING : readValue(value);
}

const readValue = lastOf((value: string): OtState => {
  const threshold = THRESHOLD.exec(value)?.[1];
  return {
    threshold: threshold === undefined ? undefined : parseThreshold(threshold),
    random: RANDOM.exec(value)?.[1],
  };
});

/**
 * Puts a threshold into a tracestate, or takes it out with `undefined`.
 *
 * @returns the same where nothing changes; undefined where there was none and none is needed
 */
export function withThreshold(state: TraceState | undefined, threshold: Threshold | undefined): TraceState | undefined {
  const before = state?.get(KEY);
  const value = valueWith(before, threshold);
  if (value === before) return state;
  if (state === undefined) return value === undefined ? undefined : stateOf(value);
  if (value === undefined) return state.unset(KEY);
  const others = state
    .unset(KEY)
    .serialize()
    .split(',')
    .filter((member) => member !== '');
  // Whoever adds a member drops the last ones, which are the oldest, where there would be too many.
  const members = [`${KEY}=${value}`, ...others].slice(0, MAX_MEMBERS);
  let text = members.join(',');
  while (text.length > MAX_TEXT && members.pop() !== undefined) text = members.join(',');
  return createTraceState(text);
}

/** A tracestate of `ot` alone. Each span of a trace is written with it, so its text is not put together each time. */
function stateOf(value: string): TraceState {
  const state = createTraceState(`${KEY}=${value}`);
  const text = state.serialize();
  return {
    get: (key) => state.get(key),
    set: (key, other) => state.set(key, other),
    unset: (key) => state.unset(key),
    serialize: () => text,
  };
}

/** The value of `ot`, ours in front; of the rest what has room. */
const valueWith = lastOf((before: string | undefined, threshold: Threshold | undefined): string | undefined => {
  const ours = threshold === undefined ? [] : [`th:${formatThreshold(threshold)}`];
  if (before === undefined) return ours[0];
  const others = before.split(';').filter((field) => field !== '' && !field.startsWith('th:'));
  // Randomness first: without it no threshold of this trace means anything.
  others.sort((a, b) => Number(b.startsWith('rv:')) - Number(a.startsWith('rv:')));
  let value = ours.join(';');
  for (const field of others) {
    const longer = value === '' ? field : `${value};${field}`;
    if (longer.length <= MAX_VALUE) value = longer;
  }
  return value === '' ? undefined : value;
});

/** Answers the same question as before from memory: spans of a trace ask it one after the other. */
function lastOf<One, Other, Answer>(ask: (one: One, other?: Other) => Answer): typeof ask {
  let last: { readonly one: One; readonly other: Other | undefined; readonly answer: Answer } | undefined;
  return (one, other) => {
    if (last === undefined || last.one !== one || last.other !== other) last = { one, other, answer: ask(one, other) };
    return last.answer;
  };
}
