// Says of a condition, in words, what is true of a trace, from the little that is remembered of it.
import type { ConditionConfig, LeafConfig } from './condition-config.ts';
import type { Condition } from './conditions.ts';
import type { DecisionRecord } from './ledger-record.ts';

/** Names or values written out; the rest is counted. */
const MAX_LISTED = 3;

/** What a condition comes to for one trace. */
export interface Finding {
  readonly holds: boolean;
  /** A clause about the trace, true whether the condition holds or not: `its root span took 80 ms, not at least 1 s`. */
  readonly text: string;
}

/**
 * Finds whether a condition holds, and the facts that make it so.
 *
 * @param make the maker of conditions of the policies' configuration; it knows which bit belongs to which condition
 */
export function findCondition(
  config: ConditionConfig,
  make: (config: ConditionConfig) => Condition,
  record: DecisionRecord,
): Finding {
  const facts = factsOf(record);
  const find = (each: ConditionConfig): Finding => {
    if (each.type === 'not') {
      const inner = find(each.of);
      return { holds: !inner.holds, text: inner.text };
    }
    if (each.type === 'and' || each.type === 'or') {
      const parts = each.of.map(find);
      const isAll = each.type === 'and';
      const holds = isAll ? parts.every((part) => part.holds) : parts.some((part) => part.holds);
      // The parts that decide: those that fail an `and`, those that fulfil an `or`, else all of them.
      const telling = parts.filter((part) => part.holds === holds);
      return { holds, text: [...new Set(telling.map(({ text }) => text))].join(', and ') };
    }
    const holds = make(each)(facts);
    return { holds, text: leafText(each, holds, record) };
  };
  return find(config);
}

function factsOf(record: DecisionRecord): Parameters<Condition>[0] {
  const { spanCount, hasError, longestEntryMs, rootMs, matched } = record;
  const unknown = { serial: 0, sizeBytes: 0, startMs: 0, nowMs: 0, spans: () => [] };
  return { ...unknown, spanCount, hasError, longestEntryMs, rootMs, matched };
}

function leafText(config: LeafConfig, holds: boolean, record: DecisionRecord): string {
  switch (config.type) {
    case 'status':
      return holds ? 'it has an error span' : 'none of its spans failed';
    case 'latency':
      return `its longest entry span took ${durationText(record.longestEntryMs)}, ${holds ? '' : 'not '}more than ${durationText(config.over)}`;
    case 'duration':
      if (record.rootMs < 0) return 'no root span had come';
      return `its root span took ${durationText(record.rootMs)}, ${rangeText(config, holds, durationText)}`;
    case 'span_count':
      return `it has ${record.spanCount} span${record.spanCount === 1 ? '' : 's'}, ${rangeText(config, holds, String)}`;
    case 'numeric_attribute':
      return `${some(holds)} has a number ${config.key} ${rangeText(config, true, String)}`;
    case 'string_attribute': {
      const isMatched = holds !== config.invert;
      const wanted = config.values === undefined ? `matching ${config.pattern ?? ''}` : `of ${listText(config.values)}`;
      return `${some(isMatched)} has a text ${config.key} ${wanted}`;
    }
    case 'boolean_attribute':
      return `${some(holds)} has ${config.key} = ${config.value}`;
    case 'trace_flags':
      return `${some(holds)} has its sampled flag ${config.sampled ? 'set' : 'unset'}`;
    case 'service':
      return `${some(holds)} is of service ${listText(config.names)}`;
    case 'operation':
      return `${holds ? 'an' : 'no'} entry span is named ${listText(config.names)}`;
  }
}

function some(holds: boolean): string {
  return holds ? 'a span' : 'no span';
}

function rangeText(
  { min, max }: { min?: number | undefined; max?: number | undefined },
  isWithin: boolean,
  write: (value: number) => string,
): string {
  const range =
    min === undefined
      ? `at most ${write(max ?? 0)}`
      : max === undefined
        ? `at least ${write(min)}`
        : `from ${write(min)} to ${write(max)}`;
  return isWithin ? range : `not ${range}`;
}

function listText(values: readonly string[]): string {
  const shown = values.slice(0, MAX_LISTED).map((value) => `"${value}"`);
  const more = values.length - shown.length;
  return `${shown.join(' or ')}${more > 0 ? ` or ${more} more` : ''}`;
}

/** Writes milliseconds as a person says them. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < 120_000) return `${Number((ms / 1000).toPrecision(3))} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
