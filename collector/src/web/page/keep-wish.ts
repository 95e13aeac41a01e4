// A wish to keep something for a time, from what was typed to what the API takes and back to a sentence.
import { traceIdIn } from './route.ts';

/** What was typed. */
export interface TypedWish {
  readonly service: string;
  readonly operation: string;
  readonly trace: string;
  readonly time: string;
}

/** The body of POST /api/pins. */
interface WishBody {
  readonly trace_id?: string;
  readonly service?: string;
  readonly operation?: string;
  readonly for: string;
}

/** Times to choose from, as the configuration writes them; a day is the most that is taken. */
export const TIMES: readonly { readonly value: string; readonly text: string }[] = [
  { value: '1m', text: '1 minute' },
  { value: '10m', text: '10 minutes' },
  { value: '1h', text: '1 hour' },
  { value: '24h', text: '24 hours' },
];

/** Reads what was typed. @returns what to send, or what is missing */
export function wishOf({ service, operation, trace, time }: TypedWish): WishBody | string {
  if (trace.trim() !== '') {
    if (service !== '' || operation !== '') return 'Name either a trace, or a service and its operation.';
    const traceId = traceIdIn(trace);
    return traceId === undefined ? 'A trace id has 32 hexadecimal digits.' : { trace_id: traceId, for: time };
  }
  if (service === '') return 'Name a service, or the id of a trace.';
  return operation === '' ? { service, for: time } : { service, operation, for: time };
}

/** Says what was granted. */
export function grantedText({ trace_id: traceId, service, operation, for: time }: WishBody): string {
  const span = TIMES.find(({ value }) => value === time)?.text ?? time;
  if (traceId !== undefined) return `Trace ${traceId} is kept if it is decided within ${span}.`;
  const what = operation === undefined ? `every trace of ${service}` : `every trace of ${operation} of ${service}`;
  return `For ${span}, ${what} is kept.`;
}
