// What `receive` counts. Reasons are closed sets: a refusal that is not listed here does not compile.
import type { Instruments } from '../pipeline/contract.ts';
import type { MalformedReason } from '../otlp/malformed.ts';
import { connectionInstruments } from '../pipeline/connection-cap.ts';

export type Signal = 'traces' | 'metrics' | 'logs';

const SIGNALS = ['traces', 'metrics', 'logs'] as const satisfies readonly Signal[];

const MALFORMED = [
  'truncated',
  'varint',
  'tag',
  'wire_type',
  'group',
  'depth',
  'utf8',
  'contexts',
  'json',
  'compression',
] as const satisfies readonly MalformedReason[];

const REFUSED = [
  'foreign_name',
  'unauthorized',
  'loop',
  'path',
  'method',
  'content_type',
  'content_encoding',
  'frame',
  'too_large',
  'in_flight',
  'over_budget',
  'contexts',
  'aborted',
  'internal',
] as const;

export type RefusedReason = (typeof REFUSED)[number] | `malformed_${MalformedReason}`;

const ALL_REFUSED: readonly RefusedReason[] = [
  ...REFUSED,
  ...MALFORMED.map((reason) => `malformed_${reason}` as const),
];

export const receiveInstruments = {
  requests: {
    kind: 'counter',
    unit: '{request}',
    description: 'Requests read whole, by signal.',
    attributes: { signal: SIGNALS },
  },
  size: {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of those requests as sent.',
    attributes: { signal: SIGNALS },
  },
  refused: {
    kind: 'counter',
    unit: '{request}',
    description: 'Requests refused as a whole.',
    attributes: { reason: ALL_REFUSED },
  },
  refused_size: {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of refused requests: as stated over HTTP, as read over gRPC.',
    attributes: { reason: ALL_REFUSED },
  },
  spans: { kind: 'counter', unit: '{span}', description: 'Spans accepted.' },
  rejected: {
    kind: 'counter',
    unit: '{span}',
    description: 'Spans of accepted bodies rejected alone for bad ids or text.',
  },
  points: { kind: 'counter', unit: '{point}', description: 'Data points accepted.' },
  rejected_points: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points of accepted bodies left out because they contradict themselves or are too large.',
  },
  duplicates: { kind: 'counter', unit: '{request}', description: 'Bodies repeated within the duplicate window.' },
  duplicate_spans: { kind: 'counter', unit: '{span}', description: 'Spans of repeated bodies, not counted again.' },
  duplicate_points: {
    kind: 'counter',
    unit: '{point}',
    description: 'Data points of repeated bodies, not counted again.',
  },
  redacted: {
    kind: 'counter',
    unit: '{attribute}',
    description: 'Attributes, values and texts redacted, by rule.',
    attributes: { rule: 'config' },
  },
  untold_origins: {
    kind: 'counter',
    unit: '{request}',
    description:
      'Requests from more sidecars than a request onwards can name; were it to come back, nobody would notice.',
  },
  ...connectionInstruments(['receive.http', 'receive.grpc']),
  in_flight: { kind: 'gauge', unit: 'By', description: 'Bytes of bodies being read or inflated.' },
  spare: { kind: 'gauge', unit: 'By', description: 'Bytes of emptied segments that wait for the next bodies.' },
} as const satisfies Instruments;
