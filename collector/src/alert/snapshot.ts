// What was kept over a restart, judged before it is used: a file may be of another version, or half of one.
import { z } from 'zod';
import type { AlertSnapshot } from './contract.ts';
import { HELD_BY } from './instruments.ts';
import { SEVERITIES } from './route.ts';
import { KINDS } from './defaults.ts';

const severity = z.enum(SEVERITIES);
const severityNow = z.enum([...SEVERITIES, 'none']);
const ms = z.number();
const attributes = z.record(z.string(), z.string());
const subject = z.object({ key: z.string(), name: z.string(), attributes });

const explanation = z.object({
  summary: z.string(),
  quantiles: z.array(z.object({ quantile: z.number(), ratio: z.number() })),
  calls: z.number(),
  // JSON writes null for what never happens by chance.
  oneInDays: z
    .number()
    .nullable()
    .transform((days) => days ?? Infinity),
  traceIds: z.array(z.string()),
  bottleneck: z.object({ operation: z.string(), share: z.number(), recommendation: z.string() }).exactOptional(),
  change: z.string().exactOptional(),
});

/** As `oneInDays`: a ratio to nothing is endless. */
const factor = z
  .number()
  .nullable()
  .transform((value) => value ?? Infinity);

const violation = z.object({
  id: z.string(),
  subject,
  kind: z.enum(KINDS),
  severity: severityNow,
  peak: severity,
  onsetMs: ms,
  raisedMs: ms,
  changedMs: ms,
  ratio: z.object({ value: factor, low: factor, high: factor }),
  explanation,
});

const group = z.object({
  id: z.string(),
  severity: severityNow,
  peak: severity,
  onsetMs: ms,
  changedMs: ms,
  members: z.array(violation),
  because: z.string().exactOptional(),
  joined: z.string().exactOptional(),
});

const alert = z.object({
  id: z.string(),
  state: z.enum(['pending', 'firing', 'resolved']),
  sinceMs: ms,
  subject,
  onsetMs: ms,
  group,
  told: z.record(z.string(), z.object({ severity, atMs: ms, isOpen: z.boolean() })),
  heldBy: z.enum(HELD_BY).exactOptional(),
  acknowledged: z.object({ by: z.string(), atMs: ms, severity }).exactOptional(),
  feedback: z.object({ isUseful: z.boolean(), by: z.string(), atMs: ms }).exactOptional(),
  seenIds: z.array(z.string()),
});

const silence = z.object({
  id: z.string(),
  alert: z.string().exactOptional(),
  attributes,
  kinds: z.array(z.enum(KINDS)),
  severities: z.array(severity),
  startMs: ms,
  endMs: ms.exactOptional(),
  comment: z.string(),
  by: z.string(),
  isConfigured: z.literal(false),
});

const subjectFeedback = z.object({
  key: z.string(),
  name: z.string(),
  useful: z.number().int().min(0),
  useless: z.number().int().min(0),
  atMs: ms,
});

const notification = z.object({
  id: z.string(),
  occasion: z.enum(['firing', 'escalated', 'repeated', 'acknowledged', 'resolved', 'resent', 'test']),
  atMs: ms,
  severity,
  previous: severity.exactOptional(),
  subject,
  onsetMs: ms,
  group,
  acknowledgedBy: z.string().exactOptional(),
});

const snapshot = z.object({
  version: z.literal(1),
  nextNumber: z.number().int().min(0),
  alerts: z.array(alert),
  silences: z.array(silence),
  feedback: z.array(subjectFeedback).exactOptional(),
  channels: z.record(
    z.string(),
    z.object({
      toldAtMs: z.array(ms),
      queue: z.array(z.object({ notification, isUnderWay: z.boolean() })),
    }),
  ),
});

/** Reads what `JSON.parse` made of a snapshot. @returns undefined where it is none of this version */
export function readSnapshot(json: unknown): AlertSnapshot | undefined {
  const result = snapshot.safeParse(json);
  return result.success ? result.data : undefined;
}
