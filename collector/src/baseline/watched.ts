// What is watched, as the stage has it.
import type { Subject } from './contract.ts';
import type { BaselineOptions } from './config.ts';
import type { Operation, WatchOptions } from './operation.ts';

/** An operation with what is known of it. */
export interface WatchedOperation {
  readonly subject: Subject;
  /** Number of its service. */
  readonly service: number;
  readonly operation: Operation;
}

export interface Watched extends WatchedOperation {
  operation: Operation;
  /** When it was called last. */
  usedMs: number;
  /** When it is written down next. */
  dueMs: number;
}

/** The subject of an operation. */
export function subjectOf(service: string, name: string, kind: string): Subject {
  return {
    key: JSON.stringify([service, name, kind]),
    name: `${service} ${name}`,
    attributes: { 'service.name': service, 'span.name': name, 'span.kind': kind },
  };
}

/** How much is known of it. */
export function stateOf({ operation }: WatchedOperation): 'learning' | 'provisional' | 'learned' {
  if (operation.learned === undefined) return 'learning';
  return operation.isProvisional ? 'provisional' : 'learned';
}

/** How operations are watched. */
export function watchOptions(config: BaselineOptions, stepMs: number): WatchOptions {
  return {
    stepMs,
    seasonMs: config.season,
    learnUntilMs: undefined,
    secondsPerFalseAlarm: config.false_alarm_every / 1000,
    isHeadSampled: config.is_head_sampled === true,
  };
}
