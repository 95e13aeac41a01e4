// The surroundings handed to each stage: clock, random, log, own telemetry.
import type { Clock, Host } from './contract.ts';
import type { Telemetry } from './telemetry.ts';

/** Where log lines go; one call a line, without newline. */
export type LogSink = (line: string) => void;

/** Repeats of one code within this time are counted instead of written: a dead backend must not fill a disk. */
const REPEAT_AFTER_MS = 60_000;

/** Codes that are remembered for that; from there on those whose minute is over are forgotten. */
const MAX_CODES = 1000;

/** Longest line; names in it come from senders. */
const MAX_LINE = 1000;

/** What all stages of one sidecar share. */
export interface Surroundings {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly random: () => number;
  readonly log: LogSink;
}

/** Makes the host of one stage. */
export function createHost<Name extends string>(stage: string, shared: Surroundings): Host<Name> {
  const lastByCode = new Map<string, { atMs: number; held: number }>();
  return {
    clock: shared.clock,
    random: shared.random,
    log(severity, code, message) {
      const nowMs = shared.clock.monotonicMs();
      const last = lastByCode.get(code);
      if (last !== undefined && nowMs - last.atMs < REPEAT_AFTER_MS) {
        last.held++;
        return;
      }
      const repeats = last !== undefined && last.held > 0 ? ` (${last.held} more in the last minute)` : '';
      // Some codes name what they speak of, and what there is to name does not end.
      if (lastByCode.size >= MAX_CODES)
        for (const [known, { atMs }] of lastByCode) if (nowMs - atMs >= REPEAT_AFTER_MS) lastByCode.delete(known);
      lastByCode.set(code, { atMs: nowMs, held: 0 });
      shared.log(
        oneLine(`${new Date(shared.clock.nowMs()).toISOString()} ${severity} ${stage} ${code}: ${message}${repeats}`),
      );
    },
    count: (name, value, attributes) => shared.telemetry.add(stage, name, value, attributes),
    record: (name, value, attributes) => shared.telemetry.set(stage, name, value, attributes),
  };
}

/**
 * Senders choose names, so a line is made to stay one line and to read as it is: control characters would forge others,
 * and those of format turn the direction of text around or hide in it.
 */
function oneLine(text: string): string {
  const escaped = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeOf);
  return escaped.length > MAX_LINE ? `${escaped.slice(0, MAX_LINE)}…` : escaped;
}

function escapeOf(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16);
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`;
}
